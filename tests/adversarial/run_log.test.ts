import { test } from "node:test";
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { QorusError } from "../../lib/native/error.ts";
import { readRunLog } from "../../lib/train/logs/json_lines.ts";
import { JsonLinesLog } from "../../lib/train/logs/json_lines_log.ts";
import type { RunRecord } from "../../lib/train/logs/run_log.ts";
import { plotRuns } from "../../lib/train/plot/plot_runs.ts";
import { runCurves } from "../../lib/train/plot/run_curves.ts";
import { sparkline } from "../../lib/train/plot/sparkline.ts";
import { seededRandom } from "../support/random.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { parseXml } from "../support/xml.ts";

function writeRun(path: string): void {
  using log = new JsonLinesLog(path);
  log.open(0);
  for (let step = 1; step <= 8; step += 1) {
    const values = { loss: step === 3 ? NaN : 4 / step, learning_rate: 1e-3 };
    log.write({
      kind: step % 4 === 0 ? "validation" : "train",
      step,
      epoch: 1,
      seconds: 1,
      values,
    });
  }
}

/** Reads, plots and resumes a log; only errors about this file are allowed. */
function tryAll(path: string, what: string): boolean {
  try {
    const records = readRunLog(path);
    const runs = [{ name: path, records }];
    if (records.some(({ values }) => Object.keys(values).length > 0)) {
      for (const { values } of runCurves(runs)) sparkline(values, 40);
      parseXml(plotRuns(runs));
    }
    using log = new JsonLinesLog(path);
    log.open(4);
    log.write({ kind: "train", step: 5, epoch: 1, seconds: 2, values: { loss: 1 } });
    const kept = records.filter(({ step }) => step <= 4);
    assertEquals(readRunLog(path).slice(0, -1), kept, what);
    return true;
  } catch (error) {
    const refused = error instanceof QorusError && error.code === "invalid_file";
    assert(
      refused && error.path === path,
      `${what}: ${error instanceof Error ? error.stack : error}`,
    );
    return false;
  }
}

test("run logs: cut anywhere they can be read and resumed", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("run.jsonl");
  writeRun(path);
  const whole = readFileSync(path);
  for (let length = 0; length < whole.length; length += 1) {
    writeFileSync(path, whole.subarray(0, length));
    const lineEnds = whole.subarray(0, length + 1).filter((byte) => byte === 10).length;
    assertEquals(readRunLog(path).length, lineEnds);
    // Resuming waits for the disk, so not every byte has its turn.
    if (length % 31 === 0) assert(tryAll(path, `cut to ${length} bytes`));
  }
});

test("run logs: damaged bytes are read or refused by file and line, never worse", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("run.jsonl");
  writeRun(path);
  const whole = readFileSync(path);
  const random = seededRandom(7);
  const characters = new TextEncoder().encode('{}[]",:0123456789eE+-.\n\\ \u0000é');
  const outcome = { taken: 0, refused: 0 };
  for (let i = 0; i < 300; i += 1) {
    const bytes = Uint8Array.from(whole);
    for (let changes = Math.floor(random() * 3); changes >= 0; changes -= 1) {
      bytes[Math.floor(random() * bytes.length)] =
        characters[Math.floor(random() * characters.length)];
    }
    writeFileSync(path, bytes);
    outcome[tryAll(path, `mutation ${i}`) ? "taken" : "refused"] += 1;
  }
  assert(outcome.taken > 20 && outcome.refused > 100, JSON.stringify(outcome));
});

test("run logs: values and names that nobody would choose are drawn all the same", () => {
  const at = { kind: "train", epoch: 1, seconds: 1 } as const;
  const steps = [5, 1, 1, Number.MAX_SAFE_INTEGER, 0];
  const values = [1.7e308, -1.7e308, 5e-324, NaN, -Infinity];
  const name = '\u001b[2J<script>"&\u0000\ud800]]>';
  const records: RunRecord[] = steps.map((step, i) => ({
    ...at,
    step,
    values: { loss: values[i], [name]: values[i], ["__proto__"]: i, constructor: i },
  }));
  const metrics = ["loss", name, "__proto__", "constructor"];
  const svg = plotRuns([{ name, records }, { name, records }], { metrics });
  parseXml(svg);
  assert(!svg.includes("\u001b") && !svg.includes("<script"));
  assert(
    !/NaN|Infinity/.test(svg.replaceAll(/<desc>.*<\/desc>/gs, "").replaceAll(/[^>]*<\/t/g, "")),
  );
  for (const curve of runCurves([{ name, records }], metrics)) sparkline(curve.values, 3);
});

test("run logs: a file without line ends is refused before it is read whole", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("run.jsonl");
  writeFileSync(path, "");
  truncateSync(path, 2 ** 36);
  assertEquals(statSync(path).size, 2 ** 36);
  const error = assertThrows(() => readRunLog(path), QorusError, "line 1: is too long");
  assertEquals((error as QorusError).code, "invalid_file");
  truncateSync(path, 0);
  writeFileSync(path, `${'{"a":'.repeat(200_000)}\n`);
  assertThrows(() => readRunLog(path), QorusError, "line 1");
});

test("run logs: a folder, and a file that must not be written", () => {
  using folder = new TemporaryFolder();
  assertThrows(() => readRunLog(folder.path), QorusError, "not a regular file");
  assertThrows(
    () => new JsonLinesLog("/dev/null/run.jsonl").open(0),
    QorusError,
    "make this folder",
  );
  assertThrows(() => new JsonLinesLog("/dev/null").open(0), QorusError, "not a regular file");
});
