/**
 * Curves out of the records of runs.
 *
 * @module
 */

import { QorusError } from "../../native/error.ts";
import type { RunRecord } from "../logs/run_log.ts";
import { printable } from "../progress/format.ts";

/** A run with a name. */
export interface NamedRun {
  /** Its name in legends. */
  readonly name: string;
  /** Its records, as {@linkcode readRunLog} reads them. */
  readonly records: readonly RunRecord[];
}

/** One number of a run over its steps. */
export interface RunCurve {
  /** The run's name. */
  readonly run: string;
  /** Place of the run among the runs. */
  readonly runNumber: number;
  /** What it is about. */
  readonly kind: RunRecord["kind"];
  /** The number's name, such as `loss`. */
  readonly metric: string;
  /** Steps. */
  readonly steps: readonly number[];
  /** The numbers at these steps. */
  readonly values: readonly number[];
}

const kinds: readonly RunRecord["kind"][] = ["train", "validation", "epoch"];

/** Names of the numbers in records of some kinds, in the order in which they appear. */
function metricNames(runs: readonly NamedRun[], taken: readonly RunRecord["kind"][]): string[] {
  const names = new Set<string>();
  for (const { records } of runs) {
    for (const { kind, values } of records) {
      if (taken.includes(kind)) { for (const name of Object.keys(values)) names.add(name); }
    }
  }
  return [...names];
}

/** What is of interest when nothing is asked for: the loss, and what validations measure. */
function defaultMetrics(runs: readonly NamedRun[]): string[] {
  const all = metricNames(runs, kinds);
  const names = [
    ...all.filter((name) => name === "loss"),
    ...metricNames(runs, ["validation"]).filter((name) => name !== "loss"),
  ];
  return names.length > 0 ? names : all;
}

/**
 * The curves of runs: metric after metric, run after run, training before validation. Numbers of
 * whole epochs are taken where training steps have none of that name.
 *
 * @param metrics names of the numbers; default: `loss` and what validations measure
 * @throws {QorusError} `invalid_argument` where there is no record, or no number of a name.
 */
export function runCurves(runs: readonly NamedRun[], metrics?: readonly string[]): RunCurve[] {
  const all = metricNames(runs, kinds);
  if (all.length === 0) {
    const names = runs.map(({ name }) => printable(name)).join(", ");
    throw new QorusError("invalid_argument", `${names || "no runs"}: no numbers to plot yet`, {
      op: "plotRuns",
      given: runs.map(({ name }) => name),
    });
  }
  return (metrics ?? defaultMetrics(runs)).flatMap((metric) => {
    if (!all.includes(metric)) {
      throw new QorusError(
        "invalid_argument",
        `${JSON.stringify(metric)}: no run has a number of that name; there are ` +
          all.map(printable).join(", "),
        { op: "plotRuns", field: "metrics", given: metric, expected: all },
      );
    }
    return runs.flatMap((run, runNumber) => curvesOf(run, runNumber, metric));
  });
}

function curvesOf({ name, records }: NamedRun, runNumber: number, metric: string): RunCurve[] {
  const curves = kinds.map((kind) => {
    const taken = records.filter((record) =>
      record.kind === kind && Object.hasOwn(record.values, metric)
    );
    const steps = taken.map(({ step }) => step);
    const values = taken.map((record) => record.values[metric]);
    return { run: name, runNumber, kind, metric, steps, values };
  });
  const [train, validation, epoch] = curves;
  const first = train.values.length > 0 ? train : epoch;
  return [first, validation].filter(({ values }) => values.length > 0);
}
