/**
 * Convolutions, recurrent layers and attention as Qorus computes them.
 *
 * @module
 */

import { backward, conv2d, nn, noGrad, scaledDotProductAttention, scope } from "../../mod.ts";
import type { Tensor } from "../../mod.ts";
import type { Case } from "./cases.ts";
import { gradients } from "./gradients.ts";
import { lasting } from "./operands.ts";

/** A convolution, or one of its gradients alone. */
export function convolution({ pass, shape, convolution }: Case): () => void {
  const { weight: weightShape, bias: hasBias, options } = convolution!;
  const [x, weight] = [lasting(shape), lasting(weightShape)];
  const bias = hasBias ? lasting([weightShape[0]]) : undefined;
  x.requiresGrad = pass === "input";
  for (const learned of [weight, bias]) {
    if (learned !== undefined) learned.requiresGrad = pass === "weight";
  }
  const compute = () => conv2d(x, weight, bias, options);
  return pass === "forward" ? inScope(compute) : gradients(compute);
}

/** An LSTM or a GRU of one layer. */
export function recurrent({ op, pass, shape, hidden }: Case): () => void {
  const [steps, batch, inputs] = shape;
  const layer = op === "lstm" ? new nn.LSTM(inputs, hidden!) : new nn.GRU(inputs, hidden!);
  const x = lasting(shape);
  const compute = () => layer.forward(x).output;
  const learned = [x, ...layer.parameters().map(({ tensor }) => tensor)];
  return ofPass(pass, compute, learned, lasting([steps, batch, hidden!]));
}

/** Attention of heads that lie side by side, as layers make them. */
export function attention({ pass, shape, causal }: Case): () => void {
  const [batch, heads, positions, size] = shape;
  const make = () => lasting([batch, positions, heads, size]);
  const operands = [make(), make(), make()];
  const compute = () => {
    const [query, key, value] = operands.map((operand) => operand.transpose(1, 2));
    return scaledDotProductAttention(query, key, value, { causal });
  };
  return ofPass(pass, compute, operands, make().transpose(1, 2));
}

function inScope(compute: () => Tensor): () => void {
  return () => {
    using _ = scope();
    noGrad(compute);
  };
}

/** The forward pass alone, or both passes with the walk along the tape. */
function ofPass(
  pass: Case["pass"],
  compute: () => Tensor,
  learned: readonly Tensor[],
  gradient: Tensor,
): () => void {
  if (pass === "forward") return inScope(compute);
  for (const tensor of learned) tensor.requiresGrad = true;
  return () => {
    using _ = scope();
    backward(compute(), { gradient });
    for (const tensor of learned) tensor.zeroGrad();
  };
}
