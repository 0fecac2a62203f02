/**
 * What a runtime's foreign function interface must offer.
 *
 * @module
 */

import type { ArgumentType, Native } from "./abi.gen.ts";

/** The loaded library, seen through one runtime. */
export interface Backend {
  /** The exports. */
  readonly native: Native;
  /**
   * An ArrayBuffer over native memory. It costs about 450 ns: keep views of what lasts.
   *
   * @param address first byte
   * @param length bytes, below 4 GiB
   */
  view(address: number, length: number): ArrayBuffer;
}

/** Loads the library at a path; throws the runtime's own error. */
export type OpenLibrary = (
  path: string,
  symbols: Readonly<Record<keyof Native, readonly ArgumentType[]>>,
) => Backend;
