/**
 * Writes models/tiny.qorus, the model inside the repository.
 *
 *   deno run -A tools/make_tiny_model.ts [OUTPUT]
 *   bun tools/make_tiny_model.ts [OUTPUT]
 *
 * It is a Llama of two layers that reads bytes. Nothing in it was trained by Qorus: its first layer
 * is made by hand, the rest is random from a seed, and the output matrix is fitted to a short story.
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import type { WritableTensor } from "../lib/formats/tensor_writer.ts";
import { writeQorus } from "../lib/formats/qorus_writer.ts";
import { nativeCodec } from "../lib/llm/codec.ts";
import { byteDefinition, createTokenizer, serializeTokenizer } from "../lib/tokenizer/mod.ts";
import { fitOutput } from "./tiny_model/fit.ts";
import { config, hiddenStates, makeNetwork, type Matrix } from "./tiny_model/network.ts";
import { story } from "./tiny_model/text.ts";

const note =
  "This is the tiny model inside of the repository: tools/make_tiny_model.ts made it by " +
  "hand, until Qorus has trained its own. It only shows that all works; name another with --model.";

const seed = 1;
/** Sentences are read again from the start, so that the model knows how texts begin. */
const openingLength = 48;

function readings(): string[] {
  const starts = [...story.matchAll(/(?:^|\. )/g)].map(({ index, 0: match }) =>
    index + match.length
  );
  return [story, ...starts.map((start) => story.slice(start, start + openingLength))];
}

/** A matrix of the file: q8_0, interleaved for the kernels. */
function quantized(name: string, { rows, columns, values }: Matrix): WritableTensor {
  const shape = [rows, columns];
  const floats = new Uint8Array(Float32Array.from(values).buffer);
  const blocks = nativeCodec.convert(floats, "f32", "q8_0", shape);
  const bytes = nativeCodec.toRows16(blocks, "q8_0", shape);
  return { name, dtype: "q8_0", layout: "rows16", shape, chunks: () => [bytes] };
}

function norm(name: string): WritableTensor {
  const bytes = new Uint8Array(new Float32Array(config.hiddenSize).fill(1).buffer);
  return { name, dtype: "f32", layout: "rows", shape: [config.hiddenSize], chunks: () => [bytes] };
}

function makeTensors(texts: readonly (readonly number[])[]): WritableTensor[] {
  const alphabet = [...new Set(texts.flatMap((tokens) => tokens.slice(1)))].toSorted((a, b) =>
    a - b
  );
  const network = makeNetwork(seed, alphabet);
  const states = texts.flatMap((tokens) => hiddenStates(network, tokens.slice(0, -1)));
  const next = texts.flatMap((tokens) => tokens.slice(1));
  const { output, loss } = fitOutput(states, next, alphabet);
  console.error(`${next.length} bytes fitted, cross-entropy ${loss.toFixed(3)}`);
  const layers = network.layers.flatMap((layer, i) => {
    const prefix = `model.layers.${i}`;
    const { q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj } = layer;
    return [
      norm(`${prefix}.input_layernorm.weight`),
      ...Object.entries({ q_proj, k_proj, v_proj, o_proj })
        .map(([name, matrix]) => quantized(`${prefix}.self_attn.${name}.weight`, matrix)),
      norm(`${prefix}.post_attention_layernorm.weight`),
      ...Object.entries({ gate_proj, up_proj, down_proj })
        .map(([name, matrix]) => quantized(`${prefix}.mlp.${name}.weight`, matrix)),
    ];
  });
  return [
    quantized("model.embed_tokens.weight", network.embedding),
    ...layers,
    norm("model.norm.weight"),
    quantized("lm_head.weight", output),
  ];
}

const path = process.argv[2] ?? fileURLToPath(new URL("../models/tiny.qorus", import.meta.url));
const definition = byteDefinition();
const tokenizer = createTokenizer(definition);
const content = {
  config,
  generation: { endTokens: definition.endTokens, beginToken: definition.beginToken },
  tokenizer: serializeTokenizer(definition),
  provenance: { source: "tools/make_tiny_model.ts", note },
};
await writeQorus(path, content, makeTensors(readings().map((text) => [...tokenizer.encode(text)])));
console.error(`Wrote ${path}`);
