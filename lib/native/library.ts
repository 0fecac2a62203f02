/**
 * Finds, loads and checks the native library.
 *
 * @module
 */

import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { abiVersion, symbols } from "./abi.gen.ts";
import type { Backend, OpenLibrary } from "./backend.ts";
import { QorusError } from "./error.ts";

const isBun = "Bun" in globalThis;

// Each runtime's file is only loaded by that runtime: the other could not even parse its imports.
const openLibrary: OpenLibrary = isBun
  ? (await import("./bun.ts")).openLibrary
  : "Deno" in globalThis
  ? (await import("./deno.ts")).openLibrary
  : () => {
    throw new QorusError("unsupported", "Qorus runs on Deno and Bun; this is another runtime");
  };

/** A library that was found, loaded and has the version that this code was written for. */
export interface LoadedLibrary extends Backend {
  /** The file it was loaded from. */
  readonly path: string;
}

/** Value of an environment variable; undefined where the runtime does not permit reading it. */
export function environmentVariable(name: string): string | undefined {
  try {
    return process.env[name];
  } catch {
    return undefined;
  }
}

/** File name of the library on this system. */
export function libraryFileName(): string {
  switch (process.platform) {
    case "win32":
      return "qorus.dll";
    case "darwin":
      return "libqorus.dylib";
    default:
      return "libqorus.so";
  }
}

/** Where the library is looked for, in this order: the first that exists is loaded. */
export function libraryCandidates(explicit?: string): string[] {
  if (explicit !== undefined) return [explicit];
  const fromEnvironment = environmentVariable("QORUS_LIB");
  if (fromEnvironment) return [fromEnvironment];
  if (!import.meta.url.startsWith("file:")) return [];
  const name = libraryFileName();
  const folder = process.platform === "win32" ? "bin" : "lib";
  return [
    fileURLToPath(new URL(`../../zig-out/${folder}/${name}`, import.meta.url)),
    fileURLToPath(new URL(`./${process.platform}-${process.arch}/${name}`, import.meta.url)),
  ];
}

function exists(path: string): boolean {
  try {
    return existsSync(path);
  } catch {
    // Without permission to look, loading will tell.
    return true;
  }
}

function loadError(path: string, cause: unknown): QorusError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const name = cause instanceof Error ? cause.name : "";
  if (name === "NotCapable" || name === "PermissionDenied") {
    return new QorusError(
      "permission",
      `loading ${path} is not permitted: run Deno with --allow-ffi (${reason})`,
      { path, cause },
    );
  }
  if (/symbol/i.test(reason)) {
    return new QorusError(
      "native_library",
      `${path} is of another version (${reason}): rebuild it with \`npm run build\``,
      { path, cause },
    );
  }
  return new QorusError(
    "native_library",
    `${path} cannot be loaded, perhaps because it is for another system than ` +
      `${process.platform}-${process.arch} (${reason}): rebuild it with \`npm run build\``,
    { path, cause },
  );
}

/**
 * Loads the native library from `explicit`, else from the environment variable `QORUS_LIB`, else
 * from beside this package.
 *
 * @throws {QorusError} `native_library` when it is missing, for another system or of another
 * version, with every path tried; `permission` when Deno may not load it.
 */
export function loadLibrary(explicit?: string): LoadedLibrary {
  const candidates = libraryCandidates(explicit);
  const path = candidates.find(exists);
  if (path === undefined) {
    const tried = candidates.length > 0 ? candidates.join(", ") : "no place (this is not a file)";
    throw new QorusError(
      "native_library",
      `the native library was not found; tried ${tried}. ` +
        "Build it with `npm run build`, or name it in QORUS_LIB",
      { expected: candidates },
    );
  }
  let backend: Backend;
  try {
    backend = openLibrary(path, symbols);
  } catch (cause) {
    throw cause instanceof QorusError ? cause : loadError(path, cause);
  }
  const version = backend.native.q_abi_version();
  if (version !== abiVersion) {
    throw new QorusError(
      "native_library",
      `${path} has interface version ${version}, expected ${abiVersion}: ` +
        "rebuild it with `npm run build`",
      { path, given: version, expected: abiVersion },
    );
  }
  return { native: backend.native, view: backend.view, path };
}
