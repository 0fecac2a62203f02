/**
 * llama.cpp as a contender, through node-llama-cpp's prebuilt libraries. Runs under Node.
 *
 * Settings are llama.cpp's own defaults (mmap, weights repacked where it wants to, flash attention
 * `auto`), batches of 512, no GPU. node-llama-cpp's scheduling and its reading of files in JavaScript
 * are left out: its addon is called as it would call it, one `llama_decode` for each batch, on a
 * thread that libuv keeps for it.
 *
 * @module
 */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { getLlama, LlamaLogLevel } from "node-llama-cpp";
import { repeatSequence } from "./llama_cpp_state.mjs";
import { measure, serve } from "../support/serve.mjs";

/** Codes of `ggml_type`. */
const ggmlTypes = { f16: 1, q8_0: 8 };
const batchSize = 512;
const sequence = 0;
const packages = fileURLToPath(new URL("node_modules/", import.meta.url));

let llama;
let model;
let context;
/** Of the one sequence, or of all that run together. */
let position = 0;
let sequenceCount = 1;

/**
 * Gives llama.cpp a folder with one file of kernels only: it takes the best of those it finds.
 *
 * @param {string} name such as `haswell`
 */
function chooseKernels(name) {
  const binaries = join(
    packages,
    "@node-llama-cpp",
    `${process.platform}-${process.arch}`,
    "bins",
  );
  const folder = readdirSync(binaries, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(binaries, entry.name))
    .find((path) => existsSync(join(path, `libggml-cpu-${name}.so`)));
  if (folder === undefined) {
    throw new Error(`node-llama-cpp has no kernels ${name}`);
  }
  const only = mkdtempSync(join(tmpdir(), "qorus-bench-"));
  try {
    const file = `libggml-cpu-${name}.so`;
    symlinkSync(join(folder, file), join(only, file));
    createRequire(import.meta.url)(join(folder, "llama-addon.node"))
      .loadBackends(only);
  } finally {
    rmSync(only, { recursive: true });
  }
}

/** Loads llama.cpp itself, without a model. */
async function start(kernels) {
  if (kernels !== undefined) chooseKernels(kernels);
  llama ??= await getLlama({
    gpu: false,
    build: "never",
    logLevel: LlamaLogLevel.error,
  });
}

/** The file of kernels that llama.cpp has in memory. */
function kernelsInUse() {
  if (process.platform !== "linux") return llama.systemInfo;
  const maps = readFileSync("/proc/self/maps", "utf8");
  return /libggml-cpu-(\w+)\.so/.exec(maps)?.[1] ?? llama.systemInfo;
}

async function open({ path, contextLength, sequences, cacheDtype, threads }) {
  const { AddonModel, AddonContext } = llama._bindings;
  model = new AddonModel(path, {
    addonExports: llama._bindings,
    gpuLayers: 0,
    useMmap: true,
  });
  if (!await model.init()) throw new Error(`${path} cannot be loaded`);
  const cacheType = ggmlTypes[cacheDtype];
  context = new AddonContext(model, {
    // Each sequence has an equal part; parts are multiples of 256.
    contextSize: Math.ceil(contextLength / 256) * 256 * sequences,
    batchSize,
    sequences,
    flashAttention: "auto",
    kvCacheKeyType: cacheType,
    kvCacheValueType: cacheType,
    threads,
  });
  if (!await context.init()) {
    throw new Error(`${path}: there is no memory for the context`);
  }
}

async function load({ kernels, ...fields }) {
  await start(kernels);
  await open({ ...fields, threads: 1 });
  sequenceCount = fields.sequences;
  const { release } = llama.llamaCppRelease;
  const packageFile = join(packages, "node-llama-cpp", "package.json");
  const { version } = JSON.parse(readFileSync(packageFile, "utf8"));
  return {
    name: `llama.cpp ${release} (node-llama-cpp ${version})`,
    kernels: kernelsInUse(),
    runtime: `Node ${process.versions.node}`,
  };
}

async function step(tokens) {
  context.initBatch(tokens.length);
  context.addToBatch(
    sequence,
    position,
    tokens,
    Uint32Array.of(tokens.length - 1),
  );
  await context.decodeBatch();
  position += tokens.length;
}

async function prefill({ tokens }) {
  context.disposeSequence(sequence);
  position = 0;
  const ids = Uint32Array.from(tokens);
  return await measure(async () => {
    for (let i = 0; i < ids.length; i += batchSize) {
      await step(ids.subarray(i, i + batchSize));
    }
  });
}

async function decode({ tokens }) {
  const ids = Uint32Array.from(tokens);
  return await measure(async () => {
    for (let i = 0; i < ids.length; i++) await step(ids.subarray(i, i + 1));
  });
}

async function beginSequences({ tokens }) {
  const ids = Uint32Array.from(tokens);
  for (let it = 0; it < sequenceCount; it++) {
    context.disposeSequence(it);
    context.initBatch(ids.length);
    context.addToBatch(it, 0, ids, Uint32Array.of(ids.length - 1));
    await context.decodeBatch();
  }
  position = ids.length;
}

async function decodeSequences({ tokens }) {
  const ids = Uint32Array.from(tokens);
  const logits = Uint32Array.of(0);
  return await measure(async () => {
    for (let i = 0; i < ids.length; i++) {
      context.initBatch(sequenceCount);
      for (let it = 0; it < sequenceCount; it++) {
        context.addToBatch(it, position, ids.subarray(i, i + 1), logits);
      }
      await context.decodeBatch();
      position++;
    }
  });
}

/** Fills the cache with copies of the keys and values of a first batch. */
async function fill({ count }) {
  const first = Math.min(count, batchSize);
  await prefill({
    tokens: Array.from({ length: first }, (_, i) => 300 + i % 200),
  });
  if (count === first) return;
  const folder = mkdtempSync(join(tmpdir(), "qorus-bench-"));
  try {
    const short = join(folder, "short");
    const long = join(folder, "long");
    const ids = new Uint32Array(first);
    await context.saveSequenceStateToFile(short, sequence, ids);
    repeatSequence(short, long, count);
    context.disposeSequence(sequence);
    await context.loadSequenceStateFromFile(long, sequence, count);
    position = context.getSequenceKvCacheMaxPosition(sequence) + 1;
    if (position !== count) {
      throw new Error(`the cache has ${position} tokens, not ${count}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function firstToken({ path, prompt, threads }) {
  await start();
  return await measure(async () => {
    await open({
      path,
      contextLength: 512,
      sequences: 1,
      cacheDtype: "f16",
      threads,
    });
    const ids = model.tokenize(prompt, false);
    await step(ids);
    const sampler = new llama._bindings.AddonSampler(model);
    sampler.applyConfig({ temperature: 0 });
    await context.sampleToken(ids.length - 1, sampler);
  });
}

await serve({
  load,
  threads: ({ count }) => context.setThreads(count),
  prefill,
  decode,
  beginSequences,
  decodeSequences,
  fill,
  firstToken,
});
