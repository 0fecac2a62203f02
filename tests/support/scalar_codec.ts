/**
 * Element conversion in plain TypeScript, the reference that tests compare with.
 *
 * Bit-exact with GGML's `quantize_row_q4_0_ref` and `quantize_row_q8_0_ref`.
 *
 * @module
 */

import type { DType } from "../../lib/core/dtype.ts";
import { byteLengthOf, dtypes } from "../../lib/core/dtype.ts";
import type { TensorCodec } from "../../lib/formats/codec.ts";
import { rows16ByteLength } from "../../lib/formats/rows16.ts";
import { decodeKQuant, isKQuant, packKQuant, unpackKQuant } from "./scalar_k_quants.ts";

const scratch = new DataView(new ArrayBuffer(4));

function bitsOf(value: number): number {
  scratch.setFloat32(0, value);
  return scratch.getUint32(0);
}

function floatOf(bits: number): number {
  scratch.setUint32(0, bits >>> 0);
  return scratch.getFloat32(0);
}

function roundTiesToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Bits of the nearest half-precision number, ties to even. */
export function toHalfBits(value: number): number {
  const bits = bitsOf(value);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65520 is half-way between the largest half and the next power of two.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) return sign | roundTiesToEven(floatOf(magnitude) * 2 ** 24);
  const odd = (magnitude >>> 13) & 1;
  return sign | (((magnitude + 0xfff + odd) >>> 13) - (112 << 10));
}

/** The number that half-precision bits mean. */
export function fromHalfBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function toBrainBits(value: number): number {
  const bits = bitsOf(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

const { fround } = Math;

function quantizeQ8(values: Float32Array, view: DataView, at: number): void {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  const scale = fround(largest / 127);
  const inverse = scale === 0 ? 0 : fround(1 / scale);
  view.setUint16(at, toHalfBits(scale), true);
  values.forEach((value, i) => {
    const scaled = fround(value * inverse);
    view.setInt8(at + 2 + i, Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5));
  });
}

function quantizeQ4(values: Float32Array, view: DataView, at: number): void {
  let extreme = 0;
  for (const value of values) if (Math.abs(value) > Math.abs(extreme)) extreme = value;
  const scale = fround(extreme / -8);
  const inverse = scale === 0 ? 0 : fround(1 / scale);
  view.setUint16(at, toHalfBits(scale), true);
  const quant = (value: number) =>
    Math.min(15, Math.trunc(fround(fround(value * inverse) + 8.5))) & 15;
  for (let i = 0; i < 16; i += 1) {
    view.setUint8(at + 2 + i, quant(values[i]) | (quant(values[i + 16]) << 4));
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Row-major bytes of any weight dtype as float32 values. */
export function decodeElements(bytes: Uint8Array, dtype: DType, count: number): Float32Array {
  const view = viewOf(bytes);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i += 1) {
    const block = Math.floor(i / 32);
    const inBlock = i % 32;
    if (dtype === "f32") values[i] = view.getFloat32(4 * i, true);
    else if (dtype === "f16") values[i] = fromHalfBits(view.getUint16(2 * i, true));
    else if (dtype === "bf16") values[i] = floatOf(view.getUint16(2 * i, true) << 16);
    else if (dtype === "q8_0") {
      const scale = fromHalfBits(view.getUint16(34 * block, true));
      values[i] = scale * view.getInt8(34 * block + 2 + inBlock);
    } else if (dtype === "q4_0") {
      const scale = fromHalfBits(view.getUint16(18 * block, true));
      const byte = view.getUint8(18 * block + 2 + inBlock % 16);
      values[i] = scale * ((inBlock < 16 ? byte & 15 : byte >> 4) - 8);
    } else if (isKQuant(dtype)) {
      const block = bytes.subarray(Math.floor(i / 256) * dtypes[dtype].blockBytes);
      values[i] = decodeKQuant(block, dtype, i % 256, fromHalfBits);
    } else throw new Error(`no weight dtype: ${dtype}`);
  }
  return values;
}

/** Float32 values as row-major bytes of any weight dtype. */
export function encodeElements(values: Float32Array, dtype: DType): Uint8Array {
  const bytes = new Uint8Array(byteLengthOf(dtype, [values.length]));
  const view = viewOf(bytes);
  if (dtype === "q8_0" || dtype === "q4_0") {
    const quantize = dtype === "q8_0" ? quantizeQ8 : quantizeQ4;
    const blockBytes = dtype === "q8_0" ? 34 : 18;
    for (let block = 0; block < values.length / 32; block += 1) {
      quantize(values.subarray(32 * block, 32 * block + 32), view, blockBytes * block);
    }
    return bytes;
  }
  values.forEach((value, i) => {
    if (dtype === "f32") view.setFloat32(4 * i, value, true);
    else if (dtype === "f16") view.setUint16(2 * i, toHalfBits(value), true);
    else if (dtype === "bf16") view.setUint16(2 * i, toBrainBits(value), true);
    else throw new Error(`no weight dtype: ${dtype}`);
  });
  return bytes;
}

/**
 * Calls `move(plain, interleaved, length, flip)` for each run of bytes that the two layouts share:
 * scales (2 bytes) and runs of 4 quants, whose sign bit `rows16` flips in q8_0.
 */
function forEachRun(
  dtype: DType,
  [rows, columns]: readonly number[],
  move: (plain: number, interleaved: number, length: number, flip: number) => void,
): void {
  const quantBytes = dtype === "q8_0" ? 32 : 16;
  const blockBytes = 2 + quantBytes;
  const blocks = columns / 32;
  for (let row = 0; row < rows; row += 1) {
    const inGroup = row % 16;
    for (let block = 0; block < blocks; block += 1) {
      const plain = (row * blocks + block) * blockBytes;
      const struct = ((row - inGroup) / 16 * blocks + block) * 16 * blockBytes;
      move(plain, struct + 2 * inGroup, 2, 0);
      for (let run = 0; run < quantBytes / 4; run += 1) {
        const interleaved = struct + 32 + 64 * run + 4 * inGroup;
        move(plain + 2 + 4 * run, interleaved, 4, dtype === "q8_0" ? 0x80 : 0);
      }
    }
  }
}

/** The reference codec. */
export const scalarCodec: TensorCodec = {
  convert(bytes, from, to, shape) {
    const count = shape.reduce((product, size) => product * size, 1);
    return encodeElements(decodeElements(bytes, from, count), to);
  },
  toRows16(bytes, dtype, shape) {
    const result = new Uint8Array(rows16ByteLength(dtype, shape));
    if (isKQuant(dtype)) {
      packKQuant(bytes, dtype, shape, result);
      return result;
    }
    const padded = [Math.ceil(shape[0] / 16) * 16, shape[1]];
    const plainRows = new Uint8Array(byteLengthOf(dtype, padded));
    plainRows.set(bytes);
    // A padding row of q8_0 is zero before the sign bit is flipped: 0x80 in the file.
    forEachRun(dtype, padded, (plain, interleaved, length, flip) => {
      for (let i = 0; i < length; i += 1) result[interleaved + i] = plainRows[plain + i] ^ flip;
    });
    return result;
  },
  fromRows16(bytes, dtype, shape) {
    const result = new Uint8Array(byteLengthOf(dtype, shape));
    if (isKQuant(dtype)) {
      unpackKQuant(bytes, dtype, shape, result);
      return result;
    }
    forEachRun(dtype, shape, (plain, interleaved, length, flip) => {
      for (let i = 0; i < length; i += 1) result[plain + i] = bytes[interleaved + i] ^ flip;
    });
    return result;
  },
};
