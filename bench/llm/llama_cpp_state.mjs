/**
 * Files of llama.cpp's saved sequences: makes long ones of short ones, so that a long cache need not
 * be computed. What the numbers in it are does not matter to speed.
 *
 * Reference: `llama_state_seq_save_file` in llama-context.cpp and `llama_kv_cache::state_write` in
 * llama-kv-cache.cpp.
 *
 * @module
 */

import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/** Bytes in front of the tokens: magic, version, their number. */
const headBytes = 12;

/** Walks through a file. */
class Cursor {
  constructor(path) {
    this.bytes = readFileSync(path);
    this.offset = 0;
  }

  u32() {
    this.offset += 4;
    return this.bytes.readUInt32LE(this.offset - 4);
  }

  take(count) {
    this.offset += count;
    if (this.offset > this.bytes.length) {
      throw new Error("a saved sequence is cut off");
    }
    return this.bytes.subarray(this.offset - count, this.offset);
  }
}

function numbers(...values) {
  return Buffer.from(Uint32Array.from(values).buffer);
}

function expect(value, expected, what) {
  if (value === expected) return;
  throw new Error(
    `a saved sequence has ${value} as ${what}, expected ${expected}`,
  );
}

/** Writes `rows` again and again until there are `count` of `rowBytes`. */
function writeRepeated(file, rows, rowBytes, count) {
  let rest = count * rowBytes;
  while (rest > 0) {
    rest -= writeSync(file, rows, 0, Math.min(rest, rows.length));
  }
}

/**
 * Copies a saved sequence of one stream without transposed values, its cells repeated until there
 * are `count`.
 */
export function repeatSequence(from, to, count) {
  const cursor = new Cursor(from);
  const head = cursor.take(headBytes);
  const tokens = cursor.take(4 * head.readUInt32LE(8));
  expect(cursor.u32(), 1, "number of streams");
  const cells = cursor.u32();
  for (let cell = 0; cell < cells; cell++) {
    expect(cursor.u32(), cell, "position of a cell");
    expect(cursor.u32(), 1, "number of sequences of a cell");
    expect(cursor.u32(), 0, "sequence of a cell");
  }
  const file = openSync(to, "w");
  try {
    writeSync(file, head);
    writeSync(file, tokens);
    writeSync(file, numbers(1, count));
    for (let cell = 0; cell < count; cell++) {
      writeSync(file, numbers(cell, 1, 0));
    }
    expect(cursor.u32(), 0, "whether values are transposed");
    const layers = cursor.u32();
    writeSync(file, numbers(0, layers));
    for (let matrix = 0; matrix < 2 * layers; matrix++) {
      const description = cursor.take(12);
      const rowBytes = Number(description.readBigUInt64LE(4));
      writeSync(file, description);
      writeRepeated(file, cursor.take(cells * rowBytes), rowBytes, count);
    }
    expect(cursor.offset, cursor.bytes.length, "end");
  } finally {
    closeSync(file);
  }
}
