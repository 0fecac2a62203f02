/**
 * Prints the table of operations, tests/golden/ops/table.ts, as docs/ops.md. Run
 * `deno run -A tools/generate_ops_page.ts` when the table changes: a test fails while the page is
 * stale.
 *
 * @module
 */

import { readFileSync, writeFileSync } from "node:fs";
import { GoldenFile } from "../tests/support/golden.ts";
import { hasGradient } from "../tests/support/golden_rows.ts";
import type { OpFamily, OpRow } from "../tests/golden/ops/row.ts";
import { families } from "../tests/golden/ops/table.ts";

const root = new URL("../", import.meta.url);

const introduction = `# Operations

Every public operation, and what proves it. A number is a count of golden cases: results, and
gradients, that PyTorch computed. Gradients agree with finite differences as well. Printed by
\`tools/generate_ops_page.ts\` from the table that drives the tests, \`tests/golden/ops/\`.

All operations run on the CPU; none runs on CUDA yet. Indices and classes are i32.
`;

/** The sources of the public operations, as one text. */
function sources(): string {
  const read = (path: string) => readFileSync(new URL(path, root), "utf8");
  const exported = read("mod.ts").matchAll(
    /^export (?!type)[^;]*? from "(\.\/lib\/ops\/\w+\.ts)"/gm,
  );
  return [...exported].map(([, path]) => path).concat("lib/core/tensor.ts").map(read).join("\n");
}

/** The first sentence of an operation's documentation. */
function summaryOf(op: string, text: string): string {
  const declaration = op.startsWith("Tensor.")
    ? `\n  ${op.slice("Tensor.".length)}(`
    : `\nexport function ${op}(`;
  const end = text.indexOf(declaration);
  const comment = text.slice(text.lastIndexOf("/**", end) + 3, text.lastIndexOf("*/", end));
  const line = withoutCitations(comment.replaceAll(/\s*\n\s*\* ?/g, " ").trim());
  const sentence = /^.*?[.;:](?= (?![^(]*\))|$)/.exec(line)?.[0] ?? line;
  return sentence.replaceAll(/\{@linkcode (\w+)\}/g, "`$1`").replace(/[.;:]$/, "");
}

/** Text without authors and years in brackets. */
function withoutCitations(text: string): string {
  const without = text.replaceAll(/( \(|; )[A-Z][^();]* \d{4}[^()]*(?=\))/g, "$1");
  return without.replaceAll(" ()", "").replaceAll("; )", ")");
}

const files = new Map<string, GoldenFile>();

function fileOf(name: string): GoldenFile {
  const file = files.get(name) ?? new GoldenFile(name);
  files.set(name, file);
  return file;
}

/** How many golden cases a row has, with gradients or in all. */
function countCases({ golden }: OpRow, onlyGradients: boolean): number {
  if ("instead" in golden) return 0;
  return Object.entries(golden).reduce((count, [name, cases]) => {
    return count + cases.filter((row) => !onlyGradients || hasGradient(fileOf(name), row)).length;
  }, 0);
}

function backwardOf(row: OpRow): string {
  if ("none" in row.gradient) return `none: ${row.gradient.none}`;
  return "instead" in row.golden ? "yes, by differences" : `yes, ${countCases(row, true)}`;
}

function lineOf(row: OpRow, text: string): string {
  const { op, golden, dtypes = ["f32"] } = row;
  const forward = "instead" in golden ? `yes, ${golden.instead}` : `yes, ${countCases(row, false)}`;
  const cells = [
    `\`${op}\``,
    summaryOf(op, text),
    forward,
    backwardOf(row),
    dtypes.join(", "),
    "yes",
    "no",
  ];
  return `| ${cells.join(" | ")} |`;
}

function tableOf({ title, rows }: OpFamily, text: string): string {
  const head = "| operation | what it computes | forward | backward | dtypes | CPU | CUDA |";
  const rule = "| --- | --- | --- | --- | --- | --- | --- |";
  return [`## ${title}`, "", head, rule, ...rows.map((row) => lineOf(row, text)), ""].join("\n");
}

/** The whole page. */
export function opsPage(): string {
  const text = sources();
  return [introduction, ...families.map((family) => tableOf(family, text))].join("\n");
}

if (import.meta.main) writeFileSync(new URL("docs/ops.md", root), opsPage());
