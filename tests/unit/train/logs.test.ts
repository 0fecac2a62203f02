import { test } from "node:test";
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { QorusError } from "../../../lib/native/error.ts";
import { readRunLog } from "../../../lib/train/logs/json_lines.ts";
import { JsonLinesLog } from "../../../lib/train/logs/json_lines_log.ts";
import type { RunRecord } from "../../../lib/train/logs/run_log.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";

function step(number: number, values: RunRecord["values"] = { loss: 1 / number }): RunRecord {
  return { kind: "train", step: number, epoch: 1, seconds: number / 10, values };
}

function writeLog(path: string, records: readonly RunRecord[], after = 0): void {
  using log = new JsonLinesLog(path);
  log.open(after);
  for (const record of records) log.write(record);
}

test("JSON lines: records come back as they were, numbers that are not finite too", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("runs/a/run.jsonl");
  const records: RunRecord[] = [
    step(1, { loss: 4.25, learning_rate: 1e-3 }),
    step(2, { loss: NaN, up: Infinity, down: -Infinity, ["__proto__"]: 1, "τ\n": -0.5 }),
    { kind: "validation", step: 2, epoch: 1, seconds: 0.5, values: { loss: 3, accuracy: 0.25 } },
    { kind: "epoch", step: 2, epoch: 1, seconds: 0.75, values: {} },
  ];
  writeLog(path, records);
  assertEquals(readRunLog(path), records);
  const lines = readFileSync(path, "utf8").split("\n");
  assertEquals(
    lines[0],
    '{"kind":"train","step":1,"epoch":1,"seconds":0.1,"loss":4.25,"learning_rate":0.001}',
  );
  assert(lines[1].includes('"loss":"NaN","up":"Infinity","down":"-Infinity"'));
  assertEquals(lines.length, 5);
});

test("JSON lines: a resumed run drops later records and goes on", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("run.jsonl");
  writeLog(path, [1, 2, 3, 4, 5].map((number) => step(number)));
  const before = statSync(path).ino;
  writeLog(path, [step(6)], 5);
  assertEquals(statSync(path).ino, before, "a log without later records is left alone");
  writeLog(path, [step(4, { loss: 9 })], 3);
  assertEquals(readRunLog(path).map((record) => record.step), [1, 2, 3, 4]);
  assertEquals(readRunLog(path)[3].values, { loss: 9 });
  writeLog(path, [step(1)], 0);
  assertEquals(readRunLog(path), [step(1)]);
});

test("JSON lines: half a line of a killed process is left out, and gone after resuming", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("run.jsonl");
  writeLog(path, [step(1), step(2)]);
  const whole = readFileSync(path);
  const second = whole.indexOf(10) + 1;
  for (let length = second; length < whole.length; length += 1) {
    writeFileSync(path, whole.subarray(0, length));
    // A line that lacks nothing but its line feed is whole.
    const kept = length < whole.length - 1 ? [step(1)] : [step(1), step(2)];
    assertEquals(readRunLog(path), kept);
    writeLog(path, [step(3)], 2);
    assertEquals(readRunLog(path), [...kept, step(3)]);
  }
  writeFileSync(path, Uint8Array.from([...whole, ...new Uint8Array(100)]));
  assertEquals(readRunLog(path).length, 2, "zeros of a machine that lost power");
});

test("JSON lines: what is written can be read after flush, and soon without it", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("run.jsonl");
  using log = new JsonLinesLog(path);
  log.open(0);
  log.write(step(1));
  assertEquals(readRunLog(path).length, 1, "the first record is written at once");
  for (let number = 2; number < 1000; number += 1) log.write(step(number));
  log.flush();
  assertEquals(readRunLog(path).length, 999);
});

test("JSON lines: long logs are read in pieces", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("run.jsonl");
  const records = Array.from({ length: 30_000 }, (_, i) => step(i + 1));
  writeLog(path, records);
  assert(statSync(path).size > 2 ** 21, "larger than two pieces");
  assertEquals(readRunLog(path), records);
});

test("JSON lines: what is wrong is named with file and line", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("run.jsonl");
  const refused = (line: string, ...parts: string[]) => {
    writeFileSync(path, "");
    writeLog(path, [step(1)]);
    appendFileSync(path, `${line}\n`);
    const error = assertThrows(() => readRunLog(path), QorusError) as QorusError;
    assertEquals(error.code, "invalid_file");
    for (const part of [path, "line 2", ...parts]) {
      assert(error.message.includes(part), `${part} is missing in: ${error.message}`);
    }
  };
  refused("loss: 1", "is not JSON");
  refused("[1]", "is not a JSON object");
  refused('{"kind":"test","step":1,"epoch":1,"seconds":0}', 'given "test"', "validation");
  refused('{"kind":"train","epoch":1,"seconds":0}', "has no step");
  refused('{"kind":"train","step":1.5,"epoch":1,"seconds":0}', "step", "1.5");
  refused('{"kind":"train","step":1,"epoch":-1,"seconds":0}', "epoch");
  refused('{"kind":"train","step":1,"epoch":1,"seconds":"0"}', "seconds");
  refused('{"kind":"train","step":1,"epoch":1,"seconds":0,"loss":null}', '"loss"', "null");
  refused('{"kind":"train","step":1,"epoch":1,"seconds":0,"a\\u001b":{}}', "\\u001b", "an object");
  assertEquals(
    (assertThrows(() => readRunLog(folder.file("none.jsonl")), QorusError) as QorusError).code,
    "not_found",
  );
});

test("JSON lines: records that a line cannot hold, and logs that are not open", () => {
  using folder = new TemporaryFolder();
  using log = new JsonLinesLog(folder.file("run.jsonl"));
  assertThrows(() => log.write(step(1)), QorusError, "call open before write");
  log.flush();
  assertThrows(() => log.open(-1), QorusError, "step -1");
  log.open(0);
  assertThrows(() => log.write(step(1, { step: 2 })), QorusError, '"step"');
  assertThrows(() => log.write(step(-1)), QorusError, "step");
  assertThrows(() => log.write({ ...step(1), seconds: NaN }), QorusError, "seconds");
  const text = { loss: "1" } as unknown as RunRecord["values"];
  assertThrows(() => log.write(step(1, text)), QorusError, "loss");
  assertThrows(() => new JsonLinesLog(folder.path).open(0), QorusError, folder.path);
});
