/**
 * One valid call of every export, with what each argument stands for, so that tests can damage them
 * one at a time. Those of zig/abi/NAME.zig are in export_calls/NAME.ts.
 *
 * @module
 */

import { context } from "../../lib/core/context.ts";
import { empty } from "../../lib/core/creation.ts";
import { byteLengthOf, type DType, dtypes } from "../../lib/core/dtype.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import type { Native } from "../../lib/native/abi.gen.ts";
import { attentionCalls } from "./export_calls/attention.ts";
import type { ExportCall } from "./export_calls/call.ts";
import { convolutionCalls } from "./export_calls/convolution.ts";
import { elementwiseCalls } from "./export_calls/elementwise.ts";
import { normalizationCalls } from "./export_calls/normalization.ts";
import { productsCalls } from "./export_calls/products.ts";
import { recurrentCalls } from "./export_calls/recurrent.ts";
import { samplingCalls } from "./export_calls/sampling.ts";
import { tensorsCalls } from "./export_calls/tensors.ts";
import { trainingCalls } from "./export_calls/training.ts";
import { transformerCalls } from "./export_calls/transformer.ts";

export type { Argument, ExportCall, Operand } from "./export_calls/call.ts";

/** Calls of all exports that take tensors. Made in scratch: use inside of a scope. */
export function validCalls(): ExportCall[] {
  return [
    ...tensorsCalls(),
    ...elementwiseCalls(),
    ...productsCalls(),
    ...convolutionCalls(),
    ...normalizationCalls(),
    ...attentionCalls(),
    ...recurrentCalls(),
    ...trainingCalls(),
    ...transformerCalls(),
    ...samplingCalls(),
  ];
}

/** Exports that take no tensors, or that tests of exports must leave alone. */
export const exportsWithoutTensors: readonly (keyof Native)[] = [
  "q_abi_version",
  "q_open",
  "q_close",
  "q_threads",
  "q_isa",
  "q_set_precision",
  "q_multiplies_bf16",
  "q_address",
  "q_counters",
  "q_state_create",
  "q_state_free",
  "q_map_open",
  "q_map_close",
  "q_scope_enter",
  "q_scope_leave",
  "q_scope_keep",
  "q_tensor_create",
  "q_tensor_from_map",
  "q_tensor_free",
];

/** A tensor of the dtype whose shape may have to grow to a whole number of blocks. */
export function ofType(dtype: DType, shape: readonly number[], layout?: "rows16"): Tensor {
  const isWhole = !Number.isNaN(byteLengthOf(dtype, shape));
  const sizes = isWhole ? shape : [...shape.slice(0, -1), dtypes[dtype].blockElements];
  const made = empty(sizes, { dtype, layout });
  const { length } = made.data;
  return made.write(new Uint8Array(length));
}

/** Calls an export with handles or numbers. */
export function callExport(
  name: keyof Native,
  numbers: readonly number[],
  sizes: readonly number[] = [],
): number {
  const library = context();
  library.parameters.set(sizes);
  const call = library.native[name] as (...values: number[]) => number;
  return call(...numbers);
}

/** The call's numbers, with one argument replaced. */
export function numbersOf(call: ExportCall, place = -1, replacement = 0): number[] {
  return call.arguments.map((argument, i) => {
    if (i === place) return replacement;
    return typeof argument === "number" ? argument : argument.tensor.handle;
  });
}
