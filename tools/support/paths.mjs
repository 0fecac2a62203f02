/**
 * Where this clone keeps its tools. They are npm packages, so nothing is installed outside of it.
 *
 * @module
 */

import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

const packages = join(root, "node_modules");
const { arch, platform } = process;
const suffix = platform === "win32" ? ".exe" : "";

/**
 * The `package.json` of the repository or of an installed package; undefined when it is missing.
 */
export function readPackage(name) {
  const path = join(name === undefined ? root : join(packages, name), "package.json");
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** A file that is an executable and not the small placeholder that install scripts replace. */
function isExecutable(path) {
  return existsSync(path) && statSync(path).size > 1_000_000;
}

/** The package with the Zig compiler for this system. */
export const zigPackage = `@zigc/${platform}-${arch}`;

/** The package with Deno for this system. */
export const denoPackage = `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`;

/** The pinned Zig compiler; the path where it belongs when it is not installed. */
export function zigPath() {
  return join(packages, zigPackage, "bin", `zig${suffix}`);
}

/** The pinned Bun, wherever its install script has put it; undefined when it is not installed. */
export function bunPath() {
  const system = platform === "win32" ? "windows" : platform;
  const processor = arch === "arm64" ? "aarch64" : arch;
  const fromPackage = (variant) =>
    join(packages, "@oven", `bun-${system}-${processor}${variant}`, "bin", `bun${suffix}`);
  // npm installs the variant for the system's C library only.
  return [join(packages, "bun", "bin", "bun.exe"), fromPackage(""), fromPackage("-musl")]
    .find(isExecutable);
}

/** The pinned Deno; undefined when it is not installed (there is none for musl). */
export function denoPath() {
  return [
    join(packages, "deno", `deno${suffix}`),
    join(packages, denoPackage, `deno${suffix}`),
  ].find(isExecutable);
}

/** The native library that a build for this machine makes. */
export function nativeLibraryPath() {
  if (platform === "win32") return join(root, "zig-out", "bin", "qorus.dll");
  const extension = platform === "darwin" ? "dylib" : "so";
  return join(root, "zig-out", "lib", `libqorus.${extension}`);
}
