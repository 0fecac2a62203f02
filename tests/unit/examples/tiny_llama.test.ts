import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { storyData } from "../../../examples/tiny-llama/data.ts";
import { configOf, recipeOf, recipes } from "../../../examples/tiny-llama/recipe.ts";
import { plots, story } from "../../../examples/tiny-llama/stories.ts";
import { load } from "../../../lib/llm/load.ts";
import { QorusError } from "../../../lib/native/error.ts";
import { patience, runExample } from "../../support/examples.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";

const tiny = Object.entries({ steps: 12, width: 32, layers: 1, batch: 2, context: 32 })
  .flatMap(([name, value]) => [`--${name}`, `${value}`]);

function lossOf(stdout: string): string {
  const found = /^validation loss (\d+\.\d{4}); the model is (.*)$/m.exec(stdout);
  assert(found !== null, stdout);
  return found[1];
}

test(
  "examples: tiny-llama learns from a file, writes, and goes on from its folder",
  patience,
  async () => {
    using temporary = new TemporaryFolder();
    const path = temporary.file("text.txt");
    writeFileSync(path, Array.from({ length: 300 }, (_, i) => `${i % 7} birds sing.\n`).join(""));
    const folder = temporary.file("run");
    const given = [path, "--folder", folder, "--vocabulary", "260", "--prompt", "3 birds", ...tiny];
    const first = await runExample("tiny-llama", ...given);
    assertEquals(first.code, 0, first.stderr);
    assertMatch(first.stdout, /^step 12\n3 birds/m);
    assert(Number(lossOf(first.stdout)) < Math.log(260));
    for (const name of ["run.jsonl", "tiny-llama.qorus"]) {
      assert(existsSync(join(folder, name)), name);
    }
    assertEquals(readdirSync(join(folder, "checkpoints")), ["step-00000012.safetensors"]);
    {
      using llm = await load(join(folder, "tiny-llama.qorus"));
      assertEquals([llm.config.hiddenSize, llm.contextLength, llm.tokenizer.vocabSize], [
        32,
        32,
        260,
      ]);
    }
    const again = await runExample("tiny-llama", ...given);
    assertEquals(lossOf(again.stdout), lossOf(first.stdout));
    const elsewhere = ["--folder", temporary.file("other"), "--vocabulary", "260", ...tiny];
    const anew = await runExample("tiny-llama", path, ...elsewhere);
    assertEquals(lossOf(anew.stdout), lossOf(first.stdout));
  },
);

test("examples: tiny-llama says in one line what is wrong", patience, async () => {
  using temporary = new TemporaryFolder();
  const missing = await runExample("tiny-llama", temporary.file("none.txt"));
  assertEquals([missing.code, missing.stdout], [1, ""]);
  assertMatch(missing.stderr, /^error: .*none\.txt: there is no such file\n$/);
  const path = temporary.file("short.txt");
  writeFileSync(path, "Too short.");
  const short = await runExample("tiny-llama", path, "--folder", temporary.file("run"));
  assertEquals(short.code, 1);
  assertMatch(short.stderr, /^error: TextWindows: the text has \d+ ids, a window of 128 .*\n$/);
  assertThrows(() => recipeOf("large", {}), QorusError, '"large", expected small or box');
  assertThrows(() => recipeOf("small", { hiddenSize: 100 }), QorusError, "a multiple of 32");
});

test("examples: the recipe of the model in the box reads whole stories", patience, async () => {
  const { box } = recipes;
  const data = await storyData(box);
  assertEquals(data.tokenizer.vocabSize, box.vocabSize);
  assertEquals(data.training.length, box.steps * box.batchSize);
  const [x, y] = [new Int32Array(box.contextLength), new Int32Array(box.contextLength)];
  data.training.write(5, { x, y });
  assertEquals([...y.subarray(0, -1)], [...x.subarray(1)]);
  assertEquals(x[0], data.tokenizer.beginToken);
  const text = data.tokenizer.decode(x, { skipSpecial: false });
  const [, first, second] = text.split("<s>");
  assertEquals(first, `${story(20)}</s>`);
  assert(`${story(21)}</s>`.startsWith(second), second);
  for (const size of Object.values(configOf(box, box.vocabSize))) {
    if (typeof size === "number" && size > 32) assert(size % 16 === 0, `${size}`);
  }
});

test("examples: the README's figures are those of the recipe", () => {
  const readme = readFileSync(
    new URL("../../../examples/tiny-llama/README.md", import.meta.url),
    "utf8",
  );
  const { box } = recipes;
  const { steps, simpleSteps, batchSize, contextLength } = box;
  const count = (value: number) => value.toLocaleString("en");
  for (
    const figure of [
      `${count(steps)} steps of ${batchSize} windows of ${contextLength}`,
      `After ${count(simpleSteps)} steps`,
      `${plots.length} plots`,
    ]
  ) assert(readme.replaceAll(/\s+/g, " ").includes(figure), figure);
});
