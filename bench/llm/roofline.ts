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

/** GB/s that so many threads read. */
export async function memoryBandwidth(threads: number): Promise<number> {
  const given = ["build", "bench-roofline", "--", "--json"];
  const { stdout } = await promisify(execFile)(zigPath(), given, { cwd: root });
  const roofs: readonly Roof[] = JSON.parse(stdout);
  const found = roofs.find((roof) => roof.threads === threads);
  if (found !== undefined) return found.median_gigabytes_per_second;
  const known = roofs.map((roof) => roof.threads).join(" and ");
  throw new QorusError(
    "unsupported",
    `bench-roofline measures ${known} threads, not ${threads}`,
  );
}
