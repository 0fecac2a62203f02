import { assert, assertEquals, assertRejects } from "@std/assert";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { DType } from "../../../lib/core/dtype.ts";
import { openCheckpoint } from "../../../lib/formats/checkpoint.ts";
import { convert } from "../../../lib/formats/convert.ts";
import type { ConvertOptions } from "../../../lib/formats/convert.ts";
import { OpenFiles, planTensors, type WeightDType } from "../../../lib/formats/convert_tensor.ts";
import { readGguf } from "../../../lib/formats/gguf.ts";
import type { Checkpoint, ModelConfig } from "../../../lib/formats/types.ts";
import { QorusError } from "../../../lib/native/error.ts";
import { writeRandomModel } from "../../../tools/support/random_model.ts";
import { scalarCodec } from "../../support/scalar_codec.ts";
import { tensorBytes } from "../../support/tensor_bytes.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { llama2cBytes, quantizableConfig, writeTinyFolder } from "../../support/tiny_model.ts";

const options: ConvertOptions = { codec: scalarCodec };

/** Config and row-major, half-order bytes of every tensor: what conversion must not change. */
function contentOf(
  checkpoint: Checkpoint,
): { config: ModelConfig; tensors: [string, Uint8Array][] } {
  return {
    config: { ...checkpoint.config, ropeStyle: "half" },
    tensors: [...checkpoint.tensors.keys()].map((name) => [name, tensorBytes(checkpoint, name)]),
  };
}

const outputs = ["out.qorus", "out.gguf", "out"];

for (const architecture of ["llama", "qwen2"]) {
  test(`${architecture} goes from every format to every other unchanged`, async () => {
    using folder = new TemporaryFolder();
    const attentionBias = architecture === "qwen2";
    const config = { ...quantizableConfig, architecture, attentionBias };
    const source = await writeTinyFolder(folder.file("source"), config);
    const expected = contentOf(openCheckpoint(source));
    for (const first of outputs) {
      const middle = folder.file(`1-${first}`);
      const report = await convert(source, middle, options);
      assertEquals(report.tensorCount, expected.tensors.length);
      assertEquals(contentOf(openCheckpoint(middle)), expected);
      for (const second of outputs) {
        const end = folder.file(`2-${first}-${second}`);
        await convert(middle, end, options);
        assertEquals(contentOf(openCheckpoint(end)), expected);
        assertEquals(openCheckpoint(end).generation.endTokens, [2]);
        assertEquals(openCheckpoint(end).generation.beginToken, 1);
      }
    }
  });
}

test("llama2.c checkpoints convert to every format", async () => {
  using folder = new TemporaryFolder();
  const source = folder.file("model.bin");
  writeFileSync(source, llama2cBytes(quantizableConfig));
  const expected = contentOf(openCheckpoint(source));
  for (const output of outputs) {
    const { warnings } = await convert(source, folder.file(output), options);
    assert(warnings.some((warning) => warning.includes("no tokenizer")));
    assertEquals(contentOf(openCheckpoint(folder.file(output))), expected);
  }
});

test("conversion to each dtype follows llama.cpp's rules", async () => {
  using folder = new TemporaryFolder();
  const source = await writeTinyFolder(folder.file("source"), quantizableConfig);
  const original = openCheckpoint(source);
  for (const dtype of ["f32", "f16", "bf16", "q8_0", "q4_0"] as const) {
    const quantized = dtype === "q8_0" || dtype === "q4_0";
    for (const output of quantized ? ["out.qorus", "out.gguf"] : outputs) {
      const path = folder.file(`${dtype}-${output}`);
      await convert(source, path, { ...options, dtype });
      const checkpoint = openCheckpoint(path);
      for (const { name, shape, dtype: given, layout } of checkpoint.tensors.values()) {
        const isWhole = shape.at(-1) === 32;
        const expected: DType = shape.length < 2 ? "f32" : quantized && !isWhole ? "f16" : dtype;
        assertEquals([name, given], [name, expected]);
        const interleaved = output === "out.qorus" && quantized && shape.length === 2 && isWhole;
        assertEquals(layout, interleaved ? "rows16" : "rows");
        const f32 = tensorBytes(original, name);
        const bytes = scalarCodec.convert(f32, "f32", expected, shape);
        assertEquals(tensorBytes(checkpoint, name), bytes, `${path} ${name}`);
      }
    }
  }
});

test("quantized models convert between layouts without another rounding", async () => {
  using folder = new TemporaryFolder();
  const source = await writeTinyFolder(folder.file("source"), quantizableConfig);
  await convert(source, folder.file("a.gguf"), { ...options, dtype: "q4_0" });
  await convert(folder.file("a.gguf"), folder.file("b.qorus"), options);
  await convert(folder.file("b.qorus"), folder.file("c.qorus"), options);
  await convert(folder.file("c.qorus"), folder.file("d.gguf"), options);
  const expected = contentOf(openCheckpoint(folder.file("a.gguf")));
  for (const name of ["b.qorus", "c.qorus", "d.gguf"]) {
    assertEquals(contentOf(openCheckpoint(folder.file(name))), expected);
  }
  // safetensors has no such type: every value exactly as f32.
  await convert(folder.file("b.qorus"), folder.file("e"), options);
  const embedding = openCheckpoint(folder.file("e")).tensors.get("model.embed_tokens.weight");
  assertEquals(embedding?.dtype, "f32");
});

/** A Q4_K and Q6_K mixture with random blocks, as GGUF. */
async function writeMixture(path: string): Promise<void> {
  const config: ModelConfig = {
    ...quantizableConfig,
    ropeStyle: "neighbouring",
    vocabSize: 300,
    layerCount: 1,
    hiddenSize: 256,
    intermediateSize: 256,
    headSize: 64,
  };
  await writeRandomModel(path, config, { dtype: "q4_k_m" });
}

const withTokenizer: ConvertOptions = {
  ...options,
  tokenizerWriter: { serialize: () => new Uint8Array(1) },
};

test("K-quants go from GGUF to .qorus and back without a change", async () => {
  using folder = new TemporaryFolder();
  const source = folder.file("a.gguf");
  await writeMixture(source);
  const expected = openCheckpoint(source);
  const kinds = new Set([...expected.tensors.values()].map(({ dtype }) => dtype));
  assertEquals([...kinds].sort(), ["f32", "q4_k", "q6_k"]);
  await convert(source, folder.file("b.qorus"), withTokenizer);
  await convert(folder.file("b.qorus"), folder.file("c.qorus"), withTokenizer);
  await convert(folder.file("c.qorus"), folder.file("d.gguf"), withTokenizer);
  for (const name of ["b.qorus", "c.qorus", "d.gguf"]) {
    assertEquals(contentOf(openCheckpoint(folder.file(name))), contentOf(expected));
  }
  for (const { dtype, layout } of openCheckpoint(folder.file("b.qorus")).tensors.values()) {
    assertEquals(layout, dtype === "f32" ? "rows" : "rows16");
  }
  // The file's own type is that of most weights: Q4_K_M.
  const { metadata } = readGguf(folder.file("d.gguf"));
  assertEquals(metadata.get("general.file_type")?.value, 15);
});

test("K-quants become other types, and f32 where a format has no blocks", async () => {
  using folder = new TemporaryFolder();
  const source = folder.file("a.gguf");
  await writeMixture(source);
  await convert(source, folder.file("packed.qorus"), withTokenizer);
  const original = openCheckpoint(source);
  const names = ["self_attn.q_proj.weight", "self_attn.v_proj.weight"];
  const matrices = names.map((name) => original.tensors.get(`model.layers.0.${name}`)!);
  assertEquals(matrices.map(({ dtype }) => dtype), ["q4_k", "q6_k"]);
  const cases = [["q8_0", "b.qorus"], ["f16", "c.gguf"], ["f32", "d.qorus"], [undefined, "e"]];
  for (const [dtype, output] of cases as [WeightDType | undefined, string][]) {
    await convert(folder.file("packed.qorus"), folder.file(output), { ...withTokenizer, dtype });
    const converted = openCheckpoint(folder.file(output));
    for (const { name, shape, dtype: from } of matrices) {
      const expected = dtype ?? "f32";
      assertEquals(converted.tensors.get(name)?.dtype, expected);
      const bytes = scalarCodec.convert(tensorBytes(original, name), from, expected, shape);
      assertEquals(tensorBytes(converted, name), bytes, `${output} ${name}`);
    }
  }
});

test("Llama 3's scaling becomes GGUF's rope_freqs.weight and survives in .qorus", async () => {
  using folder = new TemporaryFolder();
  const config: ModelConfig = {
    ...quantizableConfig,
    ropeScaling: {
      type: "llama3",
      factor: 8,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalContextLength: 64,
    },
  };
  const source = await writeTinyFolder(folder.file("source"), config);
  await convert(source, folder.file("a.qorus"), options);
  assertEquals(openCheckpoint(folder.file("a.qorus")).config, config);
  await convert(source, folder.file("b.gguf"), options);
  const scaling = openCheckpoint(folder.file("b.gguf")).config.ropeScaling;
  assert(scaling?.type === "factors");
  assertEquals([scaling.factors.length, scaling.factors[0], scaling.factors[3]], [4, 1, 8]);
  const back = () => convert(folder.file("b.gguf"), folder.file("c"), options);
  assertEquals((await assertRejects(back, QorusError, "rope")).code, "unsupported");
  assertEquals(readdirSync(folder.path).sort(), ["a.qorus", "b.gguf", "source"]);
});

test("tokenizer and chat template go along in the form that the writer makes", async () => {
  using folder = new TemporaryFolder();
  const source = await writeTinyFolder(folder.file("source"), quantizableConfig);
  writeFileSync(`${source}/tokenizer.json`, '{"version":"1.0"}');
  writeFileSync(`${source}/chat_template.jinja`, "hello");
  const refuse = () => convert(source, folder.file("a.qorus"), options);
  await assertRejects(refuse, QorusError, "tokenizerWriter");
  const tokenizerWriter = { serialize: () => Uint8Array.of(7, 8) };
  await convert(source, folder.file("a.qorus"), { ...options, tokenizerWriter });
  const checkpoint = openCheckpoint(folder.file("a.qorus"));
  assert(checkpoint.tokenizer?.kind === "serialized");
  assertEquals([checkpoint.tokenizer.bytes, checkpoint.chatTemplate], [
    Uint8Array.of(7, 8),
    "hello",
  ]);
  await convert(source, folder.file("b"), options);
  assertEquals(readFileSync(folder.file("b/tokenizer.json"), "utf8"), '{"version":"1.0"}');
  assertEquals(openCheckpoint(folder.file("b")).chatTemplate, "hello");
  const { warnings } = await convert(source, folder.file("c.gguf"), options);
  assertEquals(warnings.length, 1);
  assertEquals(openCheckpoint(folder.file("c.gguf")).chatTemplate, "hello");
});

test("a tensor converted in pieces has the bytes of one converted whole", async () => {
  using folder = new TemporaryFolder();
  const config = { ...quantizableConfig, vocabSize: 50, headSize: 24, hiddenSize: 96 };
  const source = await writeTinyFolder(folder.file("source"), config);
  await convert(source, folder.file("q.qorus"), { ...options, dtype: "q8_0" });
  using files = new OpenFiles();
  for (const input of [source, folder.file("q.qorus")]) {
    for (const rows16 of [true, false]) {
      for (const dtype of ["q4_0", "q8_0", "f16"] as const) {
        const target = {
          dtype,
          quantized: true,
          rows16,
          ropeStyle: "neighbouring",
          ggufNames: false,
        } as const;
        const plan = (pieceBytes?: number) =>
          planTensors(openCheckpoint(input), target, scalarCodec, files, pieceBytes)
            .map(({ chunks }) => [...chunks()]);
        const pieces = plan(1);
        assert(pieces[0].length > 1);
        const joined = pieces.map((list) => list.flatMap((bytes) => [...bytes]));
        assertEquals(joined, plan().map((list) => list.flatMap((bytes) => [...bytes])));
      }
    }
  }
});

test("progress reaches the end and counts every byte", async () => {
  using folder = new TemporaryFolder();
  const source = await writeTinyFolder(folder.file("source"), quantizableConfig);
  let done = 0;
  let total = 0;
  const report = await convert(source, folder.file("a.qorus"), {
    ...options,
    onProgress: ({ bytesDone, bytesTotal }) => {
      assert(bytesDone > done);
      [done, total] = [bytesDone, bytesTotal];
    },
  });
  assertEquals([done, total], [report.byteLength, report.byteLength]);
});

for (const output of [...outputs, "out.safetensors"]) {
  test(`an interrupted conversion to ${output} leaves what was there`, async () => {
    using folder = new TemporaryFolder();
    const source = await writeTinyFolder(folder.file("source"), quantizableConfig);
    const isFile = output.includes(".");
    if (isFile) writeFileSync(folder.file(output), "old");
    const before = readdirSync(folder.path);
    const controller = new AbortController();
    let pieces = 0;
    const run = () =>
      convert(source, folder.file(output), {
        ...options,
        signal: controller.signal,
        onProgress: () => {
          pieces += 1;
          // The first piece is on the disk; an interrupt arrives between two turns of the loop.
          if (pieces === 1) setTimeout(() => controller.abort(), 0);
          if (pieces === 2) assert(readdirSync(folder.path).length > before.length);
          const end = performance.now() + 2;
          while (performance.now() < end);
        },
      });
    const error = await assertRejects(run, QorusError, folder.file(output));
    assertEquals(error.code, "aborted");
    assert(pieces < openCheckpoint(source).tensors.size);
    assertEquals(readdirSync(folder.path), before);
    if (isFile) assertEquals(readFileSync(folder.file(output), "utf8"), "old");
  });
}

test("a conversion that fails half-way leaves nothing", async () => {
  using folder = new TemporaryFolder();
  const source = await writeTinyFolder(folder.file("source"), quantizableConfig);
  let calls = 0;
  const codec = {
    ...scalarCodec,
    convert: (...input: Parameters<typeof scalarCodec.convert>) => {
      calls += 1;
      if (calls === 5) throw new QorusError("out_of_memory", "no memory");
      return scalarCodec.convert(...input);
    },
  };
  for (const output of outputs) {
    calls = 0;
    const run = () => convert(source, folder.file(output), { codec, dtype: "f16" });
    await assertRejects(run, QorusError, "no memory");
  }
  assertEquals(readdirSync(folder.path), ["source"]);
});

test("outputs that cannot be written are refused before anything is", async () => {
  using folder = new TemporaryFolder();
  const source = await writeTinyFolder(folder.file("source"), quantizableConfig);
  const refusals: [string, ConvertOptions, string, string][] = [
    ["out.bin", options, "unsupported", ".bin"],
    ["out.safetensors", { ...options, dtype: "q4_0" }, "unsupported", "dtype"],
    ["source", options, "invalid_argument", "source"],
    ["none/out.qorus", options, "not_found", "none"],
    ["none/out", options, "not_found", "none"],
  ];
  for (const [output, given, code, part] of refusals) {
    const run = () => convert(source, folder.file(output), given);
    assertEquals((await assertRejects(run, QorusError, part)).code, code);
  }
  mkdirSync(folder.file("empty"));
  await convert(source, folder.file("empty"), options);
  assertEquals(contentOf(openCheckpoint(folder.file("empty"))), contentOf(openCheckpoint(source)));
});

test("a .qorus file says where its model comes from", async () => {
  using folder = new TemporaryFolder();
  const source = await writeTinyFolder(folder.file("source"), quantizableConfig);
  const provenance = { note: "Made for a test.", steps: "7" };
  await convert(source, folder.file("out.qorus"), { ...options, provenance });
  assertEquals(openCheckpoint(folder.file("out.qorus")).provenance, {
    source: "source",
    format: "huggingface",
    note: "Made for a test.",
    steps: "7",
  });
});
