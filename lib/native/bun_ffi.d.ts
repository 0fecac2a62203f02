// The part of bun:ffi that Qorus uses, so that type checkers without Bun's types understand it.

/** Loads a library. */
export function dlopen(
  path: string,
  symbols: Record<string, { args: readonly string[]; returns: string }>,
): { symbols: Record<string, (...values: number[]) => number>; close(): void };

/** An ArrayBuffer over native memory. */
export function toArrayBuffer(address: number, offset: number, length: number): ArrayBuffer;
