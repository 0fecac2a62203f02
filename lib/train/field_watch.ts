/**
 * Noticing fields that a program expects and a batch lacks.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";
import type { Batch } from "./batches.ts";

/**
 * Runs what reads a batch. When that fails after it asked for a field that the batch has not, the
 * error says so: what comes of a missing field itself, deep inside of a loss, helps nobody.
 *
 * It costs a proxy, so that loops use it for the first batch only.
 *
 * @throws {QorusError} `invalid_argument` that names the field.
 */
export function watchFields<B extends Batch, Result>(
  op: string,
  batch: B,
  run: (batch: B) => Result,
): Result {
  checkBatch(op, batch);
  const missing = new Set<string>();
  const watched = new Proxy(batch, {
    get(target, name) {
      if (typeof name === "string" && !(name in target)) missing.add(name);
      return Reflect.get(target, name);
    },
  });
  try {
    return run(watched);
  } catch (error) {
    if (missing.size === 0) throw error;
    const names = Object.keys(batch);
    throw new QorusError(
      "invalid_argument",
      `${op}: the batch has no field ${[...missing].join(", ")}; it has ${names.join(", ")}. ` +
        "Give the data this field, or read another one in forward, loss or the metrics",
      { op, field: [...missing][0], given: names, cause: error },
    );
  }
}

function checkBatch(op: string, batch: unknown): void {
  const isRecord = typeof batch === "object" && batch !== null && !Array.isArray(batch);
  const values = isRecord ? Object.values(batch) : [];
  const isBatch = values.some((value) => typeof value === "object" && value && "handle" in value);
  if (isBatch && !("handle" in (batch as object))) return;
  throw new QorusError(
    "invalid_argument",
    `${op}: data gave no batch: expected tensors by field, such as { x, y }`,
    { op, field: "data" },
  );
}
