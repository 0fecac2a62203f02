/**
 * Optimizers, schedules of the learning rate, limits on gradients.
 *
 * @module
 */

export { Adam } from "./adam.ts";
export type { AdamOptions } from "./adam_rule.ts";
export { AdamW } from "./adamw.ts";
export { clipGradNorm, type ClipGradNormOptions, clipGradValue } from "./clip_gradients.ts";
export { Lion, type LionOptions } from "./lion.ts";
export { Optimizer } from "./optimizer.ts";
export type {
  Learnable,
  LearnableInput,
  ParameterGroup,
  ParameterGroupInput,
} from "./parameter_group.ts";
export { RMSprop, type RmspropOptions } from "./rmsprop.ts";
export type { OptimizerOptions, Rule } from "./rule.ts";
export {
  CosineAnnealingLR,
  type CosineAnnealingLROptions,
} from "./schedulers/cosine_annealing_lr.ts";
export { CosineWarmupLR, type CosineWarmupLROptions } from "./schedulers/cosine_warmup_lr.ts";
export { ExponentialLR, type ExponentialLROptions } from "./schedulers/exponential_lr.ts";
export { LinearLR, type LinearLROptions } from "./schedulers/linear_lr.ts";
export { MultiStepLR, type MultiStepLROptions } from "./schedulers/multi_step_lr.ts";
export { OneCycleLR, type OneCycleLROptions } from "./schedulers/one_cycle_lr.ts";
export {
  ReduceLROnPlateau,
  type ReduceLROnPlateauOptions,
} from "./schedulers/reduce_lr_on_plateau.ts";
export {
  type LearningRateRule,
  type Schedulable,
  Scheduler,
  type SchedulerState,
} from "./schedulers/scheduler.ts";
export { StepLR, type StepLROptions } from "./schedulers/step_lr.ts";
export { SGD, type SgdOptions } from "./sgd.ts";
export type { OptimizerGroupState, OptimizerState } from "./state_dict.ts";
