import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { headChecksum, openQorus } from "../../../lib/formats/qorus.ts";
import type { QorusContent } from "../../../lib/formats/qorus_writer.ts";
import { writeQorus } from "../../../lib/formats/qorus_writer.ts";
import { rows16ByteLength } from "../../../lib/formats/rows16.ts";
import type { WritableTensor } from "../../../lib/formats/tensor_writer.ts";
import type { RopeScaling } from "../../../lib/formats/types.ts";
import { QorusError } from "../../../lib/native/error.ts";
import { encodeElements, scalarCodec } from "../../support/scalar_codec.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { quantizableConfig, randomTensors, smallestConfig } from "../../support/tiny_model.ts";

const content: QorusContent = {
  config: smallestConfig,
  generation: { endTokens: [2, 3], beginToken: 1, temperature: 0.7, topK: 40, topP: 0.9 },
  chatTemplate: "{{ bos_token }}\u{1f642}",
  tokenizer: Uint8Array.of(1, 2, 3, 4, 5),
  provenance: { source: "test" },
};

test(".qorus keeps everything it is given", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("model.qorus");
  const tensors = randomTensors(smallestConfig);
  await writeQorus(path, content, tensors);
  const checkpoint = openQorus(path);
  assertEquals(checkpoint.config, content.config);
  assertEquals(checkpoint.generation, content.generation);
  assertEquals(checkpoint.chatTemplate, content.chatTemplate);
  assert(content.tokenizer !== undefined);
  assertEquals(checkpoint.tokenizer, { kind: "serialized", bytes: content.tokenizer, path });
  const whole = new Uint8Array(readFileSync(path));
  for (const tensor of tensors) {
    const info = checkpoint.tensors.get(tensor.name);
    assert(info !== undefined);
    assertEquals([info.dtype, info.shape, info.layout], [tensor.dtype, tensor.shape, "rows"]);
    assertEquals(info.offset % 64, 0);
    const bytes = whole.slice(info.offset, info.offset + info.byteLength);
    assertEquals([bytes], [...tensor.chunks()]);
  }
});

test(".qorus keeps every kind of rotary scaling and a model without extras", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("model.qorus");
  const scalings: (RopeScaling | undefined)[] = [
    undefined,
    { type: "linear", factor: 2.5 },
    { type: "factors", factors: [1.25] },
    {
      type: "llama3",
      factor: 32,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalContextLength: 8192,
    },
  ];
  for (const ropeScaling of scalings) {
    const config = ropeScaling === undefined ? smallestConfig : { ...smallestConfig, ropeScaling };
    await writeQorus(path, { config, generation: { endTokens: [] } }, randomTensors(config));
    const checkpoint = openQorus(path);
    assertEquals(checkpoint.config, config);
    assertEquals([checkpoint.tokenizer, checkpoint.chatTemplate], [undefined, undefined]);
  }
});

test("rows16 pads rows to 16 and has the documented bytes", () => {
  assertEquals(rows16ByteLength("q8_0", [20, 64]), 2 * 2 * 544);
  assertEquals(rows16ByteLength("q4_0", [16, 32]), 288);
  const kQuants = ["q4_k", "q5_k", "q6_k"] as const;
  const lengths = kQuants.map((dtype) => rows16ByteLength(dtype, [17, 512]));
  assertEquals(lengths, [2304, 2816, 3360].map((bytes) => 2 * 2 * bytes));
  for (const dtype of kQuants) assert(Number.isNaN(rows16ByteLength(dtype, [16, 128])));
  for (const shape of [[16, 33], [16], [2, 16, 32]]) {
    assert(Number.isNaN(rows16ByteLength("q8_0", shape)));
  }
  assert(Number.isNaN(rows16ByteLength("f16", [16, 32])));
  // Row r of the first block has scale 1 and column c holds r - c, in the second everything is 0.
  const values = Float32Array.from({ length: 17 * 64 }, (_, i) => {
    const [row, column] = [Math.floor(i / 64), i % 64];
    if (column >= 32) return 0;
    return column === 31 ? 127 : row - column;
  });
  const q8 = scalarCodec.toRows16(encodeElements(values, "q8_0"), "q8_0", [17, 64]);
  const view = new DataView(q8.buffer);
  for (let row = 0; row < 16; row += 1) {
    assertEquals(view.getUint16(2 * row, true), 0x3c00);
    for (let column = 0; column < 31; column += 1) {
      const at = 32 + 64 * (column >> 2) + 4 * row + (column & 3);
      assertEquals(q8[at], row - column + 128);
    }
  }
  // The second group has one row and 15 of padding: scale 0, quants 0 + 128.
  assertEquals(view.getUint16(2 * 544 + 2, true), 0);
  assertEquals(q8[2 * 544 + 32 + 4], 128);
  assertEquals(q8[2 * 544 + 32], 16 + 128);
  const q4 = scalarCodec.toRows16(encodeElements(values, "q4_0"), "q4_0", [17, 64]);
  assertEquals(q4.byteLength, 2 * 2 * 288);
  // Column 31 is the extreme of every row, so its quant, the high nibble of byte 3 of run 3, is 0.
  for (let row = 0; row < 16; row += 1) assertEquals(q4[32 + 64 * 3 + 4 * row + 3] >> 4, 0);
  const back = scalarCodec.fromRows16(q4, "q4_0", [17, 64]);
  assertEquals(back, encodeElements(values, "q4_0"));
});

test(".qorus keeps interleaved tensors with their padding", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("model.qorus");
  const config = { ...quantizableConfig, intermediateSize: 32 };
  const tensors = randomTensors(config, "q4_0").map((tensor): WritableTensor => {
    if (tensor.shape.length < 2) return tensor;
    const chunks = () =>
      [...tensor.chunks()].map((bytes) => scalarCodec.toRows16(bytes, "q4_0", tensor.shape));
    return { ...tensor, layout: "rows16", chunks };
  });
  await writeQorus(path, { config, generation: { endTokens: [] } }, tensors);
  const embedding = openQorus(path).tensors.get("model.embed_tokens.weight");
  assertEquals([embedding?.layout, embedding?.byteLength], ["rows16", 2 * 288]);
});

/** Changes a valid file at one place, makes the checksum right again, and opens it. */
async function openChanged(folder: TemporaryFolder, change: (view: DataView) => void) {
  const path = folder.file("model.qorus");
  await writeQorus(path, content, randomTensors(smallestConfig));
  const bytes = new Uint8Array(readFileSync(path));
  const view = new DataView(bytes.buffer);
  change(view);
  const dataOffset = Number(view.getBigUint64(72, true));
  if (dataOffset <= bytes.byteLength) {
    view.setUint32(84, headChecksum(bytes.subarray(0, dataOffset)), true);
  }
  writeFileSync(path, bytes);
  return openQorus(path);
}

/** Where the first tensor's entry is; its name is model.embed_tokens.weight. */
const tableStart = (view: DataView) => Number(view.getBigUint64(56, true));
const entryStart = (view: DataView) => tableStart(view) + 4 + "model.embed_tokens.weight".length;

const changes: readonly [string, (view: DataView) => void, string][] = [
  ["another magic", (view) => view.setUint8(0, 0), "magic"],
  ["a future version", (view) => view.setUint32(8, 2, true), "version"],
  ["unknown flags", (view) => view.setUint32(12, 1, true), "flags"],
  ["another length", (view) => view.setBigUint64(16, 5n, true), "file length"],
  ["metadata beyond the head", (view) => view.setBigUint64(32, 1n << 40n, true), "metadata"],
  ["sections in another order", (view) => view.setBigUint64(56, 128n, true), "table"],
  ["an absurd number of tensors", (view) => view.setUint32(80, 0xffffffff, true), "tensor count"],
  ["data beyond the file", (view) => view.setBigUint64(72, 1n << 50n, true), "data offset"],
  ["a shorter table", (view) => view.setBigUint64(64, 400n, true), "tensor"],
  ["a name that is not UTF-8", (view) => view.setUint8(tableStart(view) + 4, 0xff), "UTF-8"],
  ["an unknown dtype", (view) => view.setUint8(entryStart(view), 99), "dtype of"],
  ["an unknown layout", (view) => view.setUint8(entryStart(view) + 1, 2), "layout of"],
  ["a layout that does not fit", (view) => view.setUint8(entryStart(view) + 1, 1), "length of"],
  ["a K-quant of other rows", (view) => view.setUint8(entryStart(view), 7), "fit q4_k rows"],
  [
    "an interleaved K-quant of other rows",
    (view) => view.setUint16(entryStart(view), 0x0109, true),
    "fit q6_k rows16",
  ],
  ["an absurd rank", (view) => view.setUint8(entryStart(view) + 2, 200), "rank of"],
  [
    "sizes that overflow",
    (view) => view.setBigUint64(entryStart(view) + 4, 1n << 50n, true),
    "shape of",
  ],
  [
    "an offset into the head",
    (view) => view.setBigUint64(entryStart(view) + 20, 128n, true),
    "offset of",
  ],
  [
    "an offset beyond the file",
    (view) => view.setBigUint64(entryStart(view) + 20, 1n << 30n, true),
    "data of",
  ],
  [
    "tensors that overlap",
    (view) => {
      const at = entryStart(view) + 20;
      view.setBigUint64(at, view.getBigUint64(at, true) + 64n, true);
    },
    "overlaps",
  ],
];

for (const [what, change, part] of changes) {
  test(`.qorus with ${what} is refused`, async () => {
    using folder = new TemporaryFolder();
    const error = await assertRejects(() => openChanged(folder, change), QorusError, part);
    assert(error.code === "invalid_file" || error.code === "unsupported", error.code);
  });
}

test("a .qorus model with a missing tensor or another shape is refused by name", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("model.qorus");
  const tensors = randomTensors(smallestConfig);
  await writeQorus(path, content, tensors.slice(1));
  assertThrows(() => openQorus(path), QorusError, "model.embed_tokens.weight: is missing");
  const config = { ...smallestConfig, vocabSize: 5 };
  await writeQorus(path, { ...content, config }, tensors);
  const error = assertThrows(() => openQorus(path), QorusError, "model.embed_tokens.weight");
  assertEquals([error.given, error.expected], [[4, 4], [5, 4]]);
});
