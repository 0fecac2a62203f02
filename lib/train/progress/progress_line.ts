/**
 * What people see of a run while it goes on.
 *
 * @module
 */

import type { RunLog, RunRecord } from "../logs/run_log.ts";
import {
  liveLine,
  plainLine,
  plainResult,
  type ProgressState,
  resultLines,
  type RunLength,
} from "./progress_text.ts";
import { type Terminal, terminal } from "./terminal.ts";
import { LossTrend, StepSpeed } from "./trend.ts";

/**
 * How progress is shown: as a line that is rewritten in place (`line`), as lines every few seconds
 * (`plain`), not at all (`silent`), or as `line` on terminals and `plain` elsewhere (`auto`).
 */
export type ProgressMode = "auto" | "line" | "plain" | "silent";

/** How long a run is, and how and where its progress is shown. */
export interface ProgressLineOptions {
  /** How it is shown; default: `auto`. */
  readonly mode?: ProgressMode;
  /** Optimizer steps in all; default: `epochs * stepsPerEpoch` where both are known. */
  readonly totalSteps?: number;
  /** Optimizer steps of an epoch. */
  readonly stepsPerEpoch?: number;
  /** Epochs in all. */
  readonly epochs?: number;
  /** Seconds between plain lines; default: 5. */
  readonly intervalSeconds?: number;
  /** Where it is shown; default: stderr. */
  readonly terminal?: Terminal;
  /** Milliseconds since some moment; default: `performance.now`. */
  readonly clock?: () => number;
}

const redrawMilliseconds = 100;
const eraseLine = "\r\x1b[K";

/**
 * Shows a run on the terminal: epoch, step, smoothed loss with its trend, speed, learning rate and
 * time left. Epochs and validations leave a line of their own.
 *
 * The line is rewritten at most ten times a second, is never wider than the terminal, and has no
 * colors where NO_COLOR (no-color.org) is set. Numbers are those of the records: `loss`,
 * `learning_rate`, `tokens_per_second` or `samples_per_second`.
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * using progress = new train.ProgressLine({ totalSteps: 1000 });
 * progress.open(0);
 * progress.write({ kind: "train", step: 1, epoch: 1, seconds: 0.1, values: { loss: 2.3 } });
 * ```
 */
export class ProgressLine implements RunLog {
  readonly #terminal: Terminal;
  readonly #clock: () => number;
  readonly #length: RunLength;
  readonly #intervalMilliseconds: number;
  #mode: Exclude<ProgressMode, "auto">;
  #trend = new LossTrend();
  #speed = new StepSpeed(0);
  #record: RunRecord | undefined;
  #bestLoss = Infinity;
  #isDrawn = false;
  #isStale = false;
  #lastShown = -Infinity;

  /** A line that shows nothing before the first record. */
  constructor(options: ProgressLineOptions = {}) {
    const { mode = "auto", epochs, stepsPerEpoch, intervalSeconds = 5 } = options;
    const product = epochs === undefined || stepsPerEpoch === undefined
      ? undefined
      : epochs * stepsPerEpoch;
    this.#terminal = options.terminal ?? terminal();
    this.#clock = options.clock ?? (() => performance.now());
    this.#length = { epochs, totalSteps: options.totalSteps ?? product };
    this.#intervalMilliseconds = intervalSeconds * 1000;
    this.#mode = mode !== "auto" ? mode : this.#terminal.interactive ? "line" : "plain";
  }

  /** Begins, or goes on after `step` steps. */
  open(step: number): void {
    this.#trend = new LossTrend();
    this.#speed = new StepSpeed(step);
    this.#record = undefined;
    this.#lastShown = -Infinity;
  }

  /** Takes a record in, and shows it if it is time to. */
  write(record: RunRecord): void {
    this.#speed.add(record.step, record.seconds);
    if (record.kind === "train") this.#addStep(record);
    else this.#addResult(record);
  }

  /** Prints a line that stays, such as what a run begins with. */
  message(text: string): void {
    this.#print([text]);
  }

  /** Shows the last step's numbers where the line is behind them. */
  flush(): void {
    if (this.#mode === "line" && this.#isStale) this.#draw();
  }

  /** Ends: the last state of the line stays. */
  [Symbol.dispose](): void {
    this.flush();
    if (this.#isDrawn) this.#put("\n");
    this.#isDrawn = false;
    this.#record = undefined;
  }

  #addStep(record: RunRecord): void {
    this.#record = record;
    if ("loss" in record.values) this.#trend.add(record.values.loss);
    this.#isStale = true;
    const waited = this.#clock() - this.#lastShown;
    const isLast = record.step === this.#length.totalSteps;
    if (this.#mode === "line") {
      if (isLast || waited >= redrawMilliseconds) this.#draw();
    } else if (this.#mode === "plain" && (isLast || waited >= this.#intervalMilliseconds)) {
      this.#shown();
      this.#put(`${plainLine(this.#state(record))}\n`);
    }
  }

  #addResult(record: RunRecord): void {
    const loss = record.values.loss;
    const isBest = record.kind === "validation" && loss < this.#bestLoss;
    if (isBest) this.#bestLoss = loss;
    if (this.#mode === "silent") return;
    const { columns, color } = this.#terminal;
    this.#print(
      this.#mode === "line"
        ? resultLines(record, this.#length, isBest, columns - 1, color)
        : [plainResult(record, this.#length, isBest)],
    );
  }

  #state(record: RunRecord): ProgressState {
    const { loss, direction, history } = this.#trend;
    const stepsPerSecond = this.#speed.perSecond;
    return { record, loss, direction, history, stepsPerSecond, length: this.#length };
  }

  #print(lines: readonly string[]): void {
    if (this.#mode === "silent") return;
    const erase = this.#isDrawn ? eraseLine : "";
    this.#isDrawn = false;
    this.#put(`${erase}${lines.join("\n")}\n`);
    if (erase !== "") this.#draw();
  }

  #draw(): void {
    if (this.#record === undefined) return;
    // The last column stays free: some terminals break the line as soon as it is full.
    const room = Math.max(1, this.#terminal.columns - 1);
    const line = liveLine(this.#state(this.#record), room, this.#terminal.color);
    this.#shown();
    this.#isDrawn = true;
    this.#put(eraseLine + line);
  }

  #shown(): void {
    this.#lastShown = this.#clock();
    this.#isStale = false;
  }

  #put(text: string): void {
    if (this.#mode === "silent") return;
    try {
      this.#terminal.write(text);
    } catch {
      // Whoever watched has gone, and stderr with them: that must not end a run of hours.
      this.#mode = "silent";
    }
  }
}
