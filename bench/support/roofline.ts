/**
 * The memory's bandwidth by `zig build bench-roofline`.
 *
 * @module
 */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { QorusError } from "../../lib/native/error.ts";
import { root, zigPath } from "../../tools/support/paths.mjs";

interface Roof {
  readonly threads: number;
  readonly median_gigabytes_per_second: number;
}

/**
 * GB/s that so many threads read; undefined for other numbers than one and all.
 *
 * @throws {QorusError} `io` when the program cannot be built or ends with an error
 */
export async function memoryBandwidth(threads: number): Promise<number | undefined> {
  const given = ["build", "bench-roofline", "--", "--json"];
  let output;
  try {
    output = await promisify(execFile)(zigPath(), given, { cwd: root });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new QorusError("io", `the memory's bandwidth cannot be measured: ${reason}`);
  }
  const roofs: readonly Roof[] = JSON.parse(output.stdout);
  return roofs.find((roof) => roof.threads === threads)?.median_gigabytes_per_second;
}
