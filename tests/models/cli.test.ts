import { test } from "node:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { openCheckpoint } from "../../lib/formats/checkpoint.ts";
import { writeQorus } from "../../lib/formats/qorus_writer.ts";
import { runCommandLine } from "../support/command_line.ts";
import { dataPath, needsData } from "../support/data.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

const tiny = fileURLToPath(new URL("../../models/tiny.qorus", import.meta.url));
const statistics = /^prefill [\d.]+ tok\/s .*, decode [\d.]+ tok\/s .*, load \d+ ms$/m;

test("generate: text to stdout, note and statistics to stderr", async () => {
  const given = ["generate", "Once upon a time", "--max-tokens", "40"];
  const { code, stdout, stderr } = await runCommandLine(given);
  assertEquals(code, 0);
  assertMatch(stdout, /^Once upon a time[\x20-\x7e\n]{80,}\n$/);
  assertMatch(stderr, /tiny model/);
  assertMatch(stderr, statistics);
  assertEquals((await runCommandLine([...given, "--threads", "1"])).stdout, stdout);
});

test("generate: the prompt may come from a pipe, or be empty", async () => {
  const piped = await runCommandLine(["generate", "--max-tokens", "5"], { input: "The bird é" });
  assertEquals(piped.code, 0);
  assert(piped.stdout.startsWith("The bird é"));
  const empty = await runCommandLine(["generate", "--max-tokens", "30"]);
  assertEquals(empty.code, 0);
  assertMatch(empty.stdout, /^[A-Z"][\x20-\x7e\n]{60,}\n$/);
});

test("generate: the same seed gives the same text", async () => {
  const text = async (seed: number) => {
    const given = [
      "generate",
      "The",
      "--max-tokens",
      "60",
      "--temperature",
      "1",
      "--top-p",
      "0.95",
    ];
    return (await runCommandLine([...given, "--seed", String(seed)])).stdout;
  };
  const first = await text(1);
  assertEquals(await text(1), first);
  assert(await text(2) !== first);
});

test("Ctrl-C ends work, and waiting for a prompt, with code 130", async () => {
  const working = await runCommandLine(["bench", "--prompt-tokens", "128", "--repeat", "1000"], {
    interruptAt: /tiny model/,
  });
  assertEquals([working.code, working.stdout], [130, ""]);
  const waiting = await runCommandLine(["generate"], {
    input: { open: true },
    interruptAt: /Reading the prompt/,
  });
  assertEquals([waiting.code, waiting.stdout], [130, ""]);
});

test("generate: options out of range and prompts that are too long are errors", async () => {
  const long = await runCommandLine(["generate", "x".repeat(600)]);
  assertEquals(long.code, 1);
  assertMatch(long.stderr, /\d{3} tokens do not fit the context of 256/);
  assertEquals((await runCommandLine(["generate", "x", "--top-p", "2"])).code, 2);
});

test("generate: stories260K's golden text", needsData, async () => {
  const folder = dataPath("models/stories260K");
  const golden = readFileSync(`${folder}/golden_greedy_200.txt`, "utf8");
  const prompt = "Once upon a time";
  assert(golden.startsWith(prompt));
  const given = ["generate", prompt, "--model", `${folder}/stories260K-f32.gguf`];
  const { code, stdout } = await runCommandLine([...given, "--max-tokens", "100"]);
  assertEquals(code, 0);
  assert(golden.startsWith(stdout.trimEnd()), stdout);
});

test("generate: --prompt-lookup changes no text and says what it guessed", async () => {
  const given = [
    "generate",
    "Once upon a time",
    "--max-tokens",
    "150",
    "--repetition-penalty",
    "1",
  ];
  const plain = await runCommandLine(given);
  const guessed = await runCommandLine([...given, "--prompt-lookup"]);
  assertEquals([guessed.code, guessed.stdout], [0, plain.stdout]);
  assertMatch(guessed.stderr, /\(\d+ tokens(, \d+ of \d+ guessed)?\)/);
});

test("bench: speeds as JSON", async () => {
  const given = ["bench", "--prompt-tokens", "32", "--max-tokens", "8", "--repeat", "2", "--json"];
  const { code, stdout } = await runCommandLine(given);
  assertEquals(code, 0);
  const report = JSON.parse(stdout);
  assertEquals([report.promptTokens, report.maxTokens, report.repeat], [32, 8, 2]);
  assert(report.prefillTokensPerSecond > 0 && report.decodeTokensPerSecond > 0);
  const several = await runCommandLine([...given, "--sequences", "3"]);
  const together = JSON.parse(several.stdout);
  assertEquals(together.sequences, 3);
  assert(together.prefillTokensPerSecond > 0 && together.decodeTokensPerSecond > 0);
  const long = await runCommandLine(["bench", "--prompt-tokens", "512"]);
  assertEquals(long.code, 2);
});

test("convert: writes a model that generates the same, and no half file", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("tiny.gguf");
  const converted = await runCommandLine(["convert", tiny, path, "--dtype", "f16"]);
  assertEquals([converted.code, converted.stdout], [0, ""]);
  assertMatch(converted.stderr, /tiny\.gguf: 56 tensors, .* MiB, in/);
  const facts = JSON.parse((await runCommandLine(["info", path, "--json"])).stdout);
  assertEquals([facts.format, facts.parameters], ["gguf", 2_234_400]);
  const refused = await runCommandLine(["convert", tiny, folder.file("x.onnx")]);
  assertEquals(refused.code, 1);
  assert(!existsSync(folder.file("x.onnx")));
  assertEquals(readdirSync(folder.path), ["tiny.gguf"]);
});

test("chat: answers each line, forgets on /reset, ends on /exit", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("chat.qorus");
  const { config, generation, tokenizer, tensors } = openCheckpoint(tiny);
  const file = readFileSync(tiny);
  const chatTemplate = "{{ bos_token }}{% for m in messages %}{{ m.content }} {% endfor %}";
  await writeQorus(
    path,
    {
      config,
      generation,
      chatTemplate,
      tokenizer: tokenizer?.kind === "serialized" ? tokenizer.bytes : undefined,
    },
    [...tensors.values()].map((tensor) => ({
      ...tensor,
      chunks: () => [file.subarray(tensor.offset, tensor.offset + tensor.byteLength)],
    })),
  );
  const given = ["chat", "--model", path, "--max-tokens", "12"];
  const input = "the ship\n\n/reset\nthe ship\nthe bird\n/exit\nnever\n";
  const { code, stdout } = await runCommandLine(given, { input });
  const lines = stdout.split("\n");
  assertEquals([code, lines.length], [0, 4]);
  assertEquals(lines[0], lines[1]);
  const none = await runCommandLine(["chat"], { input: "hello\n" });
  assertEquals([none.code, none.stdout], [1, ""]);
  assertMatch(none.stderr, /no chat template/);
});
