/**
 * Tables of golden cases, each row a test.
 *
 * @module
 */

import { test } from "node:test";
import { backward } from "../../lib/autograd/backward.ts";
import type { DType } from "../../lib/core/dtype.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { assertEquals } from "./assert.ts";
import { assertClose, type Bounds } from "./close.ts";
import type { GoldenFile } from "./golden.ts";

/** An input of the row's case as a tensor. */
export type Inputs = (name: string, dtype?: DType) => Tensor;

/** One golden case: what to call, and how close its result must be. */
export interface GoldenRow {
  /** The case in the golden file. */
  name: string;
  /** The call. */
  run: (input: Inputs) => Tensor;
  /** Name of the result in the case. Default `expected`. */
  expected?: string;
  /** Bounds other than the project's, with their reason. */
  bounds?: Bounds;
  /** Bounds of the gradients. Default: the row's bounds. */
  gradientBounds?: Bounds;
}

/**
 * One test for every row, and one more for the gradients of cases that have a `gradient` of the
 * result and a `gradient_NAME` for each input.
 */
export function testRows(golden: GoldenFile, rows: readonly GoldenRow[]): void {
  for (const row of rows) {
    const { name, run, expected = "expected", bounds } = row;
    const title = `${golden.family}/${name}${expected === "expected" ? "" : `, ${expected}`}`;
    test(`golden: ${title}`, () => {
      using _ = scope();
      const result = run((input, dtype) => golden.tensor(`${name}/${input}`, dtype));
      const { shape, numbers } = golden.stored(`${name}/${expected}`);
      assertEquals(result.shape, [...shape]);
      assertClose(result.contiguous().read(), numbers, bounds);
    });
    if (hasGradient(golden, row)) testGradients(golden, row, title);
  }
}

/** Whether a row's case has gradients. */
export function hasGradient(golden: GoldenFile, { name }: GoldenRow): boolean {
  return golden.has(`${name}/gradient`);
}

/** One test that says which cases of a file have no row. */
export function testCompleteness(golden: GoldenFile, rows: readonly GoldenRow[]): void {
  test(`golden: no case of ${golden.family} is forgotten`, () => {
    const named = new Set(rows.map((row) => row.name));
    assertEquals([...golden.cases].filter((name) => !named.has(name)), []);
  });
}

function testGradients(golden: GoldenFile, row: GoldenRow, title: string): void {
  const { name, run, bounds, gradientBounds = bounds } = row;
  test(`golden: ${title}, gradients`, () => {
    using _ = scope();
    const inputs = new Map<string, Tensor>();
    const learned = new Set(golden.names(`${name}/gradient_`));
    const result = run((input, dtype) => {
      const made = inputs.get(input) ?? golden.tensor(`${name}/${input}`, dtype);
      made.requiresGrad = learned.has(input);
      inputs.set(input, made);
      return made;
    });
    backward(result, { gradient: golden.tensor(`${name}/gradient`) });
    for (const input of learned) {
      const { shape, numbers } = golden.stored(`${name}/gradient_${input}`);
      const tensor = inputs.get(input);
      const given = tensor?.grad?.read() ?? new Float32Array(tensor?.size ?? 0);
      assertEquals(tensor?.shape, [...shape], `shape of ${input}`);
      assertClose(given, numbers, gradientBounds);
    }
  });
}
