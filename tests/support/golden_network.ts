/**
 * Networks against golden values.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { backward } from "../../lib/autograd/backward.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import type { Module } from "../../lib/nn/module.ts";
import { assertClose } from "./close.ts";
import type { GoldenFile } from "./golden.ts";

/**
 * Loads a case's state, runs the network, and compares the result and the gradients of the input
 * and of all parameters. Inside of a scope; returns the input.
 */
export function assertGoldenNetwork(
  golden: GoldenFile,
  name: string,
  network: Module & { forward(x: Tensor): Tensor },
): Tensor {
  const keys = golden.names(`${name}/state/`);
  assertEquals([...network.stateDict().keys()].sort(), keys.toSorted());
  network.loadStateDict(new Map(keys.map((key) => [key, golden.tensor(`${name}/state/${key}`)])));
  const x = golden.tensor(`${name}/x`);
  x.requiresGrad = true;
  const result = network.forward(x);
  const { shape, numbers } = golden.stored(`${name}/expected`);
  assertEquals(result.shape, [...shape]);
  assertClose(result.read(), numbers);
  backward(result, { gradient: golden.tensor(`${name}/gradient`) });
  assertClose(x.grad!.read(), golden.stored(`${name}/gradient_x`).numbers);
  for (const [key, parameter] of network.namedParameters()) {
    assertClose(parameter.grad!.read(), golden.stored(`${name}/grad/${key}`).numbers);
  }
  return x;
}
