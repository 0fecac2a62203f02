/**
 * What optimizers update: parameters in groups that have options of their own.
 *
 * @module
 */

import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";

/** What `nn.Parameter` is to an optimizer: a tensor that may not be made yet. */
export interface Learnable {
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** The values; read only when there is a gradient. */
  readonly tensor: Tensor;
  /** The gradient, after `backward()`. */
  readonly grad: Tensor | undefined;
}

/** Parameters or tensors to learn, alone or with names as `namedParameters()` gives them. */
export type LearnableInput = Learnable | Tensor | readonly [string, Learnable | Tensor];

/** A group as it is given to an optimizer: its parameters, and options that differ. */
export type ParameterGroupInput<Options> = Partial<Options> & {
  parameters: Iterable<LearnableInput>;
};

/** A group of parameters with its options, which may be changed between steps. */
export interface ParameterGroup<Options> {
  /** The parameters by name: that of the module, or their number in the optimizer. */
  readonly parameters: ReadonlyMap<string, Learnable>;
  /** Learning rate, weight decay and what else the optimizer has. */
  readonly options: Options;
}

/** A tensor as a parameter. */
class LearnableTensor implements Learnable {
  readonly shape: readonly number[];

  constructor(readonly tensor: Tensor) {
    this.shape = tensor.shape;
  }

  get grad(): Tensor | undefined {
    return this.tensor.grad;
  }
}

function learnable(input: Learnable | Tensor): Learnable {
  return "tensor" in input ? input : new LearnableTensor(input);
}

/** What was given for a parameter. */
function originalOf(parameter: Learnable): Learnable | Tensor {
  return parameter instanceof LearnableTensor ? parameter.tensor : parameter;
}

/** The gradients that there are: of parameters or tensors. */
export function gradientsOf(parameters: Iterable<LearnableInput>): Tensor[] {
  const gradients = new Set<Tensor>();
  for (const input of parameters) {
    const { grad } = isNamed(input) ? input[1] : input;
    if (grad !== undefined) gradients.add(grad);
  }
  return [...gradients];
}

function isNamed(input: LearnableInput): input is readonly [string, Learnable | Tensor] {
  return Array.isArray(input);
}

/** Whether an optimizer was given groups rather than parameters. */
export function isGroups<Options>(
  items: readonly (LearnableInput | ParameterGroupInput<Options>)[],
): items is ParameterGroupInput<Options>[] {
  return items.length > 0 && items.every((item) => "parameters" in item);
}

/**
 * The parameters of a group by name. One that is listed twice, as shared weights are, counts once.
 *
 * @param known names and parameters of the groups before
 * @throws {QorusError} `invalid_argument` when a parameter belongs to another group, or a name to
 * two parameters.
 */
export function namedLearnables(
  inputs: Iterable<LearnableInput>,
  known: ReadonlyMap<string, Learnable>,
): Map<string, Learnable> {
  const originals = new Set<object>([...known.values()].map(originalOf));
  const names = new Set(known.keys());
  const seen = new Set<object>();
  const result = new Map<string, Learnable>();
  for (const input of inputs) {
    const original = isNamed(input) ? input[1] : input;
    if (seen.has(original)) continue;
    seen.add(original);
    const name = isNamed(input) ? input[0] : String(known.size + result.size);
    if (originals.has(original) || names.has(name)) {
      throw new QorusError(
        "invalid_argument",
        `optimizer: parameter ${name} is in two groups, or its name is: give each of them once`,
        { field: "parameters", given: name },
      );
    }
    names.add(name);
    result.set(name, learnable(original));
  }
  return result;
}
