import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { byteLengthOf, type DType, dtypes } from "../../../lib/core/dtype.ts";
import { ByteWriter, encodeUtf8 } from "../../../lib/formats/byte_writer.ts";
import { readGguf } from "../../../lib/formats/gguf.ts";
import { openGguf, shortestFloat32 } from "../../../lib/formats/gguf_checkpoint.ts";
import { writeGguf } from "../../../lib/formats/gguf_writer.ts";
import { usableTensor } from "../../../lib/formats/stored_tensor.ts";
import { toGgufName } from "../../../lib/formats/tensor_names.ts";
import type { WritableTensor } from "../../../lib/formats/tensor_writer.ts";
import type { GgufMetadata, GgufValue, ModelConfig } from "../../../lib/formats/types.ts";
import { QorusError } from "../../../lib/native/error.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { randomTensors, smallestConfig, tensorOf } from "../../support/tiny_model.ts";

const everyType: GgufMetadata = new Map<string, GgufValue>([
  ["a.u8", { type: "u8", value: 200 }],
  ["a.i8", { type: "i8", value: -100 }],
  ["a.u16", { type: "u16", value: 60000 }],
  ["a.i16", { type: "i16", value: -30000 }],
  ["a.u32", { type: "u32", value: 4e9 }],
  ["a.i32", { type: "i32", value: -2e9 }],
  ["a.f32", { type: "f32", value: 1.5 }],
  ["a.f64", { type: "f64", value: Math.PI }],
  ["a.u64", { type: "u64", value: 2n ** 64n - 1n }],
  ["a.i64", { type: "i64", value: -(2n ** 63n) }],
  ["a.bool", { type: "bool", value: true }],
  ["a.text", { type: "string", value: "grüße\u0000\u{1f642}" }],
  ["b.strings", { type: "array", element: "string", value: ["", "x", "ü"] }],
  ["b.bools", { type: "array", element: "bool", value: [true, false] }],
  ["b.u8", { type: "array", element: "u8", value: Uint8Array.of(1, 2, 3) }],
  ["b.i32", { type: "array", element: "i32", value: Int32Array.of(-1, 7) }],
  ["b.f32", { type: "array", element: "f32", value: Float32Array.of(0.5) }],
  ["b.u64", { type: "array", element: "u64", value: BigUint64Array.of(2n ** 60n) }],
  ["b.empty", { type: "array", element: "f64", value: new Float64Array(0) }],
]);

test("GGUF keeps metadata of every type and tensors of every dtype", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("all.gguf");
  const stored = Object.keys(dtypes).filter((name) => name !== "u8") as DType[];
  const tensors = stored.map((dtype, i) => {
    const bytes = new Uint8Array(byteLengthOf(dtype, [3, 256])).fill(i + 1);
    return tensorOf(`t.${dtype}`, dtype, [3, 256], bytes);
  });
  await writeGguf(path, everyType, tensors);
  const file = readGguf(path);
  assertEquals(file.version, 3);
  assertEquals([...file.metadata], [...everyType]);
  assertEquals([...file.tensors.keys()], tensors.map(({ name }) => name));
  const whole = readFileSync(path);
  for (const [i, { name, dtype }] of tensors.entries()) {
    const tensor = file.tensors.get(name);
    assert(tensor !== undefined);
    assertEquals([tensor.dtype, tensor.shape, tensor.offset % 32], [dtype, [3, 256], 0]);
    const bytes = whole.subarray(tensor.offset, tensor.offset + tensor.byteLength);
    assert(bytes.every((byte) => byte === i + 1));
  }
});

/** A file with one f32 tensor, hand-written, some of it as the options say. */
function handWritten(options: {
  version?: number;
  typeCode?: number;
  shape?: readonly (number | bigint)[];
  offset?: number;
  name?: Uint8Array;
  secondName?: string;
  alignment?: number;
}): Uint8Array {
  const writer = new ByteWriter();
  const text = (bytes: Uint8Array) => {
    writer.u64(bytes.byteLength);
    writer.bytes(bytes);
  };
  writer.bytes(encodeUtf8("GGUF"));
  writer.u32(options.version ?? 3);
  writer.u64(options.secondName === undefined ? 1 : 2);
  writer.u64(1);
  text(encodeUtf8("general.alignment"));
  writer.u32(4);
  writer.u32(options.alignment ?? 64);
  const entry = (name: Uint8Array, offset: number) => {
    text(name);
    const shape = options.shape ?? [8, 1];
    writer.u32(shape.length);
    for (const size of shape) writer.u64(size);
    writer.u32(options.typeCode ?? 0);
    writer.u64(offset);
  };
  entry(options.name ?? encodeUtf8("w"), options.offset ?? 0);
  if (options.secondName !== undefined) entry(encodeUtf8(options.secondName), 0);
  writer.align(64);
  writer.bytes(new Uint8Array(64));
  return writer.finish();
}

function read(folder: TemporaryFolder, bytes: Uint8Array): ReturnType<typeof readGguf> {
  const path = folder.file("hand.gguf");
  writeFileSync(path, bytes);
  return readGguf(path);
}

test("GGUF lists sizes innermost first and honours its alignment", () => {
  using folder = new TemporaryFolder();
  const tensor = read(folder, handWritten({ shape: [8, 2], version: 2 })).tensors.get("w");
  assertEquals(tensor?.shape, [2, 8]);
  assertEquals(tensor?.offset, 128);
});

const broken: readonly [string, Parameters<typeof handWritten>[0], string, string][] = [
  ["a future version", { version: 4 }, "unsupported", "version"],
  ["version 1", { version: 1 }, "unsupported", "version"],
  ["big-endian bytes", { version: 0x03000000 }, "unsupported", "big-endian"],
  ["an unknown element type", { typeCode: 77 }, "unsupported", "type of w"],
  ["sizes that overflow", { shape: [2n ** 40n, 2n ** 40n] }, "invalid_file", "shape of w"],
  ["sizes beyond 2^53", { shape: [2n ** 63n] }, "invalid_file", "shape of w"],
  ["a size of zero", { shape: [0, 4] }, "invalid_file", "shape of w"],
  ["five sizes", { shape: [1, 1, 1, 1, 1] }, "invalid_file", "number of sizes"],
  ["an offset beyond the file", { offset: 6400 }, "invalid_file", "data of w"],
  ["an offset that is not aligned", { offset: 4 }, "invalid_file", "offset of w"],
  ["an alignment of 3", { alignment: 3 }, "invalid_file", "general.alignment"],
  ["a name that is not UTF-8", { name: Uint8Array.of(0xff) }, "invalid_file", "UTF-8"],
  ["a name twice", { secondName: "w" }, "invalid_file", "twice"],
  ["tensors that overlap", { secondName: "v" }, "invalid_file", "overlaps"],
  ["Q4_K rows of 128", { typeCode: 12, shape: [128, 2] }, "invalid_file", "does not fit Q4_K"],
  ["Q5_K rows of 288", { typeCode: 13, shape: [288] }, "invalid_file", "does not fit Q5_K"],
  ["Q6_K rows of 8", { typeCode: 14 }, "invalid_file", "multiple of 256"],
  ["Q6_K blocks that are cut", { typeCode: 14, shape: [256] }, "invalid_file", "data of w"],
];

for (const [what, options, code, part] of broken) {
  test(`GGUF with ${what} is refused`, () => {
    using folder = new TemporaryFolder();
    const error = assertThrows(() => read(folder, handWritten(options)), QorusError, part);
    assertEquals(error.code, code);
    assertEquals(error.path, folder.file("hand.gguf"));
  });
}

test("GGUF lists types Qorus cannot compute with and refuses to use them", () => {
  using folder = new TemporaryFolder();
  // 16 elements of type I8 take the place of something exotic.
  const tensor = read(folder, handWritten({ typeCode: 24, shape: [16] })).tensors.get("w");
  assert(tensor !== undefined);
  assertEquals([tensor.storedType, tensor.dtype, tensor.byteLength], ["I8", undefined, 16]);
  assertEquals(assertThrows(() => usableTensor(tensor), QorusError, "I8").code, "unsupported");
});

test("GGUF with an absurd count of tensors allocates nothing for them", () => {
  using folder = new TemporaryFolder();
  const bytes = handWritten({});
  new DataView(bytes.buffer).setBigUint64(8, 2n ** 50n, true);
  assertThrows(() => read(folder, bytes), QorusError, "tensor count");
});

function modelMetadata(config: ModelConfig, architecture = "llama"): Map<string, GgufValue> {
  const numbers: Record<string, number> = {
    context_length: config.contextLength,
    embedding_length: config.hiddenSize,
    block_count: config.layerCount,
    feed_forward_length: config.intermediateSize,
    "attention.head_count": config.headCount,
    "attention.head_count_kv": config.keyValueHeadCount,
  };
  return new Map<string, GgufValue>([
    ["general.architecture", { type: "string", value: architecture }],
    ...Object.entries(numbers).map(([key, value]): [string, GgufValue] => [
      `${architecture}.${key}`,
      { type: "u32", value },
    ]),
    [`${architecture}.attention.layer_norm_rms_epsilon`, { type: "f32", value: 1e-5 }],
  ]);
}

function modelTensors(config: ModelConfig): WritableTensor[] {
  return randomTensors(config).map((tensor) => ({
    ...tensor,
    name: toGgufName(tensor.name) ?? tensor.name,
  }));
}

test("GGUF's llama turns neighbouring pairs, its qwen2 halves with biases", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("model.gguf");
  await writeGguf(path, modelMetadata(smallestConfig), modelTensors(smallestConfig));
  assertEquals(openGguf(path).config, { ...smallestConfig, ropeStyle: "neighbouring" });
  const qwen = { ...smallestConfig, architecture: "qwen2", attentionBias: true };
  await writeGguf(path, modelMetadata(qwen, "qwen2"), modelTensors(qwen));
  assertEquals(openGguf(path).config, qwen);
});

test("GGUF's rope_freqs.weight and linear scaling become RopeScaling", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("model.gguf");
  const metadata = modelMetadata(smallestConfig);
  const factors = Float32Array.of(2.5);
  const tensor = tensorOf("rope_freqs.weight", "f32", [1], new Uint8Array(factors.buffer));
  await writeGguf(path, metadata, [tensor, ...modelTensors(smallestConfig)]);
  assertEquals(openGguf(path).config.ropeScaling, { type: "factors", factors: [2.5] });
  metadata.set("llama.rope.scaling.type", { type: "string", value: "linear" });
  metadata.set("llama.rope.scaling.factor", { type: "f32", value: 4 });
  await writeGguf(path, metadata, modelTensors(smallestConfig));
  assertEquals(openGguf(path).config.ropeScaling, { type: "linear", factor: 4 });
});

test("GGUF models with a missing tensor or a wrong shape are refused by name", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("model.gguf");
  const metadata = modelMetadata(smallestConfig);
  const tensors = modelTensors(smallestConfig);
  await writeGguf(path, metadata, tensors.filter(({ name }) => name !== "blk.0.ffn_up.weight"));
  assertThrows(() => openGguf(path), QorusError, "blk.0.ffn_up.weight: is missing");
  metadata.set("llama.feed_forward_length", { type: "u32", value: 5 });
  await writeGguf(path, metadata, tensors);
  const error = assertThrows(() => openGguf(path), QorusError, "shape of blk.0.ffn_gate.weight");
  assertEquals([error.given, error.expected], [[4, 4], [5, 4]]);
});

test("GGUF options that Qorus does not compute are refused", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("model.gguf");
  const values: [string, GgufValue][] = [
    ["general.architecture", { type: "string", value: "mamba" }],
    ["llama.expert_count", { type: "u32", value: 8 }],
    ["llama.rope.scaling.type", { type: "string", value: "yarn" }],
    ["llama.rope.dimension_count", { type: "u32", value: 1 }],
    ["split.count", { type: "u16", value: 2 }],
    ["llama.attention.head_count", { type: "array", element: "u32", value: Uint32Array.of(2) }],
  ];
  for (const [key, value] of values) {
    const metadata = modelMetadata(smallestConfig).set(key, value);
    await writeGguf(path, metadata, modelTensors(smallestConfig));
    assertEquals(assertThrows(() => openGguf(path), QorusError, key).code, "unsupported");
  }
});

test("the GGUF writer refuses u8 tensors and a name twice", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("out.gguf");
  const tensor = tensorOf("t", "u8", [2], new Uint8Array(2));
  await assertRejects(() => writeGguf(path, new Map(), [tensor]), QorusError, "u8");
  const twice = tensorOf("t", "f32", [1], new Uint8Array(4));
  await assertRejects(() => writeGguf(path, new Map(), [twice, twice]), QorusError, "twice");
});

test("shortestFloat32 finds the decimal that was meant", () => {
  for (const value of [1e-5, 1e-6, 0.1, 10000, 500000, 1000000, 8]) {
    assertEquals(shortestFloat32(Math.fround(value)), value);
  }
});
