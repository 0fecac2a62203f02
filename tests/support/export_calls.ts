/**
 * One valid call of every export, with what each argument stands for, so that tests can damage them
 * one at a time.
 *
 * @module
 */

import { context } from "../../lib/core/context.ts";
import { empty, full, tensor } from "../../lib/core/creation.ts";
import { byteLengthOf, type DType, dtypes } from "../../lib/core/dtype.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import type { Native } from "../../lib/native/abi.gen.ts";

/** What an export asks of a tensor. */
export interface Operand {
  /** The operand. */
  readonly tensor: Tensor;
  /**
   * `floats` takes f32 of any strides, `rows` contiguous f32, `indices` i32 of any strides,
   * `integers` contiguous i32, `weight` any contiguous matrix, `any` everything,
   * `cache` f32, f16 or q8_0; `out` contiguous writable f32.
   */
  readonly kind: "floats" | "rows" | "indices" | "integers" | "weight" | "any" | "cache" | "out";
  /** 0 stands for "none". */
  readonly optional: boolean;
  /** Another shape is as good: nothing else in the call depends on it. */
  readonly free: boolean;
}

/** A number, or a tensor that the call gets as its handle. */
export type Argument = number | Operand;

/** A valid call. */
export interface ExportCall {
  readonly name: keyof Native;
  readonly arguments: readonly Argument[];
  /** Written to the shared parameters before the call. */
  readonly sizes?: readonly number[];
}

function operand(
  made: Tensor,
  kind: Operand["kind"],
  { optional = false, free = false } = {},
): Operand {
  return { tensor: made, kind, optional, free };
}

const rows = (shape: number[], options?: { optional?: boolean; free?: boolean }) =>
  operand(full(shape, 0.5), "rows", options);
const images = (shape: number[]) => rows(shape, { free: true });
const floats = (shape: number[], options?: { free?: boolean }) =>
  operand(full(shape, 0.5), "floats", options);
const out = (shape: number[]) => operand(full(shape, 0), "out", { optional: true });
const target = (shape: number[]) => operand(full(shape, 0), "out");
const weight = (shape: number[], options?: { free?: boolean }) =>
  operand(full(shape, 0.5), "weight", options);
const integers = (values: number[], options?: { optional?: boolean; free?: boolean }) =>
  operand(tensor(new Int32Array(values)), "integers", options);
const indices = (values: number[][], options?: { free?: boolean }) =>
  operand(tensor(values, { dtype: "i32" }), "indices", options);
const any = (shape: number[]) => operand(full(shape, 0.5), "any", { free: true });
const cache = (options?: { free?: boolean }) => operand(full([2, 9, 4], 0.5), "cache", options);

/** f32 numbers as the words in which parameters hold them. */
export function floatWords(values: readonly number[]): number[] {
  return [...new Uint32Array(Float32Array.from(values).buffer)];
}

/** Calls of all exports that take tensors. Made in scratch: use inside of a scope. */
export function validCalls(): ExportCall[] {
  const [unary, add, silent, half] = [5, 0, 0, 1];
  const sampling = floatWords([0.7, 0, 0.9, 0.05, 1.1]);
  return [
    { name: "q_tensor_name", arguments: [any([3]), 4] },
    { name: "q_reshape", arguments: [operand(full([3, 4], 1), "any"), 2], sizes: [2, 6] },
    { name: "q_permute", arguments: [operand(full([3, 4], 1), "any"), 2], sizes: [1, 0] },
    { name: "q_slice", arguments: [operand(full([5, 4], 1), "any", { free: true }), 0, 1, 2, 2] },
    { name: "q_expand", arguments: [operand(full([1, 4], 1), "any"), 2], sizes: [3, 4] },
    { name: "q_copy", arguments: [operand(full([3, 4], 1), "floats"), out([3, 4])] },
    { name: "q_fill", arguments: [operand(full([3, 4], 1), "rows", { free: true }), 2] },
    {
      name: "q_convert",
      arguments: [rows([3, 4]), operand(full([3, 4], 0), "out", { optional: false })],
    },
    { name: "q_unary", arguments: [unary, floats([3, 4]), out([3, 4])] },
    { name: "q_binary", arguments: [add, floats([3, 4]), floats([3, 4]), out([3, 4])] },
    { name: "q_binary_scalar", arguments: [add, floats([3, 4]), 2, silent, out([3, 4])] },
    { name: "q_silu_mul", arguments: [rows([3, 4]), rows([3, 4]), out([3, 4])] },
    { name: "q_matmul", arguments: [floats([3, 4]), floats([4, 5]), out([3, 5])] },
    {
      name: "q_linear",
      arguments: [rows([3, 32]), weight([5, 32]), rows([5], { optional: true }), out([3, 5])],
    },
    {
      name: "q_linears",
      arguments: [
        rows([3, 32], { free: true }),
        weight([5, 32]),
        weight([4, 32]),
        operand(full([6, 32], 0.5), "weight", { optional: true }),
        rows([5], { optional: true }),
        rows([4], { optional: true }),
        rows([6], { optional: true }),
      ],
    },
    {
      name: "q_gated_linear",
      arguments: [
        rows([3, 32], { free: true }),
        weight([5, 32]),
        weight([5, 32]),
        rows([5], { optional: true }),
        rows([5], { optional: true }),
      ],
    },
    {
      name: "q_add_linear",
      arguments: [target([3, 5]), rows([3, 32]), weight([5, 32]), rows([5], { optional: true })],
    },
    {
      name: "q_embedding",
      arguments: [weight([5, 32], { free: true }), integers([1, 4]), out([2, 32])],
    },
    {
      name: "q_convolution",
      arguments: [images([2, 4, 5, 6]), images([6, 2, 3, 2]), rows([6], { optional: true })],
      sizes: [2, 1, 1, 0, 1, 2, 2],
    },
    {
      name: "q_convolution_transpose",
      arguments: [images([2, 6, 3, 4]), images([6, 2, 3, 2]), rows([4], { optional: true })],
      sizes: [2, 1, 1, 0, 1, 2, 2, 5, 6],
    },
    {
      name: "q_convolution_weight_gradient",
      arguments: [images([2, 4, 5, 6]), rows([2, 6, 3, 4])],
      sizes: [2, 1, 1, 0, 1, 2, 2, 3, 2],
    },
    {
      name: "q_max_pool",
      arguments: [images([2, 3, 5, 6])],
      sizes: [2, 3, 1, 2, 1, 0, 1, 1, 0],
    },
    {
      name: "q_max_pool_gradient",
      arguments: [
        rows([1, 2, 1, 3]),
        operand(tensor(new Int32Array([1, 4, 5, 6, 9, 3]), { shape: [1, 2, 1, 3] }), "integers"),
      ],
      sizes: [2, 5],
    },
    {
      name: "q_average_pool",
      arguments: [images([2, 3, 5, 6]), 0],
      sizes: [2, 3, 1, 2, 1, 0, 0, 1],
    },
    {
      name: "q_average_pool_gradient",
      arguments: [operand(full([2, 3, 3, 2], 1), "rows", { free: true }), 1],
      sizes: [3, 2, 0, 0, 0, 0, 0, 0, 5, 6],
    },
    { name: "q_softmax", arguments: [rows([3, 4]), 1, out([3, 4])] },
    { name: "q_causal_mask", arguments: [rows([3, 4], { free: true }), 1] },
    { name: "q_rmsnorm", arguments: [rows([3, 4]), rows([4]), 1e-5, out([3, 4])] },
    {
      name: "q_add_rmsnorm",
      arguments: [rows([3, 4]), rows([3, 4]), rows([4]), 1e-5, out([3, 4])],
    },
    {
      name: "q_layernorm",
      arguments: [rows([3, 4]), rows([4]), rows([4], { optional: true }), 1e-5, out([3, 4])],
    },
    { name: "q_rope_table", arguments: [rows([4], { free: true }), 3, 2] },
    { name: "q_rope", arguments: [rows([3, 2, 8]), rows([2, 3, 4]), half, silent, out([3, 2, 8])] },
    { name: "q_store_cache", arguments: [cache({ free: true }), rows([3, 2, 4]), 6] },
    {
      name: "q_attention",
      arguments: [rows([3, 6, 4]), cache(), cache(), 5, 0.5, out([3, 6, 4])],
    },
    ...sequencesCalls(),
    { name: "q_argmax", arguments: [rows([7], { free: true })] },
    { name: "q_seed", arguments: [integers([0, 0, 0, 0, 0, 0, 0, 0]), 1, 2] },
    {
      name: "q_sample",
      arguments: [
        rows([7], { free: true }),
        integers([1, 2], { optional: true, free: true }),
        integers([1, 2, 3, 4, 5, 6, 7, 8]),
      ],
      sizes: [sampling[0], 3, ...sampling.slice(2)],
    },
    { name: "q_parametric", arguments: [add, floats([3, 4]), 0.1, 0, out([3, 4])] },
    {
      name: "q_ternary",
      arguments: [add, floats([3, 4]), floats([3, 4]), floats([3, 4]), out([3, 4])],
    },
    {
      name: "q_derivative",
      arguments: [add, floats([3, 4]), floats([3, 4]), 0, 0, out([3, 4])],
    },
    {
      name: "q_silu_mul_gradients",
      arguments: [floats([3, 4]), rows([3, 4]), rows([3, 4]), target([3, 4]), target([3, 4])],
    },
    { name: "q_dropout", arguments: [floats([3, 4]), 0.5, 1, 2, out([3, 4])] },
    { name: "q_reduce", arguments: [0, floats([3, 4], { free: true }), 1, 0, silent] },
    { name: "q_index_of_extreme", arguments: [0, floats([3, 4], { free: true }), 1, 0] },
    { name: "q_sum_to", arguments: [floats([3, 4], { free: true }), 2], sizes: [1, 4] },
    {
      name: "q_gather",
      arguments: [floats([3, 4], { free: true }), indices([[2, 0], [1, 1]], { free: true }), 0],
    },
    {
      name: "q_scatter_add",
      arguments: [rows([2, 2]), indices([[2, 0], [1, 1]]), 0, 2],
      sizes: [3, 4],
    },
    ...trainingCalls(),
    ...normalizationCalls(),
    ...attentionCalls(),
    ...recurrentCalls(),
  ];
}

/** Rows of two sequences, at two places of the second one. */
function sequencesCalls(): ExportCall[] {
  const half = 1;
  const places = integers([0, 3, 1, 7, 1, 8]);
  const placed = { ...places, tensor: places.tensor.view([3, 2]) };
  const slots = (options?: { free?: boolean }) =>
    operand(full([2, 2, 9, 4], 0.5), "cache", options);
  return [
    {
      name: "q_rope_table_rows",
      arguments: [rows([4], { free: true }), { ...placed, free: true }],
    },
    {
      name: "q_cached_attention",
      arguments: [
        target([3, 24]),
        target([3, 8]),
        rows([3, 8]),
        rows([2, 3, 2], { optional: true }),
        half,
        cache(),
        cache(),
        5,
      ],
    },
    {
      name: "q_cached_attention_rows",
      arguments: [
        target([3, 24]),
        target([3, 8]),
        rows([3, 8]),
        rows([2, 3, 2], { optional: true }),
        half,
        slots(),
        slots(),
        placed,
      ],
    },
    {
      name: "q_store_cache_rows",
      arguments: [slots({ free: true }), rows([3, 2, 4]), placed],
    },
    {
      name: "q_attention_rows",
      arguments: [rows([3, 6, 4]), slots(), slots(), placed, 0.5, out([3, 6, 4])],
    },
  ];
}

/** Recurrent networks: 3 steps, 2 sequences, 5 units. */
function recurrentCalls(): ExportCall[] {
  const [tanh, backwards] = [0, 1];
  const states = () => rows([4, 2, 5]);
  const gates = (count: number) => rows([3, 2, count * 5]);
  const weight = (count: number) => rows([count * 5, 5]);
  return [
    { name: "q_rnn", arguments: [tanh, backwards, gates(1), weight(1), states()] },
    {
      name: "q_rnn_backward",
      arguments: [tanh, backwards, states(), weight(1), states(), gates(1)],
    },
    { name: "q_lstm", arguments: [backwards, gates(4), weight(4), states(), states()] },
    {
      name: "q_lstm_backward",
      arguments: [backwards, gates(4), states(), weight(4), states(), rows([2, 5]), gates(4)],
    },
    {
      name: "q_gru",
      arguments: [
        backwards,
        gates(3),
        weight(3),
        rows([15], { optional: true }),
        states(),
        gates(1),
      ],
    },
    {
      name: "q_gru_backward",
      arguments: [
        backwards,
        gates(3),
        gates(1),
        states(),
        weight(3),
        states(),
        gates(3),
        gates(3),
      ],
    },
  ];
}

/** Losses, optimizers, limits on gradients. */
function trainingCalls(): ExportCall[] {
  const [huber, mean, sgd, euclidean, ignored] = [2, 1, 0, 2, -100];
  const classes = () => integers([3, 0, ignored]);
  const weights = () => rows([4], { optional: true });
  const handles = (tensors: (Tensor | undefined)[], shape: number[]) =>
    operand(
      tensor(new Int32Array(tensors.map((made) => made?.handle ?? 0)), { shape }),
      "integers",
      { free: true },
    );
  const none = undefined;
  const row = [full([3, 4], 1), full([3, 4], 2), full([3, 4], 0), none, none, none];
  return [
    {
      name: "q_pointwise_loss",
      arguments: [
        huber,
        rows([3, 4]),
        rows([3, 4]),
        rows([3, 4], { optional: true }),
        rows([3, 4], { optional: true }),
        out([3, 4]),
      ],
      sizes: [...floatWords([1.5]), mean],
    },
    {
      name: "q_cross_entropy",
      arguments: [rows([3, 4]), classes(), weights(), out([3, 4]), 0.1, ignored, mean],
    },
    {
      name: "q_nll_loss",
      arguments: [rows([3, 4]), classes(), weights(), out([3, 4]), ignored, mean],
    },
    {
      name: "q_optimizer_step",
      arguments: [sgd, handles(row, [1, 6])],
      sizes: floatWords([0.1, 0.01, 0.9, 1, 0]),
    },
    { name: "q_clip_norm", arguments: [handles(row.slice(0, 3), [3]), euclidean, 1, 0] },
    { name: "q_clip_value", arguments: [handles(row.slice(0, 3), [3]), 1] },
  ];
}

const result = (shape: number[]) => operand(full(shape, 0), "out");

function normalizationCalls(): ExportCall[] {
  const [groups, tableRows, momentum, epsilon, constant] = [2, 5, 0.1, 1e-5, 0];
  const free = { free: true };
  return [
    { name: "q_log_softmax", arguments: [rows([3, 4]), out([3, 4])] },
    { name: "q_softmax_gradient", arguments: [rows([3, 4]), rows([3, 4]), 1] },
    { name: "q_log_softmax_gradient", arguments: [rows([3, 4]), rows([3, 4])] },
    {
      name: "q_norm_gradient",
      arguments: [rows([3, 4]), rows([4]), rows([3, 4]), epsilon, result([2, 4])],
    },
    {
      name: "q_embedding_gradient",
      arguments: [integers([1, 4]), rows([2, 6], free), tableRows],
    },
    {
      name: "q_batch_statistics",
      arguments: [rows([3, 4], free), rows([4], { optional: true }), rows([4]), momentum, epsilon],
    },
    { name: "q_running_statistics", arguments: [rows([4]), rows([4]), epsilon] },
    { name: "q_group_statistics", arguments: [rows([3, 4], free), groups, epsilon] },
    {
      name: "q_channel_norm",
      arguments: [
        rows([3, 4, 5], free),
        rows([2, 3, 2], free),
        rows([4], { optional: true }),
        rows([4], { optional: true }),
      ],
    },
    {
      name: "q_channel_norm_gradient",
      arguments: [
        rows([3, 4, 5]),
        rows([3, 4, 5]),
        rows([2, 3, 2], free),
        rows([4], { optional: true }),
        constant,
        result([2, 4]),
        out([3, 4, 5]),
      ],
    },
  ];
}

function attentionCalls(): ExportCall[] {
  const [causal, scale] = [1, 0.5];
  // A seed, dropout of 0.5 as bits of f32, and the gradient of the mask.
  const parameters = [7, 11, 0x3f000000, 1];
  const query = () => floats([2, 4, 3, 8]);
  const key = () => floats([2, 2, 5, 8]);
  const mask = () => operand(full([2, 4, 3, 5], 0.5), "floats", { optional: true, free: true });
  return [
    {
      name: "q_scaled_attention",
      arguments: [query(), key(), key(), mask(), result([2, 2, 4, 3]), causal, scale],
      sizes: parameters,
    },
    {
      name: "q_attention_products",
      arguments: [rows([2, 3, 4, 8], { free: true }), rows([2, 3, 4, 8]), result([2, 2, 4, 3])],
    },
    {
      name: "q_attention_gradient",
      arguments: [
        rows([2, 3, 4, 8]),
        query(),
        key(),
        key(),
        mask(),
        rows([2, 2, 4, 3]),
        causal,
        scale,
      ],
      sizes: parameters,
    },
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
