import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { scope } from "../../../lib/core/scope.ts";
import * as nn from "../../../lib/nn/mod.ts";
import { outputInReadme, patience, runExample } from "../../support/examples.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";

const example = "pytorch-interop";
const fileOf = (name: string) =>
  fileURLToPath(new URL(`../../../examples/${example}/${name}`, import.meta.url));

test(
  "examples: pytorch-interop has PyTorch's outputs and writes files for it",
  patience,
  async () => {
    using folder = new TemporaryFolder();
    const output = folder.file("output");
    const { code, stdout, stderr } = await runExample(example, "--output", output);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(stdout.replaceAll(output, "runs/pytorch-interop"), outputInReadme(example));
    const rows = stdout.split("\n").filter((line) => /^(horizontal|vertical|diagonal)/.test(line));
    assertEquals(rows.length, 5);
    for (const row of rows) {
      const numbers = row.trim().split(/ +/).slice(1);
      assertEquals(numbers.slice(0, 3), numbers.slice(3));
    }
    using _ = scope();
    const [theirs, ours] = [fileOf("pytorch.safetensors"), `${output}/qorus.safetensors`]
      .map((path) => nn.loadSafetensors(path));
    assertEquals([...ours.keys()].sort(), [...theirs.keys()].sort());
    for (const [name, x] of ours) assertEquals(x.shape, theirs.get(name)!.shape);
    const weights = [ours, theirs].map((state) => state.get("classifier.weight")!.read());
    assert(weights[0].some((value, i) => value !== weights[1][i]), "nothing was learned");
  },
);

test("examples: pytorch-interop refuses files that do not fit in one line", patience, async () => {
  using folder = new TemporaryFolder();
  const missing = await runExample(example, folder.file("none"));
  assertEquals(missing.code, 1);
  assertMatch(missing.stderr, /^error: .*none.pytorch\.safetensors: .*\n$/);

  // The sample's file in place of the weights: other names.
  copyFileSync(fileOf("pytorch-sample.safetensors"), folder.file("pytorch.safetensors"));
  const swapped = await runExample(example, folder.file("."));
  assertEquals(swapped.code, 1);
  assertMatch(swapped.stderr, /^error: loadStateDict: missing: features\.0\.weight.*\n$/);

  mkdirSync(folder.file("broken"));
  writeFileSync(folder.file("broken/pytorch.safetensors"), "no tensors");
  const broken = await runExample(example, folder.file("broken"));
  assertEquals(broken.code, 1);
  assertMatch(broken.stderr, /^error: .*pytorch\.safetensors: .*\n$/);

  const full = await runExample(example, "--output", folder.file("pytorch.safetensors"));
  assertEquals(full.code, 1);
  assertMatch(full.stderr, /^error: .*: the folder cannot be made: .*\n$/);
});
