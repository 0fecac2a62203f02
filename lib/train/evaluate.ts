/**
 * Measuring a model.
 *
 * @module
 */

import { autocast } from "../autograd/autocast.ts";
import { noGrad } from "../core/gradient.ts";
import type { Precision } from "../core/precision.ts";
import { scope } from "../core/scope.ts";
import { QorusError } from "../native/error.ts";
import type { Module } from "../nn/module.ts";
import type { Batch, Batches } from "./batches.ts";
import { watchFields } from "./field_watch.ts";
import { type Forward, forwardOf, type OutputOf } from "./forward.ts";
import { type LossFunction, MeanLoss } from "./metrics/mean_loss.ts";
import type { Metric } from "./metrics/metric.ts";
import { ModuleModes } from "./module_modes.ts";
import { Turns } from "./turns.ts";

const op = "evaluate";

/** What {@linkcode evaluate} measures, and with which data. */
export interface EvaluateOptions<M extends Module<unknown>, B extends Batch, Output> {
  /** The batches; all of one walk. */
  data: Batches<B>;
  /** Computes the output. Default: `model.forward(batch.x)`. */
  forward?: Forward<M, B, Output>;
  /** Its mean over all samples is the number `loss`. */
  loss?: LossFunction<NoInfer<Output>, B>;
  /** Other numbers; they are reset before. */
  metrics?: readonly Metric<Output, B>[];
  /** Precision of the products; see `autocast`. Default `f32`. */
  autocast?: Precision;
}

/**
 * Runs a model over data in mode `eval`, without recording, and gives the metrics' numbers by name.
 * The modes of all layers are brought back afterwards. Signals and timers get their turn.
 *
 * @throws {QorusError} `invalid_argument` when there is nothing to measure or no data, when two
 * metrics have one name, or when a batch lacks a field; what model, loss and metrics throw.
 *
 * @example
 * ```ts
 * import { crossEntropy, nn, tensor, train } from "@qorus/qorus";
 *
 * using model = new nn.Linear(2, 3);
 * const data = [{ x: tensor([[1, 2]]), y: tensor([0], { dtype: "i32" }) }];
 * const { loss, accuracy } = await train.evaluate(model, {
 *   data,
 *   loss: (output, { y }) => crossEntropy(output, y),
 *   metrics: [new train.Accuracy()],
 * });
 * console.log(loss, accuracy);
 * ```
 */
export async function evaluate<
  M extends Module<unknown>,
  B extends Batch,
  Output = OutputOf<M>,
>(model: M, options: EvaluateOptions<M, B, Output>): Promise<Record<string, number>> {
  const { data, loss, autocast: precision = "f32" } = options;
  const forward = forwardOf<M, B, Output>(op, options.forward);
  const metrics: Metric<Output, B>[] = loss === undefined ? [] : [new MeanLoss(loss)];
  metrics.push(...options.metrics ?? []);
  checkMetrics(op, metrics);
  using _ = new ModuleModes(model);
  model.eval();
  for (const metric of metrics) metric.reset();
  const measure = (batch: B): void => {
    const output = forward(model, batch);
    for (const metric of metrics) metric.update(output, batch);
  };
  await walk(data, (batch, isFirst) => {
    const run = () => isFirst ? watchFields(op, batch, measure) : measure(batch);
    autocast(precision, () => noGrad(run));
  });
  return Object.fromEntries(metrics.map((metric) => [metric.name, metric.compute()]));
}

/** Calls `take` with each batch, in a scope of its own. */
async function walk<B extends Batch>(
  data: Batches<B>,
  take: (batch: B, isFirst: boolean) => void,
): Promise<void> {
  const turns = new Turns();
  const batches = data[Symbol.iterator]();
  let isFirst = true;
  const step = (): boolean => {
    using _ = scope();
    const next = batches.next();
    if (next.done) return false;
    take(next.value, isFirst);
    return true;
  };
  try {
    while (step()) {
      isFirst = false;
      await turns.take();
    }
  } catch (error) {
    batches.return?.();
    throw error;
  }
  if (!isFirst) return;
  throw new QorusError(
    "invalid_argument",
    `${op}: the data has no batches: give some, or one that can be walked through again, such as ` +
      "a DataLoader or an array",
    { op, field: "data" },
  );
}

/**
 * Throws unless metrics can be told apart.
 *
 * @throws {QorusError} `invalid_argument`.
 */
export function checkMetrics(op: string, metrics: readonly { readonly name: string }[]): void {
  if (metrics.length === 0) {
    throw new QorusError("invalid_argument", `${op}: nothing to measure: give loss or metrics`, {
      op,
      field: "metrics",
    });
  }
  const names = new Set<string>();
  for (const { name } of metrics) {
    if (names.has(name)) {
      throw new QorusError(
        "invalid_argument",
        `${op}: two metrics are named ${name}: give one of them another name in its options`,
        { op, field: "metrics", given: name },
      );
    }
    names.add(name);
  }
}
