import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { checkGradients } from "../../lib/autograd/gradient_check.ts";
import { scope } from "../../lib/core/scope.ts";
import { Tensor } from "../../lib/core/tensor.ts";
import { mul } from "../../lib/ops/elementwise.ts";
import { sum } from "../../lib/ops/reduction.ts";
import * as qorus from "../../mod.ts";
import { opsPage } from "../../tools/generate_ops_page.ts";
import { GoldenFile } from "../support/golden.ts";
import { type GoldenRow, hasGradient, testCompleteness, testRows } from "../support/golden_rows.ts";
import { type GradientCheck, numbers, type OpRow } from "./ops/row.ts";
import { families } from "./ops/table.ts";

const rows = families.flatMap((family) => family.rows);
const goldenFiles = new Map<string, { golden: GoldenFile; cases: GoldenRow[] }>();

/** The golden cases of a row, each with its file. */
function casesOf({ golden }: OpRow): { golden: GoldenFile; cases: readonly GoldenRow[] }[] {
  if ("instead" in golden) return [];
  return Object.entries(golden).map(([name, cases]) => {
    const file = goldenFiles.get(name) ?? { golden: new GoldenFile(name), cases: [] };
    goldenFiles.set(name, file);
    return { golden: file.golden, cases };
  });
}

for (const row of rows) {
  for (const { golden, cases } of casesOf(row)) {
    goldenFiles.get(golden.family)!.cases.push(...cases);
    testRows(golden, cases);
  }
}
for (const { golden, cases } of goldenFiles.values()) testCompleteness(golden, cases);

/** Compares the gradients of a call's results, weighted and summed, with finite differences. */
function checkDifferences({ of, inputs, options }: GradientCheck): void {
  using _ = scope();
  const made = inputs();
  const weights = numbers(of(...made).shape, 50);
  checkGradients((...given) => sum(mul(of(...given), weights)), made, options);
}

for (const { op, gradient } of rows) {
  if ("none" in gradient) continue;
  test(`finite differences: ${op}`, () => gradient.forEach(checkDifferences));
}

test("table of operations: what has a gradient has golden gradients and finite differences", () => {
  for (const row of rows) {
    const cases = casesOf(row).flatMap(({ golden, cases }) =>
      cases.map((goldenCase) => hasGradient(golden, goldenCase))
    );
    if ("instead" in row.golden) continue;
    assert(cases.length > 0, `${row.op} has no golden case`);
    const checks = "none" in row.gradient ? 0 : row.gradient.length;
    assertEquals(cases.some((has) => has), checks > 0, `${row.op}: golden gradients`);
  }
});

/** Methods of tensors that compute nothing: they read, write, and keep the tape. */
const bookkeeping = [
  ...["write", "read", "item", "toArray", "copyFrom", "fill", "named", "toString"],
  ...["backward", "detach", "zeroGrad", "attach", "constructor"],
];

/** Names of the public functions that lib/ops exports, and of the methods of tensors. */
async function publicOps(): Promise<string[]> {
  const folder = new URL("../../lib/ops/", import.meta.url);
  const names: string[] = [];
  for (const file of readdirSync(folder)) {
    const module: Record<string, unknown> = await import(new URL(file, folder).href);
    const functions = Object.entries(module).filter(([, value]) => typeof value === "function");
    const api: Record<string, unknown> = qorus;
    names.push(...functions.filter(([name, value]) => api[name] === value).map(([name]) => name));
  }
  const properties = Object.entries(Object.getOwnPropertyDescriptors(Tensor.prototype));
  const methods = properties.filter(([, { value }]) => typeof value === "function");
  return [...new Set(names), ...methods.map(([name]) => `Tensor.${name}`)];
}

test("table of operations: every public operation has one row, and no row is of another", async () => {
  const tabled = rows.map(({ op }) => op).toSorted();
  const others = bookkeeping.map((name) => `Tensor.${name}`);
  const expected = (await publicOps()).filter((name) => !others.includes(name));
  assertEquals(tabled, expected.toSorted());
});

test("table of operations: docs/ops.md is current", () => {
  const path = fileURLToPath(new URL("../../docs/ops.md", import.meta.url));
  assertEquals(
    readFileSync(path, "utf8"),
    opsPage(),
    "run `deno run -A tools/generate_ops_page.ts`",
  );
});
