/** Damaged llama2.c checkpoints: opened or refused with a QorusError, nothing else. */

import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { openLlama2c } from "../../lib/formats/llama2c.ts";
import { mutateRandomly, truncateEverywhere } from "../support/hostile.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { llama2cBytes, smallestConfig } from "../support/tiny_model.ts";

test("llama2.c checkpoint cut at every byte is refused", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("model.bin");
  const bytes = llama2cBytes(smallestConfig);
  assertEquals(truncateEverywhere(path, bytes, () => openLlama2c(path)).accepted, 0);
});

test("llama2.c checkpoint with 2,500 mutations gives success or QorusError", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("model.bin");
  const bytes = llama2cBytes(smallestConfig);
  const outcome = mutateRandomly(path, bytes, () => openLlama2c(path), { count: 2500, seed: 14 });
  assert(outcome.accepted > 0 && outcome.refused > 300, JSON.stringify(outcome));
});

test("llama2.c headers with 2,500 mutations give success or QorusError", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("model.bin");
  const bytes = llama2cBytes(smallestConfig);
  const header = bytes.slice(0, 28);
  const repair = (mutated: Uint8Array) => {
    const whole = bytes.slice();
    whole.set(mutated.subarray(0, 28));
    return whole;
  };
  const options = { count: 2500, seed: 15, repair };
  const outcome = mutateRandomly(path, header, () => openLlama2c(path), options);
  assert(outcome.refused > 2000, JSON.stringify(outcome));
});
