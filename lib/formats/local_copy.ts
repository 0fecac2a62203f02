/**
 * Local copies of files on file systems that cannot be mapped well.
 *
 * @module
 */

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import process from "node:process";
import { systemError } from "./file_error.ts";

/** The number that Linux gives FUSE file systems (linux/magic.h). */
const fuseMagic = 0x65735546;

/** Where and how {@linkcode localCopy} copies; the defaults are for use, the rest for tests. */
export interface LocalCopyOptions {
  /** Number of the file system that a path is on. */
  fileSystemType?: (path: string) => number;
  /** Folder for copies. Default: `qorus` in the system's folder for temporary files. */
  folder?: string;
  /** Takes the message that a file is being copied. */
  onMessage?: (message: string) => void;
}

/** Number of the file system that a path is on; 0 where the system does not tell. */
export function fileSystemType(path: string): number {
  try {
    return Number(statfsSync(path).type);
  } catch {
    return 0;
  }
}

/**
 * The path itself, or, for a file on a FUSE file system (network drives, cloud storage), that of a
 * copy on local disk: mapped pages of such files are fetched one by one, which is very slow. The
 * copy is named after path, size and time of the file and is used again.
 *
 * @throws {QorusError} `io` when the copy cannot be written.
 */
export function localCopy(path: string, options: LocalCopyOptions = {}): string {
  const typeOf = options.fileSystemType ?? fileSystemType;
  if (typeOf(path) !== fuseMagic) return path;
  const folder = options.folder ?? join(tmpdir(), "qorus");
  try {
    const { size, mtimeMs } = statSync(path);
    const key = createHash("sha256").update(`${resolve(path)}\n${size}\n${mtimeMs}`).digest("hex");
    const copy = join(folder, `${key.slice(0, 16)}-${basename(path)}`);
    if (existsSync(copy) && statSync(copy).size === size) return copy;
    options.onMessage?.(
      `${path} is on a FUSE file system: copying ${(size / 2 ** 20).toFixed(1)} MiB to ${copy}`,
    );
    mkdirSync(folder, { recursive: true });
    const unfinished = `${copy}.${process.pid}.tmp`;
    try {
      copyFileSync(path, unfinished);
      renameSync(unfinished, copy);
    } finally {
      rmSync(unfinished, { force: true });
    }
    return copy;
  } catch (error) {
    throw systemError(path, "copy it to local disk", error);
  }
}
