/**
 * Qorus as a contender. Runs under Bun or Deno.
 *
 * @module
 */

import { configure, libraryInfo } from "../../lib/core/context.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { runtimeName } from "../../lib/cli/runtime.ts";
import { version } from "../../lib/cli/version.ts";
import { BatchCache } from "../../lib/llm/batch_cache.ts";
import type { LanguageModel } from "../../lib/llm/language_model.ts";
import { prefill } from "../../lib/llm/prompt.ts";
import { load } from "../../lib/llm/load.ts";
import type { LoadOptions } from "../../lib/llm/types.ts";
import { comparePromptLookup, measureTypeScript, sampleSteps } from "./qorus_alone.ts";
import { measure, serve } from "../support/serve.mjs";

interface LoadFields {
  readonly path: string;
  readonly contextLength: number;
  readonly sequences: number;
  readonly cacheDtype: LoadOptions["cacheDtype"];
}

interface Tokens {
  readonly tokens: readonly number[];
}

let llm: LanguageModel;
let batch: BatchCache | undefined;
let sequenceCount = 1;
/** Of all sequences that run together. */
let position = 0;

/** Computes a chunk; the logits stay in native memory, as llama.cpp's do. */
function step(ids: Uint32Array): void {
  using _ = scope();
  llm.step(ids);
}

async function open(
  { path, contextLength, sequences, cacheDtype }: LoadFields,
) {
  llm = await load(path, { contextLength, cacheDtype });
  sequenceCount = sequences;
  if (sequences > 1) batch = new BatchCache(llm, sequences, contextLength);
  return {
    name: `Qorus ${version}`,
    kernels: libraryInfo().isa,
    runtime: runtimeName(),
    weightBytes: weightBytes(),
  };
}

/** Bytes of weights that a step with one token reads. */
function weightBytes(): number {
  const { config, network } = llm;
  const embedding = network.model.embedTokens.weight.tensor;
  let total = 0;
  for (const { tensor } of network.parameters()) {
    const isLookedUp = tensor === embedding && !config.tiedEmbeddings;
    total += isLookedUp ? tensor.byteLength / tensor.shape[0] : tensor.byteLength;
  }
  return total;
}

function beginSequences({ tokens }: Tokens): void {
  const ids = Uint32Array.from(tokens);
  for (let slot = 0; slot < sequenceCount; slot++) {
    using _ = scope();
    batch!.prefill(slot, ids, 0);
  }
  position = ids.length;
}

function stepSequences(id: number): void {
  for (let slot = 0; slot < sequenceCount; slot++) {
    batch!.setRow(slot, id, slot, position);
  }
  using _ = scope();
  batch!.step(sequenceCount);
  position++;
}

/** Fills the cache with copies of the keys and values of a first chunk. */
function fill({ count }: { count: number }): void {
  llm.resetCache();
  const first = Math.min(count, llm.chunkCapacity);
  step(Uint32Array.from({ length: first }, (_, i) => 300 + i % 200));
  const { ids, layers } = llm.cache;
  for (let i = ids.length; i < count; i++) ids.push(ids[i - first]);
  for (const { keys, values } of layers) {
    repeatPositions(keys, first, count);
    repeatPositions(values, first, count);
  }
}

/** Copies the first positions of each head, `[heads, capacity, headSize]`, to those behind them. */
function repeatPositions(cache: Tensor, first: number, count: number): void {
  const { buffer, byteOffset, byteLength } = cache.data;
  const [heads, capacity] = cache.shape;
  const headBytes = byteLength / heads;
  const positionBytes = headBytes / capacity;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  for (let head = 0; head < heads; head++) {
    const of = bytes.subarray(
      head * headBytes,
      head * headBytes + count * positionBytes,
    );
    for (let start = first; start < count; start += first) {
      const length = Math.min(first, count - start);
      of.copyWithin(start * positionBytes, 0, length * positionBytes);
    }
  }
}

interface FirstTokenFields {
  readonly path: string;
  readonly prompt: string;
  readonly threads: number;
}

/** Opens a model and generates one token, as a program would. */
async function firstToken({ path, prompt, threads }: FirstTokenFields) {
  let loadMilliseconds = 0;
  const times = await measure(async () => {
    configure({ threads });
    llm = await load(path, { contextLength: 512 });
    loadMilliseconds = llm.loadMilliseconds;
    for await (const _ of llm.generate(prompt, { maxTokens: 1 }));
  });
  return { ...times, loadMilliseconds };
}

await serve({
  load: open,
  threads: ({ count }: { count: number }) => configure({ threads: count }),
  prefill: async ({ tokens }: Tokens) => {
    llm.resetCache();
    const ids = Uint32Array.from(tokens);
    return await measure(() => {
      using _ = scope();
      prefill(llm, ids);
    });
  },
  decode: async ({ tokens }: Tokens) => {
    const ids = Uint32Array.from(tokens);
    return await measure(() => {
      for (let i = 0; i < ids.length; i++) step(ids.subarray(i, i + 1));
    });
  },
  beginSequences,
  decodeSequences: async ({ tokens }: Tokens) => {
    return await measure(() => {
      for (const id of tokens) stepSequences(id);
    });
  },
  fill,
  firstToken,
  sampleSteps: (fields: Parameters<typeof sampleSteps>[1]) => sampleSteps(llm, fields),
  typescript: ({ steps }: { steps: number }) => measureTypeScript(llm, steps),
  promptLookup: (fields: Parameters<typeof comparePromptLookup>[1]) =>
    comparePromptLookup(llm, fields),
});
