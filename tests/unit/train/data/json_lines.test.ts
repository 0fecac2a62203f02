import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { QorusError } from "../../../../lib/native/error.ts";
import { readJsonLines } from "../../../../lib/train/data/json_lines.ts";
import { TemporaryFolder } from "../../../support/temporary_folder.ts";

test("JSONL: every line is a value, and members are checked", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("x.jsonl");
  writeFileSync(
    path,
    '{"t": "a", "n": 1.5, "l": [1, 2]}\r\n\n[1, "x"]\n  \n{"l": [1, null], "n": 1e999}',
  );
  const rows = [...readJsonLines(path)];
  assertEquals(rows.map(({ line }) => line), [1, 3, 5]);
  const [first, second, third] = rows;
  assertEquals([first.text("t"), first.number("n"), first.numbers("l")], ["a", 1.5, [1, 2]]);
  assertEquals(second.value, [1, "x"]);
  const message = (run: () => unknown) => assertThrows(run, QorusError).message;
  assertEquals(message(() => first.number("t")), `${path}: line 1: t: is no number, given "a"`);
  assertEquals(message(() => first.text("n")), `${path}: line 1: n: is no text, given 1.5`);
  assertEquals(
    message(() => first.text("toString")),
    `${path}: line 1: toString: there is no such member, expected ["t", "n", "l"]`,
  );
  assertEquals(
    message(() => second.text("0")),
    `${path}: line 3: 0: there is no such member, expected an object`,
  );
  assertEquals(message(() => third.numbers("l")).includes("is no list of numbers"), true);
  assertEquals(message(() => third.number("n")).includes("is no number"), true);
});

test("JSONL: a line that is not JSON is named", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("x.jsonl");
  writeFileSync(path, '{"a": 1}\n{"a": \n');
  const read = () => [...readJsonLines(path)];
  const error = assertThrows(read, QorusError, `${path}: line 2: is not JSON`);
  assertEquals(error.code, "invalid_file");
  const missing = () => [...readJsonLines(folder.file("none"))];
  assertEquals(assertThrows(missing, QorusError).code, "not_found");
});
