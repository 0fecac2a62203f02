/**
 * A run's records as TensorBoard shows them.
 *
 * @module
 */

import { readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { systemError } from "../../formats/file_error.ts";
import { scalarsEvent, startEvent, tfRecord, versionEvent } from "./event.ts";
import { checkStep, LogFile, makeFolder, openFile } from "./log_file.ts";
import type { RunLog, RunRecord } from "./run_log.ts";

const filePrefix = "events.out.tfevents.";

/**
 * Writes the records of a run as TensorBoard's event files: a scalar for each number, with tags
 * such as `train/loss` and `validation/accuracy`, as f32. See them with
 * `tensorboard --logdir runs`.
 *
 * Each `open` begins a file of its own, which tells TensorBoard to forget what the folder's earlier
 * files say about later steps: that is how event files, which only grow, are resumed.
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * using log = new train.TensorBoardLog("runs/a");
 * log.open(0);
 * log.write({ kind: "train", step: 1, epoch: 1, seconds: 0.2, values: { loss: 4.17 } });
 * ```
 */
export class TensorBoardLog implements RunLog {
  /** The folder. */
  readonly folder: string;
  #file: LogFile | undefined;

  /** A log in a folder, which is touched when it is opened. */
  constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * Begins a file; makes the folder where it is missing.
   *
   * @throws {QorusError} `io` where the system refuses, `invalid_argument` for a wrong step.
   */
  open(step: number): void {
    this[Symbol.dispose]();
    checkStep(step, "TensorBoardLog.open", this.folder);
    makeFolder(this.folder);
    const file = new LogFile(join(this.folder, fileName(this.folder)), true);
    this.#file = file;
    file.append(tfRecord(versionEvent(Date.now() / 1000)));
    file.append(tfRecord(startEvent(Date.now() / 1000, step + 1)));
  }

  /**
   * Takes a record.
   *
   * @throws {QorusError} `invalid_argument` for a log that is not open and a step that is no whole
   * number of 0 or more, `io` where the system refuses to write.
   */
  write({ kind, step, values }: RunRecord): void {
    const file = openFile(this.#file, "TensorBoardLog", this.folder);
    checkStep(step, "TensorBoardLog.write", this.folder);
    const scalars = Object.entries(values).map(([name, value]): [string, number] => [
      `${kind}/${name}`,
      value,
    ]);
    file.append(tfRecord(scalarsEvent(Date.now() / 1000, step, scalars)));
  }

  /** Brings all events to the disk; throws `io`. */
  flush(): void {
    this.#file?.flush();
  }

  /** Writes what is left and closes the file. */
  [Symbol.dispose](): void {
    const file = this.#file;
    this.#file = undefined;
    file?.[Symbol.dispose]();
  }
}

/**
 * A name for a new file. Readers take files in the order of their names, which begin with the
 * second: a file begun within the same second as another one counts as of the next.
 */
function fileName(folder: string): string {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw systemError(folder, "list its files", error);
  }
  const times = names.filter((name) => name.startsWith(filePrefix))
    .map((name) => Number.parseInt(name.slice(filePrefix.length), 10))
    .filter(Number.isSafeInteger);
  const now = Math.floor(Date.now() / 1000);
  const time = times.reduce((latest, other) => Math.max(latest, other + 1), now);
  return `${filePrefix}${String(time).padStart(10, "0")}.${hostname()}.${process.pid}.qorus`;
}
