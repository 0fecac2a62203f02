/**
 * What metrics of classifiers share: finding classes and targets in outputs and batches.
 *
 * @module
 */

import type { Tensor } from "../../core/tensor.ts";
import { QorusError } from "../../native/error.ts";
import type { Batch } from "../batches.ts";

/** Where a metric finds logits and the classes that they should name. */
export interface ClassMetricOptions<Output = Tensor, B extends Batch = Batch> {
  /** The logits in what the model gives. Default: the output itself, which must be a tensor. */
  logits?: (output: Output, batch: B) => Tensor;
  /** The right classes, i32, shaped like the logits without their classes. Default: `batch.y`. */
  target?: (batch: B) => Tensor;
  /**
   * The dimension of classes. Default: that which the target lacks; if two fit, dimension 1, as
   * `crossEntropy` has it.
   */
  axis?: number;
  /** Class of rows that do not count. Default -100. */
  ignoreIndex?: number;
}

/** Logits with the classes last, beside the right classes. */
export interface ClassRows {
  /** f32 `[rows, classes]`, contiguous. */
  readonly logits: Tensor;
  /** i32 `[rows]`. */
  readonly target: Tensor;
  /** The right classes as numbers; -1 in rows that do not count. */
  readonly labels: Int32Array;
  /** Rows that count. */
  readonly count: number;
}

/**
 * The rows of a batch.
 *
 * @throws {QorusError} `invalid_argument` when there are no logits or no target, `invalid_shape`
 * and `invalid_dtype` when they do not fit, `out_of_range` for a class that there is not.
 */
export function classRows<Output, B extends Batch>(
  metric: string,
  output: Output,
  batch: B,
  options: ClassMetricOptions<Output, B>,
): ClassRows {
  const logits = options.logits === undefined ? output : options.logits(output, batch);
  const target = options.target === undefined ? batch.y : options.target(batch);
  if (!isTensor(logits)) {
    throw refusal(metric, "logits", "the model gives no tensor: say where the logits are, as in");
  }
  if (!isTensor(target)) {
    const fields = Object.keys(batch).join(", ");
    const advice = `the batch has ${fields}, and no y: say where the classes are, as in`;
    throw refusal(metric, "target", advice);
  }
  const rows = classesLast(metric, logits, target, options.axis);
  return countRows(metric, rows, target.reshape([target.size]), options.ignoreIndex ?? -100);
}

function isTensor(value: unknown): value is Tensor {
  return typeof value === "object" && value !== null && "handle" in value && "shape" in value;
}

function refusal(metric: string, field: string, problem: string): QorusError {
  const examples: Record<string, string> = {
    logits: `new ${metric}({ logits: (output) => output.logits })`,
    target: `new ${metric}({ target: (batch) => batch.label })`,
  };
  return new QorusError("invalid_argument", `${metric}: ${problem} ${examples[field]}`, {
    op: metric,
    field,
  });
}

/** `[..., classes]` as a matrix. */
function classesLast(metric: string, logits: Tensor, target: Tensor, axis?: number): Tensor {
  if (target.dtype !== "i32") {
    throw new QorusError(
      "invalid_dtype",
      `${metric}: the target is ${target.dtype}, expected classes in i32`,
      { op: metric, field: "target", given: target.dtype, expected: "i32" },
    );
  }
  const [given, expected] = [logits.shape, target.shape];
  const { rank } = logits;
  const candidates = axis === undefined ? [1, rank - 1] : [axis < 0 ? axis + rank : axis];
  const along = candidates.find((dimension) => {
    const others = given.filter((_, i) => i !== dimension);
    return dimension < rank && others.join() === expected.join();
  });
  if (along === undefined || along < 0) {
    throw new QorusError(
      "invalid_shape",
      `${metric}: logits [${given}] for a target of [${expected}]: expected the target's shape ` +
        `with a dimension of classes${axis === undefined ? "" : ` at ${axis}`}; bring them into ` +
        "shape with the options logits and target",
      { op: metric, given, expected },
    );
  }
  if (along === rank - 1) return logits.reshape([-1, given[along]]);
  const others = given.map((_, i) => i).filter((i) => i !== along);
  return logits.permute([...others, along]).reshape([-1, given[along]]);
}

function countRows(
  metric: string,
  logits: Tensor,
  target: Tensor,
  ignoreIndex: number,
): ClassRows {
  const labels = target.read() as Int32Array;
  const classes = logits.shape[1];
  let count = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (label === ignoreIndex) {
      labels[i] = -1;
      continue;
    }
    if (label < 0 || label >= classes) {
      throw new QorusError(
        "out_of_range",
        `${metric}: target ${i} is class ${label}, expected 0 to ${classes - 1}, or ` +
          `${ignoreIndex} to leave the row out`,
        { op: metric, field: "target", given: label },
      );
    }
    count++;
  }
  return { logits, target, labels, count };
}
