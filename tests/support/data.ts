/**
 * Finds the data folder beside the project (../shared/data), which not every machine has.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = process.env.QORUS_TEST_DATA ??
  fileURLToPath(new URL("../../../shared/data", import.meta.url));

/** Whether the data folder is there; tests that need it are skipped, by name, when it is not. */
export const hasData: boolean = existsSync(root);

/** Path of a file or folder below the data folder. */
export function dataPath(name: string): string {
  return `${root}/${name}`;
}

/** Options for `test()` that skip it, saying why, where the data folder is missing. */
export const needsData: { skip: string | false } = {
  skip: hasData ? false : "../shared/data is not there",
};
