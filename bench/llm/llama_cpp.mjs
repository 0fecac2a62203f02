/**
 * llama.cpp as a contender, through node-llama-cpp's prebuilt libraries. Runs under Node.
 *
 * Settings are llama.cpp's own defaults (mmap, weights repacked where it wants to, flash attention
 * `auto`, f16 cache), batches of 512, no GPU. node-llama-cpp's scheduling is left out: one call of
 * `llama_decode` for each batch, on a thread that libuv keeps for it.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import { getLlama, LlamaLogLevel } from "node-llama-cpp";
import { measure, serve } from "./serve.mjs";

const batchSize = 512;
const sequence = 0;

let binding;
let position = 0;

/** The file of kernels that llama.cpp picked for this processor. */
function kernels(llama) {
  if (process.platform !== "linux") return llama.systemInfo;
  const maps = readFileSync("/proc/self/maps", "utf8");
  return /libggml-cpu-(\w+)\.so/.exec(maps)?.[1] ?? llama.systemInfo;
}

async function load(path, contextLength) {
  const llama = await getLlama({
    gpu: false,
    build: "never",
    logLevel: LlamaLogLevel.error,
  });
  const model = await llama.loadModel({
    modelPath: path,
    gpuLayers: 0,
    useMmap: true,
  });
  const context = await model.createContext({
    contextSize: contextLength,
    batchSize,
    sequences: 1,
    flashAttention: "auto",
  });
  // The addon's own object: the public one batches, samples and waits for its queue.
  binding = context._ctx;
  const { release } = llama.llamaCppRelease;
  const packageFile = new URL("node_modules/node-llama-cpp/package.json", import.meta.url);
  const { version } = JSON.parse(readFileSync(packageFile, "utf8"));
  return {
    name: `llama.cpp ${release} (node-llama-cpp ${version})`,
    kernels: kernels(llama),
    runtime: `Node ${process.versions.node}`,
  };
}

async function step(tokens) {
  binding.initBatch(tokens.length);
  binding.addToBatch(sequence, position, tokens, Uint32Array.of(tokens.length - 1));
  await binding.decodeBatch();
  position += tokens.length;
}

async function prefill(tokens) {
  binding.disposeSequence(sequence);
  position = 0;
  const ids = Uint32Array.from(tokens);
  return await measure(async () => {
    for (let i = 0; i < ids.length; i += batchSize) await step(ids.subarray(i, i + batchSize));
  });
}

async function decode(tokens) {
  const ids = Uint32Array.from(tokens);
  return await measure(async () => {
    for (let i = 0; i < ids.length; i++) await step(ids.subarray(i, i + 1));
  });
}

await serve({ load, threads: (count) => binding.setThreads(count), prefill, decode });
