/**
 * Training: loops, data, metrics, logs and checkpoints.
 *
 * @module
 */

export type { Batch, Batches, DataState } from "./batches.ts";
export type { CheckpointParts, CheckpointProgress, Json, Stateful } from "./checkpoint/state.ts";
export type { Dataset, Field, FieldMemory } from "./data/dataset.ts";
export type { RunLog, RunRecord } from "./logs/run_log.ts";
export type { Metric } from "./metrics/metric.ts";
