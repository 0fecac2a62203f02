/**
 * Attention of whole sequences, with gradients.
 *
 * @module
 */

import { checkOptions, realNumber } from "../core/arguments.ts";
import { context } from "../core/context.ts";
import { empty } from "../core/creation.ts";
import { record } from "../core/gradient.ts";
import { random } from "../core/random.ts";
import { checkTensor, handleOf, type Tensor, wrap } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";

/** Options of {@linkcode scaledDotProductAttention}. */
export interface AttentionMaskOptions {
  /** Query i sees keys 0 to i only. Default false. */
  causal?: boolean;
  /**
   * f32, added to the scaled scores; broadcast to `[batch, heads, queries, keys]`. -inf hides a
   * key; a query that sees none gets zeros. It may require a gradient, as biases by relative
   * position do.
   */
  mask?: Tensor;
  /**
   * Probability that a weight, after softmax, becomes 0; the others are divided by `1 - dropout`.
   * Default 0: without dropout, as in inference. The seed is drawn as that of `dropout()`, and the
   * same weights are dropped as if that function were given the matrix of weights.
   */
  dropout?: number;
  /** Multiplies the scores. Default `1 / sqrt(dim)`. */
  scale?: number;
}

/**
 * `softmax(scale * query @ key^T + mask) @ value` without the matrix of scores, forward and
 * backward (Dao et al. 2022), f32. Several query heads may share a key/value head (Ainslie et al.
 * 2023): query head h uses `floor(h / (heads / keyValueHeads))`.
 *
 * The operands may be views whose last dimension is contiguous, such as `transpose(1, 2)` of
 * `[batch, queries, heads, dim]`; the result is such a view of contiguous memory.
 *
 * @param query f32 `[batch, heads, queries, dim]`
 * @param key f32 `[batch, keyValueHeads, keys, dim]`
 * @param value f32, shaped like `key`
 * @returns f32 `[batch, heads, queries, dim]`
 * @throws {QorusError} `invalid_shape` when the shapes do not fit each other; `invalid_argument`
 * when `dropout` is not from 0 to 1.
 *
 * @example
 * ```ts
 * import { ones, scaledDotProductAttention } from "@qorus/qorus";
 *
 * const x = ones([1, 2, 5, 8]);
 * scaledDotProductAttention(x, x, x, { causal: true }).shape; // [1, 2, 5, 8]
 * ```
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionMaskOptions = {},
): Tensor {
  const op = "scaledDotProductAttention";
  for (const operand of [query, key, value]) checkTensor(operand, op);
  checkRank("query", query.rank);
  checkRank("key", key.rank);
  checkRank("value", value.rank);
  const [batch, heads, queries, dim] = query.shape;
  checkOptions(options, op);
  const { causal = false, mask: given } = options;
  const dropout = realNumber(options.dropout ?? 0, "dropout", op);
  const scale = realNumber(options.scale ?? 1 / Math.sqrt(dim), "scale", op);
  const mask = given === undefined ? undefined : expandMask(given, key.shape[2]);
  const rows = empty([2, batch, heads, queries]);
  const seed = dropout === 0 ? [0, 0] : [random().bits(), random().bits()];
  /** Writes the parameters of a call, and returns its arguments. */
  const operands = (maskGradient: 0 | 1) => {
    const { parameters, floatParameters } = context();
    parameters.set(seed);
    floatParameters[2] = dropout;
    parameters[3] = maskGradient;
    return [
      handleOf(query, op),
      handleOf(key, op),
      handleOf(value, op),
      mask === undefined ? 0 : handleOf(mask, op),
      handleOf(rows, op),
      causal ? 1 : 0,
      scale,
    ] as const;
  };
  const output = wrap(context().native.q_scaled_attention(...operands(0)), op);
  const inputs = [query, key, value, ...(mask === undefined ? [] : [mask])];
  record(op, output, inputs, (gradient) => {
    const { native } = context();
    const given = handleOf(gradient.contiguous(), op);
    context().check(native.q_attention_products(handleOf(output, op), given, rows.handle), op);
    const learned = mask?.requiresGrad === true ? mask : undefined;
    const handles = operands(learned === undefined ? 0 : 1);
    return split(wrap(native.q_attention_gradient(given, ...handles), op), query, key, learned);
  });
  return output.transpose(1, 2);
}

/** The gradients of query, key, value and mask, which follow each other in one vector. */
function split(gradients: Tensor, query: Tensor, key: Tensor, mask?: Tensor): Tensor[] {
  let start = 0;
  const next = (size: number) => gradients.slice(0, start, start += size);
  const parts = [query, key, key].map(({ shape: [batch, heads, positions, dim], size }) =>
    next(size).view([batch, positions, heads, dim]).transpose(1, 2)
  );
  return mask === undefined ? parts : [...parts, next(mask.size).view(mask.shape)];
}

/** The mask with four dimensions, the last contiguous and as long as there are keys. */
function expandMask(mask: Tensor, keys: number): Tensor {
  checkTensor(mask, "scaledDotProductAttention");
  const { shape } = mask;
  if (shape.length === 0 || shape.length > 4) checkRank("mask", shape.length);
  const lead = [...Array(4 - shape.length).fill(1), ...shape.slice(0, -1)];
  const wide = shape[shape.length - 1] === 1 && keys !== 1
    ? mask.expand([...shape.slice(0, -1), keys])
    : mask;
  return wide.contiguous().view([...lead, wide.shape[shape.length - 1]]);
}

function checkRank(role: string, rank: number): void {
  if (rank === 4) return;
  throw new QorusError(
    "invalid_shape",
    `scaledDotProductAttention: ${role} has ${rank} dimensions, expected 4: ` +
      (role === "mask" ? "[batch, heads, queries, keys]" : "[batch, heads, positions, dim]"),
    { op: "scaledDotProductAttention", field: role, given: rank, expected: 4 },
  );
}
