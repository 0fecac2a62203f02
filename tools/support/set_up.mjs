/**
 * Makes a clone ready to run.
 *
 * @module
 */

import process from "node:process";
import { ensureNativeLibrary } from "./native_library.mjs";
import { ensurePackages } from "./packages.mjs";

/** Does what is missing; on failure prints why and ends the process with code 1. */
export function setUp() {
  try {
    ensurePackages();
    ensureNativeLibrary();
  } catch (error) {
    console.error(`Set-up failed: ${error.message}`);
    process.exit(1);
  }
}
