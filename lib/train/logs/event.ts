/**
 * TensorBoard's events: protobuf messages in TFRecords.
 *
 * Of tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto, the fields that
 * scalars need; the framing is that of tensorflow/core/lib/io/record_writer.h.
 *
 * @module
 */

import { encodeUtf8 } from "../../formats/byte_writer.ts";
import { concatenate } from "./log_file.ts";

const castagnoli = 0x82f63b78;
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ castagnoli : crc >>> 1;
  return crc;
});

/** CRC-32C (RFC 3720, Castagnoli's polynomial). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 0xff];
  return ~crc >>> 0;
}

/** A record's checksum: rotated and shifted, so that checksums of checksums stay telling. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Bytes as a TFRecord: length, its checksum, the bytes, their checksum. */
export function tfRecord(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return bytes;
}

/** Protobuf's wire types. */
const wire = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 };

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Uint8Array.from([...bytes, Number(rest)]);
}

function field(number: number, type: number, content: Uint8Array): Uint8Array {
  return concatenate([varint((number << 3) | type), content]);
}

function integer(number: number, value: number): Uint8Array {
  return field(number, wire.varint, varint(value));
}

function double(number: number, value: number): Uint8Array {
  return field(number, wire.fixed64, new Uint8Array(Float64Array.of(value).buffer));
}

function float(number: number, value: number): Uint8Array {
  return field(number, wire.fixed32, new Uint8Array(Float32Array.of(value).buffer));
}

function delimited(number: number, content: Uint8Array): Uint8Array {
  return field(number, wire.delimited, concatenate([varint(content.length), content]));
}

/** Event.file_version: the first event of a file. `wallTime` is in seconds since 1970. */
export function versionEvent(wallTime: number): Uint8Array {
  return concatenate([double(1, wallTime), delimited(3, encodeUtf8("brain.Event:2"))]);
}

/** Event.session_log with START: readers forget events of this step and later ones. */
export function startEvent(wallTime: number, step: number): Uint8Array {
  const start = integer(1, 1);
  return concatenate([double(1, wallTime), integer(2, step), delimited(7, start)]);
}

/** Event.summary: numbers by tag, as f32. */
export function scalarsEvent(
  wallTime: number,
  step: number,
  scalars: readonly (readonly [string, number])[],
): Uint8Array {
  const values = scalars.map(([tag, value]) =>
    delimited(1, concatenate([delimited(1, encodeUtf8(tag)), float(2, value)]))
  );
  return concatenate([
    double(1, wallTime),
    integer(2, step),
    delimited(5, concatenate(values)),
  ]);
}
