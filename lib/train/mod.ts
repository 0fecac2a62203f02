/**
 * Training: loops, data, metrics, logs and checkpoints.
 *
 * @module
 */

export { type Batch, type Batches, type DataState, sampleCount } from "./batches.ts";
export {
  loadCheckpoint,
  type LoadCheckpointOptions,
  saveCheckpoint,
  verifyCheckpoint,
} from "./checkpoint/checkpoint.ts";
export {
  type CheckpointEntry,
  CheckpointFolder,
  type CheckpointFolderOptions,
} from "./checkpoint/folder.ts";
export type { CheckpointParts, CheckpointProgress, Json, Stateful } from "./checkpoint/state.ts";
export { type CsvColumn, type CsvOptions, CsvRow, readCsv } from "./data/csv.ts";
export { DataLoader } from "./data/data_loader.ts";
export type { DataLoaderOptions } from "./data/data_loader_options.ts";
export type { Dataset, Field, FieldMemory, Fields, SampleMemory } from "./data/dataset.ts";
export { FileRow } from "./data/file_row.ts";
export { type IdxArray, readIdx } from "./data/idx.ts";
export { IdxImages, type IdxImagesOptions } from "./data/idx_images.ts";
export {
  type ImageShape,
  normalize,
  type NormalizeOptions,
  randomCrop,
  type RandomCropOptions,
  randomHorizontalFlip,
  type RandomHorizontalFlipOptions,
} from "./data/image_transforms.ts";
export type { IterableDataset, Sample } from "./data/iterable_dataset.ts";
export { JsonRow, readJsonLines } from "./data/json_lines.ts";
export { fromRows, type RowField, type RowFields, streamRows } from "./data/rows.ts";
export { randomSplit, Subset } from "./data/subset.ts";
export { type FieldInput, type FieldValues, TensorDataset } from "./data/tensor_dataset.ts";
export { TextWindows, type TextWindowsOptions } from "./data/text_windows.ts";
export { compose, type Transform } from "./data/transform.ts";
export { EarlyStopping, type EarlyStoppingOptions } from "./early_stopping.ts";
export { evaluate, type EvaluateOptions } from "./evaluate.ts";
export { fit } from "./fit.ts";
export type {
  BestValue,
  EpochEvent,
  FitCheckpoint,
  FitEarlyStopping,
  FitOptions,
  FitResult,
  FitSchedule,
  FitValidation,
  StepEvent,
} from "./fit/options.ts";
export type { Forward, OutputOf } from "./forward.ts";
export { readRunLog } from "./logs/json_lines.ts";
export { JsonLinesLog } from "./logs/json_lines_log.ts";
export type { RunLog, RunRecord } from "./logs/run_log.ts";
export { TensorBoardLog } from "./logs/tensorboard_log.ts";
export { Mean } from "./meters/mean.ts";
export { Throughput } from "./meters/throughput.ts";
export { Accuracy, type AccuracyOptions } from "./metrics/accuracy.ts";
export type { ClassMetricOptions } from "./metrics/class_rows.ts";
export { ConfusionMatrix, type ConfusionMatrixOptions } from "./metrics/confusion_matrix.ts";
export { type LossFunction, MeanLoss } from "./metrics/mean_loss.ts";
export type { Metric } from "./metrics/metric.ts";
export { Perplexity, type PerplexityOptions } from "./metrics/perplexity.ts";
export { lineChart, type LineChartOptions } from "./plot/chart.ts";
export type { Curve } from "./plot/curve.ts";
export { type PlotOptions, plotRuns } from "./plot/plot_runs.ts";
export type { NamedRun } from "./plot/run_curves.ts";
export type { Series } from "./plot/series.ts";
export { sparkline } from "./plot/sparkline.ts";
export {
  ProgressLine,
  type ProgressLineOptions,
  type ProgressMode,
} from "./progress/progress_line.ts";
export { type Terminal, terminal } from "./progress/terminal.ts";
export {
  type Clip,
  type StepOptimizer,
  type StepUpdate,
  TrainingStep,
  type TrainingStepOptions,
} from "./training_step.ts";
export { WeightCopy } from "./weight_copy.ts";
