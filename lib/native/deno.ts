/**
 * The native library through `Deno.dlopen`.
 *
 * @module
 */

import type { Native } from "./abi.gen.ts";
import type { Backend, OpenLibrary } from "./backend.ts";

/** Loads the library under Deno. */
export const openLibrary: OpenLibrary = (path, symbols): Backend => {
  const definitions: Record<string, Deno.ForeignFunction> = {};
  for (const [name, parameters] of Object.entries(symbols)) {
    definitions[name] = { parameters: [...parameters], result: "i32" };
  }
  const library = Deno.dlopen(path, definitions);
  return {
    native: library.symbols as unknown as Native,
    view: (address, length) => {
      const pointer = Deno.UnsafePointer.create(BigInt(address));
      if (pointer === null) throw new RangeError("no view of address zero");
      return Deno.UnsafePointerView.getArrayBuffer(pointer, length);
    },
  };
};
