/**
 * Training: loops, data, metrics, logs and checkpoints.
 *
 * @module
 */

export type { Batch, Batches, DataState } from "./batches.ts";
export {
  loadCheckpoint,
  type LoadCheckpointOptions,
  saveCheckpoint,
  verifyCheckpoint,
} from "./checkpoint/checkpoint.ts";
export type { CheckpointParts, CheckpointProgress, Json, Stateful } from "./checkpoint/state.ts";
export { DataLoader } from "./data/data_loader.ts";
export type { DataLoaderOptions } from "./data/data_loader_options.ts";
export type { Dataset, Field, FieldMemory, Fields, SampleMemory } from "./data/dataset.ts";
export type { IterableDataset, Sample } from "./data/iterable_dataset.ts";
export { type FieldInput, type FieldValues, TensorDataset } from "./data/tensor_dataset.ts";
export { TextWindows, type TextWindowsOptions } from "./data/text_windows.ts";
export { compose, type Transform } from "./data/transform.ts";
export { readRunLog } from "./logs/json_lines.ts";
export { JsonLinesLog } from "./logs/json_lines_log.ts";
export type { RunLog, RunRecord } from "./logs/run_log.ts";
export type { Metric } from "./metrics/metric.ts";
export { sparkline } from "./plot/sparkline.ts";
export {
  ProgressLine,
  type ProgressLineOptions,
  type ProgressMode,
} from "./progress/progress_line.ts";
export { type Terminal, terminal } from "./progress/terminal.ts";
