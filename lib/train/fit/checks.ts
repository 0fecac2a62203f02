/**
 * Options of `fit` that cannot be.
 *
 * @module
 */

import { checkOptions, unexpected } from "../../core/arguments.ts";
import { QorusError } from "../../native/error.ts";
import { Module } from "../../nn/module.ts";
import type { Batch, Batches } from "../batches.ts";
import { checkMetrics } from "../evaluate.ts";
import type { FitOptions, FitValidation } from "./options.ts";

const op = "fit";

/** An error about one option. */
export function optionError(field: string, given: unknown, message: string): QorusError {
  return new QorusError("invalid_argument", `${op}: ${message}`, { op, field, given });
}

/** Throws unless an option that is given is a whole number of at least `lowest`. */
export function checkCount(field: string, value: number | undefined, lowest = 1): void {
  if (value === undefined || (Number.isInteger(value) && value >= lowest)) return;
  const expected = `expected a whole number of at least ${lowest}`;
  throw optionError(field, value, `${field} is ${value}, ${expected}`);
}

/** Validation data with how often, whichever way it was given. */
export function validationOf<B extends Batch>(
  validate: Batches<B> | FitValidation<B> | undefined,
): FitValidation<B> | undefined {
  if (validate === undefined) return undefined;
  const validation = Symbol.iterator in validate ? { data: validate } : validate;
  checkData("validate", validation.data);
  checkCount("validate.everySteps", validation.everySteps);
  return validation;
}

/**
 * Throws for options that cannot be, before anything is done.
 *
 * @throws {QorusError} `invalid_argument` that names the option.
 */
export function checkFitOptions<M extends Module<unknown>, B extends Batch, Output>(
  model: M,
  options: FitOptions<M, B, Output>,
): void {
  if (!(model instanceof Module)) throw unexpected(model, "a module of nn", "model", op);
  checkOptions(options, op);
  checkData("data", options.data);
  if (typeof options.loss !== "function") {
    const example = "loss: (output, batch) => crossEntropy(output, batch.y)";
    throw optionError("loss", options.loss, `there is no loss: give one, as in ${example}`);
  }
  if (typeof options.optimizer?.step !== "function") {
    const example = "optimizer: new optim.AdamW(model.parameters(), { lr: 1e-3 })";
    throw optionError(
      "optimizer",
      options.optimizer,
      `there is no optimizer: give one, as in ${example}`,
    );
  }
  checkLength(options);
  checkCount("logEverySteps", options.logEverySteps);
  checkNumbers(options);
  const { onDivergence = "stop" } = options;
  if (onDivergence !== "stop" && onDivergence !== "continue") {
    const message = `onDivergence is ${onDivergence}, expected stop or continue`;
    throw optionError("onDivergence", onDivergence, message);
  }
}

function checkData(field: string, data: unknown): void {
  const isIterable = typeof data === "object" && data !== null && Symbol.iterator in data;
  if (!isIterable) {
    const expected = "a DataLoader, an array of batches, or what else can be walked through";
    throw optionError(field, data, `${field} is ${data}, expected ${expected}`);
  }
  if ("length" in data && data.length === 0) {
    throw optionError(field, data, `${field} has no batches: give it samples, or lower batchSize`);
  }
}

function checkLength({ epochs, steps }: { epochs?: number; steps?: number }): void {
  checkCount("epochs", epochs);
  checkCount("steps", steps);
  if ((epochs === undefined) !== (steps === undefined)) return;
  const problem = epochs === undefined
    ? "neither epochs nor steps are given: say how long to train, as in epochs: 10"
    : "epochs and steps are both given: leave one out";
  throw optionError("epochs", epochs, problem);
}

/** Checks metrics, and that what is watched will be there. */
function checkNumbers<M extends Module<unknown>, B extends Batch, Output>(
  options: FitOptions<M, B, Output>,
): void {
  const { metrics = [], validate, earlyStopping, schedule, checkpoint } = options;
  if (metrics.length > 0 && validate === undefined) {
    const problem = "metrics are measured on validation data: give validate as well";
    throw optionError("metrics", metrics.map(({ name }) => name), problem);
  }
  checkMetrics(op, [{ name: "loss" }, ...metrics]);
  const names = ["loss", ...metrics.map(({ name }) => name)];
  const check = (field: string, metric: string | undefined): void => {
    if (metric === undefined || names.includes(metric)) return;
    const problem = `${field} is ${metric}, expected one of ${names.join(", ")}`;
    throw optionError(field, metric, problem);
  };
  check("earlyStopping.metric", earlyStopping?.metric);
  check("checkpoint.best", checkpoint?.best);
  if (typeof schedule === "object" && "metric" in schedule) {
    check("schedule.metric", schedule.metric);
  }
}
