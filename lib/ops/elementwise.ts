/**
 * Operations element by element.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { isRecording, record } from "../core/gradient.ts";
import { handleOf, sumTo, type Tensor, wrap } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";

/** Options of operations that can write their result into a tensor that is there already. */
export interface OutOption {
  /** Takes the result, in place of a new tensor; has the result's shape and dtype. */
  out?: Tensor;
}

/** Throws for an operation on the tape that would overwrite what the tape may need. */
export function forbidInPlace(op: string): void {
  if (!isRecording()) return;
  throw new QorusError(
    "invalid_argument",
    `${op}: the option out cannot be used while gradients are recorded: leave it out, or compute ` +
      "inside noGrad()",
    { op, field: "out" },
  );
}

// The codes of zig/kernels/cpu/elementwise_interface.zig.
const unaryCodes = {
  relu: 0,
  silu: 1,
  gelu: 2,
  geluTanh: 3,
  sigmoid: 4,
  tanh: 5,
  exp: 6,
  neg: 7,
  sqrt: 8,
} as const;
const binaryCodes = {
  add: 0,
  sub: 1,
  mul: 2,
  div: 3,
  maximum: 4,
  minimum: 5,
  equal: 6,
  notEqual: 7,
  less: 8,
  lessEqual: 9,
  greater: 10,
  greaterEqual: 11,
} as const;

function unary(op: keyof typeof unaryCodes, x: Tensor, { out }: OutOption): Tensor {
  const target = out === undefined ? 0 : handleOf(out, op);
  return wrap(context().native.q_unary(unaryCodes[op], handleOf(x, op), target), op);
}

function binary(
  op: keyof typeof binaryCodes,
  a: Tensor | number,
  b: Tensor | number,
  { out }: OutOption,
): Tensor {
  const { native } = context();
  const code = binaryCodes[op];
  const target = out === undefined ? 0 : handleOf(out, op);
  if (typeof a === "number") {
    if (typeof b === "number") {
      throw new QorusError("invalid_argument", `${op}: ${a} and ${b} given, one must be a tensor`);
    }
    return wrap(native.q_binary_scalar(code, handleOf(b, op), a, 1, target), op);
  }
  if (typeof b === "number") {
    return wrap(native.q_binary_scalar(code, handleOf(a, op), b, 0, target), op);
  }
  return wrap(native.q_binary(code, handleOf(a, op), handleOf(b, op), target), op);
}

/** Whether an operand is a tensor on the tape. */
function isLearned(operand: Tensor | number): operand is Tensor {
  return typeof operand !== "number" && operand.requiresGrad;
}

/**
 * Records an operation of two operands; gradients are computed for those that need one, and summed
 * over what broadcasting repeated.
 */
function recorded(
  op: string,
  output: Tensor,
  a: Tensor | number,
  b: Tensor | number,
  { out }: OutOption,
  gradientOfA: (gradient: Tensor) => Tensor,
  gradientOfB: (gradient: Tensor) => Tensor,
): Tensor {
  if (out !== undefined) forbidInPlace(op);
  const inputs: Tensor[] = [];
  const gradients: ((gradient: Tensor) => Tensor)[] = [];
  if (isLearned(a)) {
    inputs.push(a);
    gradients.push(gradientOfA);
  }
  if (isLearned(b)) {
    inputs.push(b);
    gradients.push(gradientOfB);
  }
  return record(
    op,
    output,
    inputs,
    (gradient) => inputs.map(({ shape }, i) => reduceTo(gradients[i](gradient), shape)),
  );
}

/** Sums a gradient over what broadcasting repeated, where it did. */
export function reduceTo(gradient: Tensor, shape: readonly number[]): Tensor {
  const given = gradient.shape;
  const same = given.length === shape.length && given.every((size, i) => size === shape[i]);
  return same ? gradient : sumTo(gradient, shape);
}

const same = (gradient: Tensor): Tensor => gradient;

/**
 * `a + b`, f32, with NumPy's broadcasting: dimensions of size 1 are repeated, missing outer ones
 * added.
 *
 * @throws {QorusError} `invalid_shape` when the shapes do not fit each other.
 */
export function add(a: Tensor | number, b: Tensor | number, options: OutOption = {}): Tensor {
  const sum = binary("add", a, b, options);
  if (!isLearned(a) && !isLearned(b)) return sum;
  return recorded("add", sum, a, b, options, same, same);
}

/** `a - b`, f32, with broadcasting as in {@linkcode add}. */
export function sub(a: Tensor | number, b: Tensor | number, options: OutOption = {}): Tensor {
  const difference = binary("sub", a, b, options);
  if (!isLearned(a) && !isLearned(b)) return difference;
  return recorded("sub", difference, a, b, options, same, neg);
}

/** `a * b` element by element, f32, with broadcasting as in {@linkcode add}. */
export function mul(a: Tensor | number, b: Tensor | number, options: OutOption = {}): Tensor {
  const product = binary("mul", a, b, options);
  if (!isLearned(a) && !isLearned(b)) return product;
  return recorded(
    "mul",
    product,
    a,
    b,
    options,
    (gradient) => mul(gradient, b),
    (gradient) => mul(gradient, a),
  );
}

/** `a / b` element by element, f32, with broadcasting as in {@linkcode add}. */
export function div(a: Tensor | number, b: Tensor | number, options: OutOption = {}): Tensor {
  const quotient = binary("div", a, b, options);
  if (!isLearned(a) && !isLearned(b)) return quotient;
  return recorded(
    "div",
    quotient,
    a,
    b,
    options,
    (gradient) => div(gradient, b),
    (gradient) => neg(mul(div(gradient, b), quotient)),
  );
}

/** `max(x, 0)`. */
export function relu(x: Tensor, options: OutOption = {}): Tensor {
  return unary("relu", x, options);
}

/** `x * sigmoid(x)`, also called swish (Elfwing et al. 2018). */
export function silu(x: Tensor, options: OutOption = {}): Tensor {
  return unary("silu", x, options);
}

/** Gaussian error linear unit (Hendrycks and Gimpel 2016): `x * Phi(x)`, exact or through tanh. */
export function gelu(
  x: Tensor,
  options: OutOption & { approximate?: "none" | "tanh" } = {},
): Tensor {
  return unary(options.approximate === "tanh" ? "geluTanh" : "gelu", x, options);
}

/** `1 / (1 + exp(-x))`. */
export function sigmoid(x: Tensor, options: OutOption = {}): Tensor {
  return unary("sigmoid", x, options);
}

/** Hyperbolic tangent. */
export function tanh(x: Tensor, options: OutOption = {}): Tensor {
  return unary("tanh", x, options);
}

/** `e` to the power of x. */
export function exp(x: Tensor, options: OutOption = {}): Tensor {
  return unary("exp", x, options);
}

/** `-x`. */
export function neg(x: Tensor, options: OutOption = {}): Tensor {
  return unary("neg", x, options);
}

/** Square root. */
export function sqrt(x: Tensor, options: OutOption = {}): Tensor {
  return unary("sqrt", x, options);
}

/** `silu(gate) * up` in one pass: the heart of SwiGLU (Shazeer 2020). Both have the same shape. */
export function siluMul(gate: Tensor, up: Tensor, options: OutOption = {}): Tensor {
  const op = "siluMul";
  const target = options.out === undefined ? 0 : handleOf(options.out, op);
  return wrap(context().native.q_silu_mul(handleOf(gate, op), handleOf(up, op), target), op);
}

/** 1 where `a == b`, else 0, f32, with broadcasting as in {@linkcode add}. It has no gradient. */
export function equal(a: Tensor | number, b: Tensor | number): Tensor {
  return binary("equal", a, b, {});
}

/** 1 where `a != b`, else 0; otherwise as {@linkcode equal}. */
export function notEqual(a: Tensor | number, b: Tensor | number): Tensor {
  return binary("notEqual", a, b, {});
}

/** 1 where `a < b`, else 0; otherwise as {@linkcode equal}. */
export function less(a: Tensor | number, b: Tensor | number): Tensor {
  return binary("less", a, b, {});
}

/** 1 where `a <= b`, else 0; otherwise as {@linkcode equal}. */
export function lessEqual(a: Tensor | number, b: Tensor | number): Tensor {
  return binary("lessEqual", a, b, {});
}

/** 1 where `a > b`, else 0; otherwise as {@linkcode equal}. */
export function greater(a: Tensor | number, b: Tensor | number): Tensor {
  return binary("greater", a, b, {});
}

/** 1 where `a >= b`, else 0; otherwise as {@linkcode equal}. */
export function greaterEqual(a: Tensor | number, b: Tensor | number): Tensor {
  return binary("greaterEqual", a, b, {});
}
