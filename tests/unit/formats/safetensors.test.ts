import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { byteLengthOf } from "../../../lib/core/dtype.ts";
import { readSafetensors, readShardedSafetensors } from "../../../lib/formats/safetensors.ts";
import { writeSafetensors } from "../../../lib/formats/safetensors_writer.ts";
import { QorusError } from "../../../lib/native/error.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { tensorOf } from "../../support/tiny_model.ts";

test("safetensors keeps tensors of every dtype, metadata and order", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("all.safetensors");
  const tensors = (["f32", "f16", "bf16", "i32", "u8"] as const).map((dtype, i) =>
    tensorOf(dtype, dtype, [3, 5], new Uint8Array(byteLengthOf(dtype, [3, 5])).fill(i + 1))
  );
  const empty = tensorOf("empty", "f32", [0, 4], new Uint8Array(0));
  await writeSafetensors(path, new Map([["format", "pt"]]), [...tensors, empty]);
  const file = readSafetensors(path);
  assertEquals([...file.metadata], [["format", "pt"]]);
  assertEquals(file.tensors.get("empty")?.shape, [0, 4]);
  const whole = readFileSync(path);
  for (const [i, { name, dtype }] of tensors.entries()) {
    const tensor = file.tensors.get(name);
    assert(tensor !== undefined);
    assertEquals([tensor.dtype, tensor.shape], [dtype, [3, 5]]);
    const bytes = whole.subarray(tensor.offset, tensor.offset + tensor.byteLength);
    assert(bytes.every((byte) => byte === i + 1));
  }
});

function write(
  path: string,
  header: string | Uint8Array,
  dataLength: number,
  length?: number,
): void {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.byteLength + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? text.byteLength), true);
  bytes.set(text, 8);
  writeFileSync(path, bytes);
}

const entry = (begin: number, end: number, shape = "[2]", dtype = "F32") =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;

const broken: readonly [string, string, number, string][] = [
  ["a hole", `{"a":${entry(0, 8)},"b":${entry(16, 24)}}`, 24, "hole"],
  ["an overlap", `{"a":${entry(0, 8)},"b":${entry(4, 12)}}`, 12, "overlap"],
  ["bytes after the last tensor", `{"a":${entry(0, 8)}}`, 9, "size"],
  ["an offset beyond the file", `{"a":${entry(0, 8)}}`, 7, "data of a"],
  ["a wrong length", `{"a":${entry(0, 12)}}`, 12, "data_offsets of a"],
  ["offsets in reverse", `{"a":${entry(8, 0)}}`, 8, "data_offsets of a"],
  ["a negative size", `{"a":${entry(0, 8, "[-2]")}}`, 8, "shape of a"],
  ["a size that is no number", `{"a":${entry(0, 8, '["2"]')}}`, 8, "shape of a"],
  ["sizes that overflow", `{"a":${entry(0, 0, "[4294967296,4294967296,0]")}}`, 0, "shape of a"],
  ["an unknown dtype", `{"a":${entry(0, 8, "[2]", "F33")}}`, 8, "dtype of a"],
  ["a name twice", `{"a":${entry(0, 8)},"\\u0061":${entry(0, 8)}}`, 8, "twice"],
  ["an array as header", "[1]", 0, "header"],
  ["broken JSON", '{"a":', 0, "JSON"],
  ["metadata that is no text", '{"__metadata__":{"a":1}}', 0, "__metadata__"],
];

for (const [what, header, dataLength, part] of broken) {
  test(`safetensors with ${what} is refused`, () => {
    using folder = new TemporaryFolder();
    const path = folder.file("hand.safetensors");
    write(path, header, dataLength);
    const error = assertThrows(() => readSafetensors(path), QorusError, part);
    assert(error.code === "invalid_file" || error.code === "unsupported", error.code);
    assertEquals(error.path, path);
  });
}

test("safetensors with an absurd header length or names that are not UTF-8 is refused", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("hand.safetensors");
  write(path, "{}", 0, 2 ** 40);
  assertThrows(() => readSafetensors(path), QorusError, "header length");
  write(path, Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d), 0);
  assertThrows(() => readSafetensors(path), QorusError, "UTF-8");
});

test("shards are read through their index, and only from its folder", async () => {
  using folder = new TemporaryFolder();
  mkdirSync(folder.file("model"));
  const index = folder.file("model/model.safetensors.index.json");
  const shard = (name: string) => folder.file(`model/${name}.safetensors`);
  const tensor = (name: string) => tensorOf(name, "f32", [1], new Uint8Array(4));
  await writeSafetensors(shard("1"), new Map(), [tensor("a"), tensor("b")]);
  await writeSafetensors(shard("2"), new Map(), [tensor("c")]);
  const writeIndex = (map: Record<string, unknown>) =>
    writeFileSync(index, JSON.stringify({ weight_map: map }));
  writeIndex({ c: "2.safetensors", a: "1.safetensors" });
  const tensors = readShardedSafetensors(index);
  assertEquals([...tensors.keys()], ["c", "a"]);
  assertEquals(tensors.get("c")?.path, shard("2"));
  writeIndex({ a: "2.safetensors" });
  assertThrows(() => readShardedSafetensors(index), QorusError, "weight_map a");
  for (const name of ["../1.safetensors", "/1.safetensors", "x/../1.safetensors", 7, "1"]) {
    writeIndex({ a: name });
    assertThrows(() => readShardedSafetensors(index), QorusError, "weight_map a");
  }
  writeIndex({ a: "3.safetensors" });
  assertEquals(
    assertThrows(() => readShardedSafetensors(index), QorusError, "3.safetensors").code,
    "not_found",
  );
});

test("the safetensors writer refuses block-quantized tensors", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("out.safetensors");
  const tensor = tensorOf("t", "q8_0", [1, 32], new Uint8Array(34));
  await assertRejects(() => writeSafetensors(path, new Map(), [tensor]), QorusError, "q8_0");
});
