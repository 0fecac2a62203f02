/**
 * K-quants in plain TypeScript: their numbers one by one, and layout `rows16` by its definition in
 * docs/format.md.
 *
 * @module
 */

/** The K-quants. */
export type KQuant = "q4_k" | "q5_k" | "q6_k";

/** Whether a dtype is one of them. */
export function isKQuant(dtype: string): dtype is KQuant {
  return dtype === "q4_k" || dtype === "q5_k" || dtype === "q6_k";
}

const blockBytes = { q4_k: 144, q5_k: 176, q6_k: 210 } as const;

/** Where the bits of one column are: a byte, the lowest bit in it, and how many. */
interface Bits {
  readonly byte: number;
  readonly shift: number;
  readonly width: number;
}

/** The bits of a column's number in a block of GGML's, lowest first. */
function blockBits(dtype: KQuant, column: number): Bits[] {
  if (dtype === "q6_k") {
    const [half, field, within] = [column >> 7, (column >> 5) & 3, column & 31];
    return [
      { byte: 64 * half + 32 * (field & 1) + within, shift: 4 * (field >> 1), width: 4 },
      { byte: 128 + 32 * half + within, shift: 2 * field, width: 2 },
    ];
  }
  const [pair, field, within] = [column >> 6, (column >> 5) & 1, column & 31];
  const start = dtype === "q4_k" ? 16 : 48;
  const low = { byte: start + 32 * pair + within, shift: 4 * field, width: 4 };
  return dtype === "q4_k" ? [low] : [low, { byte: 16 + within, shift: column >> 5, width: 1 }];
}

/** The bits of a column of row `row` in a group of 16 rows. */
function groupBits(dtype: KQuant, row: number, column: number): Bits[] {
  const lane = 4 * row + (column & 3);
  if (dtype === "q6_k") {
    const [half, field] = [column >> 7, (column >> 5) & 3];
    const part = 2 * half + ((column >> 4) & 1);
    const quad = 288 + 192 * (4 * part + ((column >> 2) & 3)) + lane;
    return [
      { byte: quad + 64 * (1 + (field & 1)), shift: 4 * (field >> 1), width: 4 },
      { byte: quad, shift: 2 * field, width: 2 },
    ];
  }
  const [pair, field, quad] = [column >> 6, (column >> 5) & 1, (column >> 2) & 7];
  if (dtype === "q4_k") {
    return [{ byte: 256 + 64 * (8 * pair + quad) + lane, shift: 4 * field, width: 4 }];
  }
  const part = 256 + 640 * pair + lane;
  return [
    { byte: part + 128 + 64 * quad, shift: 4 * field, width: 4 },
    { byte: part + 64 * (quad >> 2), shift: 2 * (quad & 3) + field, width: 1 },
  ];
}

function take(bytes: Uint8Array, { byte, shift, width }: Bits): number {
  return (bytes[byte] >> shift) & ((1 << width) - 1);
}

/** Value `column` of a block, given how to read half-precision numbers. */
export function decodeKQuant(
  block: Uint8Array,
  dtype: KQuant,
  column: number,
  half: (bits: number) => number,
): number {
  const [low, high] = blockBits(dtype, column);
  const number = take(block, low) + (high === undefined ? 0 : 16 * take(block, high));
  const halfAt = (at: number) => half(block[at] | block[at + 1] << 8);
  if (dtype === "q6_k") {
    const scale = block[192 + (column >> 4)] << 24 >> 24;
    return halfAt(208) * scale * (number - 32);
  }
  const sub = column >> 5;
  const packed = block.subarray(4, 16);
  const scale = sub < 4 ? packed[sub] & 63 : (packed[sub + 4] & 15) | (packed[sub - 4] >> 6) << 4;
  const min = sub < 4 ? packed[sub + 4] & 63 : (packed[sub + 4] >> 4) | (packed[sub] >> 6) << 4;
  // GGML computes both products exactly and rounds their difference once.
  return halfAt(0) * scale * number - halfAt(2) * min;
}

/** Calls `move(blockByte, groupByte)` for the scales of one row: bytes that both layouts share. */
function forEachScaleByte(
  dtype: KQuant,
  row: number,
  move: (block: number, group: number) => void,
): void {
  if (dtype === "q6_k") {
    for (let i = 0; i < 16; i += 1) move(192 + i, 32 + 64 * (i >> 2) + 4 * row + (i & 3));
    for (let i = 0; i < 2; i += 1) move(208 + i, 2 * row + i);
    return;
  }
  for (let i = 0; i < 16; i += 1) move(i, 64 * (i >> 2) + 4 * row + (i & 3));
}

/** Blocks of `[rows, columns]`, which `plain` and `packed` have in either layout, one by one. */
function forEachBlock(
  dtype: KQuant,
  [rows, columns]: readonly number[],
  plain: Uint8Array,
  packed: Uint8Array,
  move: (block: Uint8Array, group: Uint8Array, row: number) => void,
): void {
  const size = blockBytes[dtype];
  const blocks = columns / 256;
  for (let row = 0; row < rows; row += 1) {
    for (let index = 0; index < blocks; index += 1) {
      const start = (row * blocks + index) * size;
      const group = ((row >> 4) * blocks + index) * size * 16;
      const bytes = packed.subarray(group, group + size * 16);
      move(plain.subarray(start, start + size), bytes, row & 15);
    }
  }
}

/** Fills `packed`, zeros before, with the rows of `plain`. */
export function packKQuant(
  plain: Uint8Array,
  dtype: KQuant,
  shape: readonly number[],
  packed: Uint8Array,
): void {
  forEachBlock(dtype, shape, plain, packed, (block, group, row) => {
    forEachScaleByte(dtype, row, (from, to) => group[to] = block[from]);
    for (let column = 0; column < 256; column += 1) {
      const targets = groupBits(dtype, row, column);
      for (const [i, bits] of blockBits(dtype, column).entries()) {
        group[targets[i].byte] |= take(block, bits) << targets[i].shift;
      }
    }
  });
}

/** The reverse of {@linkcode packKQuant}; `plain` is zeros before. */
export function unpackKQuant(
  packed: Uint8Array,
  dtype: KQuant,
  shape: readonly number[],
  plain: Uint8Array,
): void {
  forEachBlock(dtype, shape, plain, packed, (block, group, row) => {
    forEachScaleByte(dtype, row, (to, from) => block[to] = group[from]);
    for (let column = 0; column < 256; column += 1) {
      const sources = groupBits(dtype, row, column);
      for (const [i, bits] of blockBits(dtype, column).entries()) {
        block[bits.byte] |= take(group, sources[i]) << bits.shift;
      }
    }
  });
}
