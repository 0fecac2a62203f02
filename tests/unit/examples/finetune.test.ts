import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Llama } from "../../../lib/models/llama.ts";
import { manualSeed } from "../../../lib/core/random.ts";
import { saveModel } from "../../../lib/llm/save.ts";
import { load } from "../../../lib/llm/load.ts";
import { trainBpe } from "../../../lib/tokenizer/mod.ts";
import { patience, runExample } from "../../support/examples.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { quantizableConfig } from "../../support/tiny_model.ts";

const text = "The quick brown fox jumps over the lazy dog. ".repeat(100);

/** A quantized model that knows nothing yet. */
async function writeModel(path: string): Promise<string> {
  const tokenizer = await trainBpe(text, 300, { specialTokens: ["<s>", "</s>"] });
  manualSeed(1);
  using network = new Llama({
    ...quantizableConfig,
    vocabSize: tokenizer.vocabSize,
    contextLength: 32,
  });
  await saveModel(path, network, { tokenizer, dtype: "q8_0" });
  return path;
}

const lossesIn = (output: string) =>
  [...output.matchAll(/validation (?:loss )?(\d+\.\d+)$/gm)].map(([, loss]) => Number(loss));
const stepsIn = (output: string) => [...output.matchAll(/^step +(\d+)/gm)].map(([, step]) => step);

test("examples: finetune teaches a loaded model a text, and goes on", patience, async () => {
  using folder = new TemporaryFolder();
  const model = await writeModel(folder.file("model.gguf"));
  const textPath = folder.file("text.txt");
  writeFileSync(textPath, text);
  const finetune = (name: string, steps: number) =>
    runExample(
      "finetune",
      textPath,
      ...["--model", model, "--folder", folder.file(name), "--steps", `${steps}`],
      ...["--prompt", "The quick"],
    );
  const whole = await finetune("whole", 60);
  assertEquals([whole.code, whole.stderr], [0, ""]);
  assertEquals(stepsIn(whole.stdout), ["20", "40", "60"]);
  const [before, ...losses] = lossesIn(whole.stdout);
  // At first it guesses: ln(300) = 5.7 nats.
  assert(losses.at(-1)! < before - 1, `${before} to ${losses.at(-1)}`);
  using tuned = await load(folder.file("whole/model.qorus"));
  assertEquals(tuned.network.stateDict().get("model.layers.0.mlp.up_proj.weight")!.dtype, "q8_0");

  // The same in two parts is the same to the last bit.
  const first = await finetune("parts", 20);
  assertEquals([first.code, stepsIn(first.stdout)], [0, ["20"]]);
  const second = await finetune("parts", 60);
  assertEquals([second.code, second.stderr, stepsIn(second.stdout)], [0, "", ["40", "60"]]);
  assertEquals(
    readFileSync(folder.file("parts/model.qorus")),
    readFileSync(folder.file("whole/model.qorus")),
  );
  assert(existsSync(folder.file("parts/checkpoints/step-00000060.safetensors")));
});

test("examples: finetune says in one line what is wrong", patience, async () => {
  using folder = new TemporaryFolder();
  const model = await writeModel(folder.file("model.gguf"));
  const output = ["--folder", folder.file("output")];
  const noModel = await runExample("finetune", "--model", folder.file("none.gguf"), ...output);
  assertEquals(noModel.code, 1);
  assertMatch(noModel.stderr, /^error: .*none\.gguf: .*\n$/);
  const noText = await runExample("finetune", folder.file("a.txt"), "--model", model, ...output);
  assertEquals([noText.code, noText.stderr], [
    1,
    `error: ${folder.file("a.txt")}: there is no such file\n`,
  ]);
  writeFileSync(folder.file("short.txt"), "The quick brown fox.");
  const short = await runExample("finetune", folder.file("short.txt"), "--model", model, ...output);
  assertEquals(short.code, 1);
  assertStringIncludes(short.stderr, "use a longer text or a smaller length");
});
