/**
 * What tells one optimizer from another.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";

/** Options that every optimizer has. */
export interface OptimizerOptions {
  /** Learning rate. */
  lr: number;
  /** Factor of the parameters' own values in their gradients. Default 0. */
  weightDecay?: number;
}

/** How parameters follow their gradients; the native library has the arithmetic. */
export interface Rule<Options extends OptimizerOptions> {
  /** The optimizer's name, for messages and state dicts. */
  readonly name: string;
  /** Code of zig/kernels/cpu/optimizers_interface.zig. */
  readonly code: number;
  /** Values of options that are left out. */
  readonly defaults: Required<Options>;
  /** Names of the tensors that belong to each parameter, as PyTorch has them. */
  stateNames(options: Required<Options>): readonly string[];
  /** The numbers of step `count`, from 1, in the order of the native library's structure. */
  numbers(options: Required<Options>, count: number): readonly number[];
  /** Throws when an option is out of its range. */
  check(options: Required<Options>): void;
}

/**
 * Throws unless an option lies in its range.
 *
 * @param below when given, the option must be less than this
 */
export function checkOption(
  optimizer: string,
  name: string,
  value: number,
  below?: number,
): void {
  if (value >= 0 && value < (below ?? Infinity)) return;
  const range = below === undefined ? "0 or more" : `0 to less than ${below}`;
  throw new QorusError("invalid_argument", `${optimizer}: ${name} ${value}, expected ${range}`, {
    op: optimizer,
    field: name,
    given: value,
    expected: range,
  });
}
