/**
 * The native library through `bun:ffi`.
 *
 * @module
 */

// @ts-types="./bun_ffi.d.ts"
import { dlopen, toArrayBuffer } from "bun:ffi";
import type { Native } from "./abi.gen.ts";
import type { Backend, OpenLibrary } from "./backend.ts";

/** Loads the library under Bun. */
export const openLibrary: OpenLibrary = (path, symbols): Backend => {
  const definitions: Record<string, { args: readonly string[]; returns: string }> = {};
  for (const [name, args] of Object.entries(symbols)) definitions[name] = { args, returns: "i32" };
  const library = dlopen(path, definitions);
  return {
    native: library.symbols as unknown as Native,
    view: (address, length) => toArrayBuffer(address, 0, length),
  };
};
