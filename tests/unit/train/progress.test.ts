import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { RunRecord } from "../../../lib/train/logs/run_log.ts";
import {
  formatBar,
  formatDuration,
  formatNumber,
  formatRate,
  formatShort,
  printable,
} from "../../../lib/train/progress/format.ts";
import {
  ProgressLine,
  type ProgressLineOptions,
} from "../../../lib/train/progress/progress_line.ts";
import { LossTrend, RunningMean, StepSpeed } from "../../../lib/train/progress/trend.ts";

const erase = "\r\x1b[K";

/** A terminal that keeps what is written to it, and a clock that stands until it is moved. */
class Screen {
  written = "";
  milliseconds = 0;
  color = false;
  constructor(public columns = 120, public interactive = true) {}

  write(text: string): void {
    this.written += text;
  }

  /** What was written since the last time. */
  take(): string {
    const text = this.written;
    this.written = "";
    return text;
  }

  progress(options: ProgressLineOptions = {}): ProgressLine {
    return new ProgressLine({ terminal: this, clock: () => this.milliseconds, ...options });
  }
}

function step(number: number, values: RunRecord["values"] = { loss: 2 }, epoch = 1): RunRecord {
  return { kind: "train", step: number, epoch, seconds: number / 10, values };
}

test("progress: a line in place says where the run is", () => {
  const screen = new Screen();
  const progress = screen.progress({ epochs: 2, stepsPerEpoch: 500 });
  progress.open(0);
  assertEquals(screen.take(), "");
  progress.write(step(250, { loss: 2.34567, learning_rate: 3e-4, tokens_per_second: 12_345 }));
  assertEquals(
    screen.take(),
    `${erase}epoch 1/2  step 250/1,000  ███░░░░░░░░░  loss 2.346  12.3k tokens/s  lr 3e-4  ` +
      "1:15 left",
  );
  screen.milliseconds += 100;
  progress.write(step(1000, { loss: 2.34567, samples_per_second: 99.96 }, 2));
  assertEquals(
    screen.take(),
    `${erase}epoch 2/2  step 1,000/1,000  ████████████  loss 2.346  ▄▄  100 samples/s  ` +
      "took 1:40",
  );
  progress[Symbol.dispose]();
  assertEquals(screen.take(), "\n", "the last line stays");
});

test("progress: drawn ten times a second, and the last step always", () => {
  const screen = new Screen();
  const progress = screen.progress({ totalSteps: 1000 });
  progress.open(0);
  let draws = 0;
  for (let number = 1; number <= 999; number += 1) {
    screen.milliseconds += 1;
    progress.write(step(number));
    if (screen.take() !== "") draws += 1;
  }
  assertEquals(draws, 10);
  progress.flush();
  assert(screen.take().includes("step 999/"));
  progress.write(step(1000));
  assert(screen.take().includes("step 1,000/"));
});

test("progress: lines about validations and epochs stay above the line in place", () => {
  const screen = new Screen();
  const progress = screen.progress({ totalSteps: 10, epochs: 1 });
  progress.open(0);
  progress.write(step(1));
  const line = screen.take();
  const validate = (loss: number): RunRecord => ({
    kind: "validation",
    step: 1,
    epoch: 1,
    seconds: 65,
    values: { loss, accuracy: 0.9375 },
  });
  progress.write(validate(1.5));
  const best = "validation  step 1  loss 1.500 (best)  accuracy 0.9375  1:05";
  assertEquals(screen.take().split("\n")[0], `${erase}${best}`);
  progress.write(validate(1.75));
  assertEquals(
    screen.take().split("\n")[0],
    `${erase}validation  step 1  loss 1.750  accuracy 0.9375  1:05`,
  );
  progress.message("saved runs/a");
  const saved = screen.take();
  assert(saved.startsWith(`${erase}saved runs/a\n${erase}epoch 1/1`), saved);
  progress.write({ ...validate(1), kind: "epoch" });
  assertEquals(
    screen.take().split("\n")[0],
    `${erase}epoch 1/1  step 1  loss 1.000  accuracy 0.9375  1:05`,
  );
  assert(line.includes("loss 2.000"));
});

test("progress: never wider than the terminal", () => {
  const values = { loss: 2.5, learning_rate: 1e-3, samples_per_second: 1234 };
  for (let columns = 1; columns <= 160; columns += 1) {
    const screen = new Screen(columns);
    const progress = screen.progress({ totalSteps: 5000, epochs: 10 });
    progress.open(0);
    for (let number = 1; number <= 30; number += 1) progress.write(step(number, values));
    screen.milliseconds = 1000;
    progress.write(step(31, values));
    progress.write({ ...step(31, values), kind: "validation" });
    progress[Symbol.dispose]();
    const text = screen.take();
    const widest = Math.max(...text.replaceAll(erase, "\n").split("\n").map((line) => line.length));
    assert(widest <= Math.max(1, columns - 1), `${widest} of ${columns} columns: ${text}`);
    if (columns > 16) assert(text.includes("step 31/5,000"), text);
    if (columns > 35) assert(text.includes("loss 2.5"), text);
    if (columns > 110) {
      assertMatch(text, /loss 2\.500 → {2}▄+ {2}1\.23k samples\/s {2}lr 0\.001 {2}\d+:/);
    }
  }
});

test("progress: plain lines every few seconds where there is no terminal", () => {
  const screen = new Screen(40, false);
  const progress = screen.progress({ totalSteps: 100, intervalSeconds: 5 });
  progress.open(0);
  for (let number = 1; number <= 100; number += 1) {
    progress.write(step(number));
    screen.milliseconds += 100;
  }
  progress.write({ ...step(100, { loss: 1.25 }), kind: "validation" });
  progress[Symbol.dispose]();
  assertEquals(screen.take().trimEnd().split("\n"), [
    "epoch 1, step 1/100, loss 2.000, 10.0 steps/s, 0:10 left",
    "epoch 1, step 51/100, loss 2.000, 10.0 steps/s, 0:05 left",
    "epoch 1, step 100/100, loss 2.000, 10.0 steps/s, took 0:10",
    "validation, step 100, loss 1.250 (best), 0:10",
  ]);
});

test("progress: silent on request, and when the reader has gone", () => {
  const screen = new Screen();
  {
    using progress = screen.progress({ mode: "silent" });
    progress.open(0);
    progress.write(step(1));
    progress.write({ ...step(1), kind: "epoch" });
    progress.message("hello");
  }
  assertEquals(screen.take(), "");
  let writes = 0;
  const gone = {
    interactive: false,
    color: false,
    columns: 80,
    write(): void {
      writes += 1;
      throw new Error("EPIPE");
    },
  };
  using progress = new ProgressLine({ terminal: gone });
  progress.open(0);
  progress.message("one");
  progress.message("two");
  assertEquals(writes, 1);
});

test("progress: colors where they are welcome, a loss that is no number in red", () => {
  const screen = new Screen();
  screen.color = true;
  const progress = screen.progress({ mode: "line" });
  progress.open(0);
  progress.write(step(1, { loss: NaN }));
  assert(screen.take().includes("\x1b[31mloss nan\x1b[0m"));
  screen.color = false;
  screen.milliseconds = 100;
  progress.write(step(2));
  assertEquals(screen.take().split("\x1b").length, 2, "nothing but the line's erasing");
});

test("progress: a resumed run's speed counts its own steps alone", () => {
  const screen = new Screen();
  const progress = screen.progress({ totalSteps: 1100 });
  progress.open(1000);
  progress.write({ ...step(1001), seconds: 5000 });
  assert(!screen.take().includes("left"));
  screen.milliseconds = 1000;
  progress.write({ ...step(1010), seconds: 5009 });
  assert(screen.take().includes("1:30 left"));
});

test("trend: falling, flat and rising losses; means right from the start", () => {
  const direction = (change: (i: number) => number) => {
    const trend = new LossTrend();
    for (let i = 0; i < 200; i += 1) trend.add(change(i));
    return trend.direction;
  };
  assertEquals(direction((i) => 5 - i / 100), "falling");
  assertEquals(direction((i) => 5 + i / 100), "rising");
  assertEquals(direction((i) => 5 + (i % 2) / 50), "flat");
  const mean = new RunningMean(20);
  mean.add(3);
  assertEquals(mean.value, 3);
  const trend = new LossTrend();
  for (let i = 0; i < 100_000; i += 1) trend.add(100_000 - i);
  assert(trend.history.length >= 16 && trend.history.length <= 32);
  assert(trend.history.every((value, i, all) => i === 0 || value < all[i - 1]));
  trend.add(Infinity);
  assertEquals(trend.loss, Infinity);
  trend.add(1);
  assert(trend.loss < 100);
});

test("speed: follows a change within a minute", () => {
  const speed = new StepSpeed(0);
  assertEquals(speed.perSecond, undefined);
  for (let i = 1; i <= 100; i += 1) speed.add(i, i);
  assert(Math.abs(speed.perSecond! - 1) < 1e-9);
  for (let i = 1; i <= 600; i += 1) speed.add(100 + i, 100 + i / 10);
  assert(speed.perSecond! > 7 && speed.perSecond! < 10);
});

test("numbers of a run for people", () => {
  assertEquals(
    [0, 2, 2.34567, 0.0123456, 1e-7, 1234.56, 123456, 1e9, NaN, -Infinity].map(formatNumber),
    ["0", "2.000", "2.346", "0.01235", "1e-7", "1235", "123456", "1e9", "nan", "-inf"],
  );
  assertEquals(
    [0, 0.001, 0.00035, 0.1, 1, 3e-4, 1e-10].map(formatShort),
    ["0", "0.001", "3.5e-4", "0.1", "1", "3e-4", "1e-10"],
  );
  assertEquals(
    [0.5, 9.876, 99.96, 999.6, 12_345, 1.5e6, 2e12].map(formatRate),
    ["0.500", "9.88", "100", "1.00k", "12.3k", "1.50M", "2000G"],
  );
  assertEquals(
    [0, 59.6, 723, 3723, 90_061, -1].map(formatDuration),
    ["0:00", "1:00", "12:03", "1:02:03", "1d 01:01:01", "0:00"],
  );
  assertEquals(formatBar(0.5, 4), "██░░");
  assertEquals(formatBar(7, 2) + formatBar(-1, 1), "██░");
  assertEquals(printable("a\x1b[31m\u202eb\n"), "a?[31m?b?");
});
