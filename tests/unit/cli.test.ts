import { test } from "node:test";
import { readFileSync } from "node:fs";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { type OptionDefinitions, readArguments, UsageError } from "../../lib/cli/arguments.ts";
import { type Command, commandHelp } from "../../lib/cli/command.ts";
import { formatBytes, formatCount } from "../../lib/cli/format.ts";
import { statisticsLine } from "../../lib/cli/model.ts";
import { ProgressBar } from "../../lib/cli/progress.ts";
import { version } from "../../lib/cli/version.ts";
import { unlessAborted } from "../../lib/cli/waiting.ts";
import { runCommandLine } from "../support/command_line.ts";

const options = {
  model: { kind: "text", placeholder: "PATH", help: "the model" },
  maxTokens: { kind: "integer", least: 1, help: "how many" },
  topP: { kind: "number", least: 0, most: 1, help: "share" },
  dtype: { kind: "choice", choices: ["f16", "f32"], help: "type" },
  json: { kind: "flag", help: "JSON" },
} as const satisfies OptionDefinitions;

test("arguments: options of every kind, in any order with positionals", () => {
  const read = (...given: string[]) => readArguments(given, options, 2);
  assertEquals(read(), { options: {}, positionals: [] });
  assertEquals(read("a", "--max-tokens", "12", "--json", "b", "--model=x", "--top-p", "0.25"), {
    options: { model: "x", maxTokens: 12, topP: 0.25, json: true },
    positionals: ["a", "b"],
  });
  assertEquals(read("--dtype", "f16", "--", "--json").options, { dtype: "f16" });
  assertEquals(read("--", "--json").positionals, ["--json"]);
});

test("arguments: what does not fit is refused by name", () => {
  const refused = (part: string, ...given: string[]) => {
    assertThrows(() => readArguments(given, options, 1), UsageError, part);
  };
  refused('--max-tokens: "abc" is given, expected a whole number of 1 or more', "--max-tokens=abc");
  refused("--max-tokens", "--max-tokens", "0");
  refused("--max-tokens", "--max-tokens", "1.5");
  refused("--max-tokens", "--max-tokens", "");
  refused("--max-tokens", "--max-tokens", "Infinity");
  refused("a number from 0 to 1", "--top-p", "1.5");
  refused("--top-p", "--top-p=-1");
  refused("expected one of f16, f32", "--dtype", "q9");
  refused("--model: the text is empty", "--model", "");
  refused("--unknown", "--unknown");
  refused("--max-tokens", "--max-tokens");
  refused('"b" "c": too many', "a", "b", "c");
});

test("help: shows every option and example", () => {
  const command: Command = {
    name: "sample",
    summary: "Shows itself.",
    parameters: "[TEXT]",
    options,
    examples: ["qorus sample hello"],
    run: () => Promise.resolve(),
  };
  const help = commandHelp(command);
  for (
    const part of [
      "Shows itself.",
      "Usage: qorus sample [TEXT] [options]",
      "--model PATH",
      "--max-tokens N",
      "--dtype f16|f32",
      "--json ",
      "--help",
      "  qorus sample hello",
    ]
  ) assert(help.includes(part), `${part} is missing in:\n${help}`);
});

test("numbers for people", () => {
  assertEquals(formatBytes(0), "0 bytes");
  assertEquals(formatBytes(1023), "1023 bytes");
  assertEquals(formatBytes(1536), "1.50 KiB");
  assertEquals(formatBytes(45.25 * 2 ** 20), "45.3 MiB");
  assertEquals(formatCount(1100048384), "1,100,048,384");
});

test("statistics: speeds leave out what was cached and the first token", () => {
  const statistics = {
    promptTokens: 110,
    cachedTokens: 10,
    prefillMilliseconds: 500,
    generatedTokens: 51,
    decodeMilliseconds: 1000,
    proposedTokens: 0,
    acceptedTokens: 0,
  };
  assertEquals(
    statisticsLine(statistics, 12.4),
    "prefill 200 tok/s (100 tokens), decode 50.0 tok/s (51 tokens), load 12 ms",
  );
  const guessed = statisticsLine({ ...statistics, proposedTokens: 9, acceptedTokens: 7 }, 1);
  assertMatch(guessed, /\(51 tokens, 7 of 9 guessed\)/);
  assertMatch(statisticsLine({ ...statistics, generatedTokens: 1 }, 1), /decode - tok\/s/);
});

test("progress: drawn on terminals only, colored unless NO_COLOR, removed at the end", () => {
  const draw = (interactive: boolean, color: boolean) => {
    let drawn = "";
    {
      using bar = new ProgressBar({
        interactive,
        color,
        columns: 60,
        write: (text) => drawn += text,
      });
      bar.update(0.5, "a tensor with a long name that does not fit the line");
      bar.update(1, "done");
    }
    return drawn;
  };
  assertEquals(draw(false, true), "");
  const plain = draw(true, false);
  assert(plain.includes("███") && plain.includes(" 50% a tensor") && plain.includes("100% done"));
  assert(!plain.includes("\x1b[36m") && plain.endsWith("\r\x1b[K"));
  // Control sequences take no room on the line.
  const widest = Math.max(...plain.split("\r\x1b[K").map((line) => line.length));
  assert(widest < 60, `${widest} characters`);
  assert(draw(true, true).includes("\x1b[36m"));
});

test("waiting ends when the signal is aborted", async () => {
  const interrupt = new AbortController();
  assertEquals(await unlessAborted(Promise.resolve(1), interrupt.signal), 1);
  const waiting = unlessAborted(new Promise(() => {}), interrupt.signal);
  interrupt.abort(new RangeError("stopped"));
  await assertRejects(() => waiting, RangeError, "stopped");
  await assertRejects(() => unlessAborted(new Promise(() => {}), interrupt.signal), RangeError);
});

test("version: the same everywhere", () => {
  const read = (name: string) =>
    JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), "utf8"));
  const [deno, npm] = [read("deno.json"), read("package.json")];
  assertEquals(version, npm.version);
  assertEquals(version, deno.version);
  for (const [name, pinned] of Object.entries(npm.dependencies)) {
    assertEquals(deno.imports[name], `npm:${name}@${pinned}`);
  }
});

test("exit codes: 0 for help and version, 2 for arguments, 1 for errors", async () => {
  const help = await runCommandLine(["--help"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  for (const name of ["generate", "chat", "convert", "info", "bench", "plot"]) {
    assertMatch(help.stdout, new RegExp(`^  ${name} `, "m"));
  }
  assertEquals(await runCommandLine(["--version"]), {
    code: 0,
    stdout: `${version}\n`,
    stderr: "",
  });
  const usage = await runCommandLine(["generate", "--max-tokens", "none"]);
  assertEquals([usage.code, usage.stdout], [2, ""]);
  assertMatch(usage.stderr, /^error: --max-tokens.*\nSee: qorus generate --help\n$/);
  assertEquals((await runCommandLine([])).code, 2);
  assertEquals((await runCommandLine(["toString"])).code, 2);
  assertEquals((await runCommandLine(["convert", "only-one"])).code, 2);
  const missing = await runCommandLine(["info", "no-such-model.gguf"]);
  assertEquals([missing.code, missing.stdout], [1, ""]);
  assertMatch(missing.stderr, /^error: no-such-model\.gguf: .*\n$/);
});

test("info: describes a model file without the native library", async () => {
  const model = new URL("../../models/tiny.qorus", import.meta.url).pathname;
  const environment = { QORUS_LIB: "/nowhere/libqorus.so" };
  const { code, stdout, stderr } = await runCommandLine(["info", model, "--json"], { environment });
  assertEquals([code, stderr], [0, ""]);
  const facts = JSON.parse(stdout);
  assertEquals([facts.format, facts.architecture, facts.vocabSize], ["qorus", "llama", 2048]);
  assertEquals(facts.parameters, 2_234_400);
  const library = await runCommandLine(["info"], { environment });
  assertEquals(library.code, 1);
  assertMatch(library.stderr, /nowhere/);
});
