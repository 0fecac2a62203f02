import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals, assertMatch } from "@std/assert";
import { runProgram } from "../../support/command_line.ts";
import { patience } from "../../support/examples.ts";

const path = fileURLToPath(new URL("../../../examples/generate.ts", import.meta.url));

test("examples: generate continues a text with the model in the box", patience, async () => {
  const { code, stdout, stderr } = await runProgram(path, []);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^Once upon a time[^]+\n\(llama, \d+ tokens per second\)\n$/);
});

test("examples: generate says in one line what is wrong", patience, async () => {
  const missing = await runProgram(path, ["none.gguf"]);
  assertEquals(missing.code, 1);
  assertMatch(missing.stderr, /^error: none\.gguf: .*\n$/);
  const option = await runProgram(path, ["--bogus"]);
  assertEquals([option.code, option.stderr], [
    2,
    "error: Unknown option '--bogus'; usage: generate.ts [MODEL] [PROMPT]\n",
  ]);
});
