/**
 * Tables of golden cases, each row a test.
 *
 * @module
 */

import { test } from "node:test";
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
}

/** One test for every row, and one that says which cases have no row. */
export function testRows(golden: GoldenFile, rows: readonly GoldenRow[]): void {
  for (const { name, run, expected = "expected", bounds } of rows) {
    const title = expected === "expected" ? name : `${name}, ${expected}`;
    test(`golden: ${title}`, () => {
      using _ = scope();
      const result = run((input, dtype) => golden.tensor(`${name}/${input}`, dtype));
      const { shape, numbers } = golden.stored(`${name}/${expected}`);
      assertEquals(result.shape, [...shape]);
      assertClose(result.read(), numbers, bounds);
    });
  }
  const [first] = rows;
  test(`golden: no case is forgotten beside ${first.name}`, () => {
    const named = new Set(rows.map((row) => row.name));
    assertEquals([...golden.cases].filter((name) => !named.has(name)), []);
  });
}
