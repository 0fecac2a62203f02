import { readdirSync } from "node:fs";
import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { outputInReadme, patience, runExample } from "../../support/examples.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";

/** Without the losses, which differ in their last digits from processor to processor. */
function withoutLosses(output: string): string {
  return output.split("\n").filter((line) => !line.startsWith("step ")).join("\n");
}

test("examples: export writes the same text from files of every format", patience, async () => {
  using folder = new TemporaryFolder();
  const output = folder.file("output");
  const { code, stdout, stderr } = await runExample("export", "--output", output);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(withoutLosses(stdout), withoutLosses(outputInReadme("export")));
  const files = readdirSync(output);
  assertEquals(files.length, 6);
  for (const name of files) {
    assertMatch(stdout, new RegExp(`^${name.replaceAll(".", "\\.")} +\\d+  the same$`, "m"));
  }

  // A second run takes a file of the first and replaces the others.
  const model = `${output}/model-q8_0.gguf`;
  const again = await runExample("export", model, "--output", output);
  assertEquals([again.code, again.stderr], [0, ""]);
  assert(again.stdout.startsWith("Mary had a little lamb,\n"));
  assertEquals(readdirSync(output), files);
});

test("examples: export says in one line what is wrong", patience, async () => {
  using folder = new TemporaryFolder();
  const missing = folder.file("none.gguf");
  const ran = await runExample("export", missing);
  assertEquals(ran.code, 1);
  assertMatch(ran.stderr, /^error: .*none\.gguf: .*\n$/);
  const wrong = await runExample("export", "--steps", "-5");
  assertEquals(wrong.code, 2);
  assertMatch(wrong.stderr, /^error: .*usage: .*\n$/);
});
