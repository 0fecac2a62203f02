/**
 * Blocks of a transformer one behind the other, while they generate.
 *
 * @module
 */

import { noGrad } from "../core/gradient.ts";
import type { Tensor } from "../core/tensor.ts";
import { type BlockOperands, DescribedBlocks, type NormOperands } from "../ops/transformer.ts";
import { Attention, type AttentionCache, type SequencePosition } from "./attention.ts";
import { FeedForward } from "./feed_forward.ts";
import type { LayerNorm } from "./layer_norm.ts";
import { isPlain, operandsOf } from "./linear.ts";
import { replacementCount } from "./module_tensor.ts";
import { RMSNorm } from "./rms_norm.ts";
import { TransformerBlock } from "./transformer_block.ts";

/** A description of blocks, and what it was made of. */
interface Description {
  /** Undefined where the blocks have steps of their own. */
  readonly described: DescribedBlocks | undefined;
  readonly blocks: readonly TransformerBlock[];
  readonly caches: readonly AttentionCache[];
  /** Tensors that modules had replaced by then. */
  readonly replacements: number;
}

/**
 * Runs blocks with caches: in one call of the library where they are made of its steps. What the
 * call needs to know of them is looked up anew with every prompt, and whenever a module got another
 * tensor; in between, a step of one token touches none of their objects, which the weights that
 * stream past have driven out of the processor's caches.
 */
export class BlockSequence {
  readonly #blocks: readonly TransformerBlock[];
  #latest: Description | undefined;

  /** Runs the blocks that the array holds, first to last. */
  constructor(blocks: readonly TransformerBlock[]) {
    this.#blocks = blocks;
  }

  /**
   * What the blocks' `forward` gives one after the other, to the bit.
   *
   * @param x f32 `[count, hiddenSize]`, changed
   * @param caches one for each block
   * @param options `lastOnly`: the last row alone
   * @returns f32 `[count, hiddenSize]`, or `[1, hiddenSize]`
   */
  forward(
    x: Tensor,
    position: SequencePosition,
    caches: readonly AttentionCache[],
    { lastOnly = false }: { lastOnly?: boolean } = {},
  ): Tensor {
    const [count] = x.shape;
    // The last block computes one row of several by steps that differ from the others'.
    const apart = lastOnly && count > 1 ? 1 : 0;
    const together = this.#blocks.length - apart;
    const isPrompt = position.places === undefined && (count > 1 || position.start === 0);
    const described = this.#describe(together, caches, isPrompt);
    if (described !== undefined) {
      const { start, places, ropeTable } = position;
      noGrad(() => described.addTo(x, { position: start, places, ropeTable }));
    }
    let rows = x;
    for (let i = described === undefined ? 0 : together; i < this.#blocks.length; i++) {
      rows = this.#blocks[i].forward(rows, position, caches[i], { lastOnly: i >= together });
    }
    return rows;
  }

  #describe(
    count: number,
    caches: readonly AttentionCache[],
    isPrompt: boolean,
  ): DescribedBlocks | undefined {
    const latest = this.#latest;
    const isKnown = latest !== undefined && !isPrompt && latest.caches === caches &&
      latest.replacements === replacementCount() && latest.blocks.length === count &&
      latest.blocks.every((block, i) => block === this.#blocks[i]);
    if (isKnown) return latest.described;
    const blocks = this.#blocks.slice(0, count);
    const described = describe(blocks, caches);
    // Looking a parameter up may have made its tensor.
    this.#latest = { described, blocks, caches, replacements: replacementCount() };
    return described;
  }
}

function describe(
  blocks: readonly TransformerBlock[],
  caches: readonly AttentionCache[],
): DescribedBlocks | undefined {
  const operands: BlockOperands[] = [];
  for (const [i, block] of blocks.entries()) {
    const own = caches[i] === undefined ? undefined : blockOperands(block, caches[i]);
    if (own === undefined || block.selfAttn.ropeStyle !== blocks[0].selfAttn.ropeStyle) {
      return undefined;
    }
    operands.push(own);
  }
  return new DescribedBlocks(operands, blocks[0]?.selfAttn.ropeStyle);
}

/**
 * What a block is made of; undefined where that is something else than root mean square norms,
 * products and SwiGLU, or of a class of its own.
 */
function blockOperands(block: TransformerBlock, cache: AttentionCache): BlockOperands | undefined {
  const { inputLayernorm, selfAttn, postAttentionLayernorm, mlp } = block;
  const { qProj, kProj, vProj, oProj } = selfAttn;
  const { gateProj, upProj, downProj } = mlp;
  const isKnown = block.constructor === TransformerBlock && selfAttn.constructor === Attention &&
    mlp.constructor === FeedForward && gateProj !== undefined &&
    isRootMeanSquare(inputLayernorm) && isRootMeanSquare(postAttentionLayernorm) &&
    [qProj, kProj, vProj, oProj, gateProj, upProj, downProj].every(isPlain);
  if (!isKnown) return undefined;
  return {
    inputNorm: normOperands(inputLayernorm),
    projections: [operandsOf(qProj), operandsOf(kProj), operandsOf(vProj)],
    output: operandsOf(oProj),
    innerNorm: normOperands(postAttentionLayernorm),
    gate: operandsOf(gateProj),
    up: operandsOf(upProj),
    down: operandsOf(downProj),
    cache,
  };
}

function isRootMeanSquare(norm: RMSNorm | LayerNorm): norm is RMSNorm {
  return norm.constructor === RMSNorm;
}

function normOperands({ weight, epsilon }: RMSNorm): NormOperands {
  return { weight: weight.tensor, epsilon };
}
