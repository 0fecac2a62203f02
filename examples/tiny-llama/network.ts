/**
 * A Llama with the initial weights and the optimizer that it is trained with.
 *
 * @module
 */

import { Llama, manualSeed, type ModelConfig, nn, optim } from "@qorus/qorus";
import type { Recipe } from "./recipe.ts";

const standardDeviation = 0.02;

/**
 * A network with small normally distributed weights. Those that write to the residual stream are
 * smaller the more blocks there are, as in GPT-2 (Radford et al. 2019).
 */
export function makeNetwork(config: ModelConfig, seed: number): Llama {
  manualSeed(seed);
  const network = new Llama(config);
  const outputDeviation = standardDeviation / Math.sqrt(2 * config.layerCount);
  for (const [name, parameter] of network.namedParameters()) {
    if (parameter.shape.length < 2) continue;
    const writesToStream = name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight");
    nn.init.normal(parameter, {
      standardDeviation: writesToStream ? outputDeviation : standardDeviation,
    });
  }
  return network;
}

/** AdamW that lets norms alone when weights decay. */
export function makeOptimizer(network: Llama, recipe: Recipe): optim.AdamW {
  const named = [...network.namedParameters()];
  return new optim.AdamW([
    {
      parameters: named.filter(([, { shape }]) => shape.length > 1),
      weightDecay: recipe.weightDecay,
    },
    { parameters: named.filter(([, { shape }]) => shape.length === 1), weightDecay: 0 },
  ], { lr: recipe.learningRate, betas: [0.9, 0.95] });
}
