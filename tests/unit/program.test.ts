import process from "node:process";
import { test } from "node:test";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CommandedProcess } from "../../bench/support/child_process.ts";
import { requirePython } from "../../bench/support/python.ts";
import { UsageError } from "../../lib/cli/arguments.ts";
import { QorusError } from "../../lib/native/error.ts";
import { readThreadCounts, readWords } from "../../tools/support/program.ts";

test("programs: lists of words and of thread counts", () => {
  assertEquals(readWords("--rows", undefined, ["a", "b"]), ["a", "b"]);
  assertEquals(readWords("--rows", undefined, ["a", "b"], ["b"]), ["b"]);
  assertEquals(readWords("--rows", "b,a", ["a", "b"]), ["b", "a"]);
  assertThrows(() => readWords("--rows", "a,c", ["a", "b"]), UsageError, '--rows: "c" is given');
  assertEquals(readThreadCounts("1,2", 2), [1, 2]);
  assertEquals(readThreadCounts(undefined, 8), [1, 2]);
  assertEquals(readThreadCounts(undefined, 1), [1]);
  for (const text of ["0", "1.5", "two", "1,", "5"]) {
    assertThrows(() => readThreadCounts(text, 4), UsageError, "whole numbers from 1 to 4");
  }
});

test("benchmarks: a Python that is missing is named, with what to install", () => {
  const message = "--python: /missing/python cannot be run";
  assertThrows(() => requirePython("/missing/python", ["torch"]), UsageError, message);
});

test("benchmarks: contenders that cannot start, or have ended, fail every question", async () => {
  using missing = new CommandedProcess("it", "/missing/program", []);
  using ended = new CommandedProcess("it", process.execPath, ["--version"]);
  for (const contender of [missing, ended]) {
    for (let i = 0; i < 2; i++) {
      await assertRejects(() => contender.ask("measure"), QorusError, "it: measure: ");
    }
  }
});
