import { assertEquals, assertThrows } from "@std/assert";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Buffer } from "node:buffer";
import { AtomicFile } from "../../../lib/formats/atomic_file.ts";
import { ByteReader } from "../../../lib/formats/byte_reader.ts";
import { ByteWriter } from "../../../lib/formats/byte_writer.ts";
import { FileReader } from "../../../lib/formats/file.ts";
import { findDuplicateName } from "../../../lib/formats/text.ts";
import { QorusError } from "../../../lib/native/error.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";

test("FileReader reads at any position and refuses what lies outside", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("bytes");
  writeFileSync(path, Uint8Array.of(10, 11, 12, 13));
  using file = FileReader.open(path);
  assertEquals(file.read(1, 2, "middle"), Uint8Array.of(11, 12));
  assertEquals(file.read(4, 0, "end"), new Uint8Array(0));
  for (const [offset, length] of [[3, 2], [-1, 1], [5, 0], [0, 2 ** 52], [NaN, 1], [0.5, 1]]) {
    const error = assertThrows(() => file.read(offset, length, "field"), QorusError, path);
    assertEquals(error.code, "invalid_file");
    assertEquals(error.field, "field");
  }
});

test("FileReader names a missing file and refuses a folder", () => {
  using folder = new TemporaryFolder();
  const missing = assertThrows(() => FileReader.open(folder.file("none")), QorusError, "none");
  assertEquals(missing.code, "not_found");
  assertEquals(assertThrows(() => FileReader.open(folder.path), QorusError).code, "io");
});

test("ByteReader reads every type across the edge of its window", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("bytes");
  const writer = new ByteWriter();
  // One byte before the window's end, so that every value straddles it or lies behind.
  writer.bytes(new Uint8Array((1 << 18) - 1));
  writer.u64(2n ** 64n - 1n);
  writer.u32(0x80000001);
  writer.elements(Float32Array.of(-1.5));
  writer.elements(Float64Array.of(Math.PI));
  writer.u8(0xfe);
  writeFileSync(path, writer.finish());
  using file = FileReader.open(path);
  const reader = new ByteReader(file);
  reader.u8("first");
  reader.bytes((1 << 18) - 2, "run");
  assertEquals(reader.i64("i64"), -1n);
  assertEquals(reader.i32("i32"), -0x7fffffff);
  assertEquals(reader.f32("f32"), -1.5);
  assertEquals(reader.f64("f64"), Math.PI);
  assertEquals(reader.i8("i8"), -2);
  assertEquals(reader.remaining, 0);
  assertThrows(() => reader.u8("more"), QorusError, "more");
});

test("AtomicFile replaces a file when committed", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("out");
  writeFileSync(path, "old");
  using file = AtomicFile.create(path);
  file.write(new TextEncoder().encode("ne"));
  file.padTo(3);
  assertEquals(readFileSync(path, "utf8"), "old");
  file.commit();
  assertEquals(readFileSync(path, "utf8"), "ne\0");
  assertEquals(readdirSync(folder.path), ["out"]);
});

test("AtomicFile gives all bytes to the file, whatever pieces it was given them in", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("out");
  const bytes = Uint8Array.from({ length: 5_000_003 }, (_, i) => i % 251);
  using file = AtomicFile.create(path);
  // Within a piece of the file, over its end, and more than a whole one at once.
  const ends = [0, 100, 2 ** 21 - 1, 2 ** 21 + 7, bytes.length];
  for (const [i, end] of ends.slice(1).entries()) file.write(bytes.subarray(ends[i], end));
  assertEquals(file.position, bytes.length);
  file.commit();
  assertEquals(Buffer.compare(readFileSync(path), bytes), 0);
});

test("AtomicFile leaves nothing when it is not committed", () => {
  using folder = new TemporaryFolder();
  assertThrows(
    () => {
      using file = AtomicFile.create(folder.file("out"));
      file.write(Uint8Array.of(1));
      throw new QorusError("aborted", "stopped");
    },
    QorusError,
    "stopped",
  );
  assertEquals(readdirSync(folder.path), []);
});

test("AtomicFile names a missing folder", () => {
  using folder = new TemporaryFolder();
  const create = () => AtomicFile.create(folder.file("none/out"));
  assertEquals(assertThrows(create, QorusError, "none/out").code, "not_found");
});

test("findDuplicateName sees escapes, white space and only its depth", () => {
  assertEquals(findDuplicateName('{"a":1,"b":{"a":2},"c":["a","a"]}', 1), undefined);
  assertEquals(findDuplicateName('{"a":1, "\\u0061" \n :2}', 1), "a");
  assertEquals(findDuplicateName('{"x":{"q\\"":1,"q\\"":2}}', 2), 'q"');
  assertEquals(findDuplicateName('{"x":{"a":1},"y":{"a":2}}', 2), undefined);
});
