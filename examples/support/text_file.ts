/**
 * Texts that examples read.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { QorusError } from "@qorus/qorus";

/**
 * The text of a file in UTF-8.
 *
 * @throws {QorusError} `not_found`, `io`, or `invalid_file` where it is no text.
 */
export function readText(path: string | URL): string {
  const name = typeof path === "string" ? path : fileURLToPath(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(name));
  } catch (cause) {
    if (cause instanceof TypeError) {
      throw new QorusError("invalid_file", `${name}: is no text in UTF-8`, { path: name, cause });
    }
    const isMissing = (cause as { code?: string }).code === "ENOENT";
    const problem = isMissing ? "there is no such file" : (cause as Error).message;
    throw new QorusError(isMissing ? "not_found" : "io", `${name}: ${problem}`, {
      path: name,
      cause,
    });
  }
}
