/**
 * Operations element by element.
 *
 * @module
 */

import { context } from "../core/context.ts";
import { empty, full } from "../core/creation.ts";
import { record } from "../core/gradient.ts";
import { handleOf, sumTo, type Tensor, wrap } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import { derivative, parametric } from "./function.ts";
import { forbidInPlace, type OutOption } from "./out.ts";

export { forbidInPlace, type OutOption } from "./out.ts";

// The codes of zig/kernels/cpu/elementwise_interface.zig.
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
  pow: 12,
} as const;
const ternaryCodes = {
  where: 0,
  maximumShare: 1,
  minimumShare: 2,
  powBase: 3,
  powExponent: 4,
} as const;

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

/** A tensor, or a number as a tensor of rank 0. */
function asTensor(operand: Tensor | number): Tensor {
  return typeof operand === "number" ? full([], operand) : operand;
}

function ternary(op: keyof typeof ternaryCodes, a: Tensor, b: Tensor, c: Tensor): Tensor {
  const { native } = context();
  const handles = [handleOf(a, op), handleOf(b, op), handleOf(c, op)];
  return wrap(native.q_ternary(ternaryCodes[op], handles[0], handles[1], handles[2], 0), op);
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
  return recorded("sub", difference, a, b, options, same, (gradient) => mul(gradient, -1));
}

/** `a * b` element by element, f32, with broadcasting as in {@linkcode add}. */
export function mul(a: Tensor | number, b: Tensor | number, options: OutOption = {}): Tensor {
  const product = binary("mul", a, b, options);
  if (!isLearned(a) && !isLearned(b)) return product;
  if (isLearned(a) && isLearned(b)) {
    if (isRow(b, a)) return recordedByRow(product, a, b, options);
    if (isRow(a, b)) return recordedByRow(product, b, a, options);
  }
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

/** Whether an operand is one row, which multiplies all those of x. */
function isRow(operand: Tensor, x: Tensor): boolean {
  return operand.rank === 1 && x.rank > 1 && operand.shape[0] === x.shape[x.rank - 1] &&
    x.isContiguous && operand.isContiguous;
}

/** Records `x * row`, whose gradients are computed together. */
function recordedByRow(product: Tensor, x: Tensor, row: Tensor, { out }: OutOption): Tensor {
  const op = "mul";
  if (out !== undefined) forbidInPlace(op);
  return record(op, product, [x, row], (gradient) => {
    const sums = empty(row.shape);
    const handles = [x, row, gradient.contiguous(), sums].map((it) => handleOf(it, op));
    const [own, weight, given, target] = handles;
    const { native } = context();
    return [wrap(native.q_row_product_gradient(own, weight, given, target), op), sums];
  });
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
    (gradient) => mul(div(mul(gradient, quotient), b), -1),
  );
}

/**
 * The larger of a and b element by element, f32, with broadcasting as in {@linkcode add}. NaN wins;
 * equal ones share the gradient.
 */
export function maximum(a: Tensor | number, b: Tensor | number, options: OutOption = {}): Tensor {
  return extremeOfTwo("maximum", "maximumShare", a, b, options);
}

/** The smaller of a and b; otherwise as {@linkcode maximum}. */
export function minimum(a: Tensor | number, b: Tensor | number, options: OutOption = {}): Tensor {
  return extremeOfTwo("minimum", "minimumShare", a, b, options);
}

function extremeOfTwo(
  op: "maximum" | "minimum",
  share: "maximumShare" | "minimumShare",
  a: Tensor | number,
  b: Tensor | number,
  options: OutOption,
): Tensor {
  const result = binary(op, a, b, options);
  if (!isLearned(a) && !isLearned(b)) return result;
  return recorded(
    op,
    result,
    a,
    b,
    options,
    (gradient) => ternary(share, gradient, asTensor(a), asTensor(b)),
    (gradient) => ternary(share, gradient, asTensor(b), asTensor(a)),
  );
}

/**
 * `a` to the power of `b` element by element, f32, with broadcasting as in {@linkcode add}; NaN for
 * negative numbers with exponents that are not whole.
 *
 * @example
 * ```ts
 * import { pow, tensor } from "@qorus/qorus";
 *
 * pow(tensor([1, 2, 3]), 2).toArray(); // [1, 4, 9]
 * ```
 */
export function pow(a: Tensor | number, b: Tensor | number, options: OutOption = {}): Tensor {
  if (typeof b === "number" && typeof a !== "number") return powerOf(a, b, options);
  const power = binary("pow", a, b, options);
  if (!isLearned(a) && !isLearned(b)) return power;
  return recorded(
    "pow",
    power,
    a,
    b,
    options,
    (gradient) => ternary("powBase", gradient, asTensor(a), asTensor(b)),
    (gradient) => ternary("powExponent", gradient, asTensor(a), asTensor(b)),
  );
}

function powerOf(x: Tensor, exponent: number, options: OutOption): Tensor {
  const power = parametric("pow", x, exponent, 0, options);
  if (!x.requiresGrad) return power;
  if (options.out !== undefined) forbidInPlace("pow");
  return record("pow", power, [x], (gradient) => [derivative("pow", gradient, x, exponent)]);
}

/**
 * `a` where `condition` is not 0, elsewhere `b`, f32, with broadcasting as in {@linkcode add} among
 * all three. The condition has no gradient.
 *
 * @example
 * ```ts
 * import { greater, tensor, where } from "@qorus/qorus";
 *
 * const x = tensor([-1, 2]);
 * where(greater(x, 0), x, 0).toArray(); // [0, 2]
 * ```
 */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  const chosen = ternary("where", condition, asTensor(a), asTensor(b));
  if (!isLearned(a) && !isLearned(b)) return chosen;
  return recorded(
    "where",
    chosen,
    a,
    b,
    {},
    (gradient) => ternary("where", condition, gradient, full([], 0)),
    (gradient) => ternary("where", condition, full([], 0), gradient),
  );
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
