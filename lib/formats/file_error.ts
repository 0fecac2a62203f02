/**
 * Errors about files, in one wording.
 *
 * @module
 */

import { QorusError } from "../native/error.ts";
import type { QorusErrorCode } from "../native/error.ts";

const longestShown = 120;

/** A value of a file as an error message shows it: short, and with nothing a terminal obeys. */
export function show(value: unknown): string {
  if (Array.isArray(value)) {
    const more = value.length > 8 ? ", ..." : "";
    return `[${value.slice(0, 8).map(showScalar).join(", ")}${more}]`;
  }
  return showScalar(value);
}

function showScalar(value: unknown): string {
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value !== "string") return String(value);
  const text = JSON.stringify(value.slice(0, longestShown)).replace(/[\u007f-\u009f]/g, "?");
  return value.length <= longestShown ? text : `${text}...`;
}

/** Details that an error about a file carries. */
export interface FileErrorDetails {
  /** What the file has there. */
  given?: unknown;
  /** What it should have. */
  expected?: unknown;
  /** What the reader can do about it, as a sentence. */
  hint?: string;
  /** The error underneath. */
  cause?: unknown;
}

function fileError(
  code: QorusErrorCode,
  path: string,
  field: string,
  problem: string,
  details: FileErrorDetails,
): QorusError {
  const { given, expected, hint, cause } = details;
  const parts = [`${path}: ${field}: ${problem}`];
  if (given !== undefined) parts.push(`given ${show(given)}`);
  if (expected !== undefined) {
    parts.push(`expected ${typeof expected === "string" ? expected : show(expected)}`);
  }
  const message = parts.join(", ") + (hint === undefined ? "" : `. ${hint}`);
  return new QorusError(code, message, { path, field, given, expected, cause });
}

/**
 * The error for bytes that do not follow their format.
 *
 * @example
 * ```ts
 * throw invalidFile("a.gguf", "version", "not a version", { given: 9, expected: "2 or 3" });
 * ```
 */
export function invalidFile(
  path: string,
  field: string,
  problem: string,
  details: FileErrorDetails = {},
): QorusError {
  return fileError("invalid_file", path, field, problem, details);
}

/** The error for a file that is sound but asks for something that Qorus does not do. */
export function unsupportedFile(
  path: string,
  field: string,
  problem: string,
  details: FileErrorDetails = {},
): QorusError {
  return fileError("unsupported", path, field, problem, details);
}

/** The error of a system call as a {@linkcode QorusError} naming the path. */
export function systemError(path: string, action: string, cause: unknown): QorusError {
  if (cause instanceof QorusError) return cause;
  const systemCode = (cause as { code?: unknown } | null)?.code;
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (systemCode === "ENOENT") {
    return new QorusError("not_found", `${path}: cannot ${action}, there is no such file`, {
      path,
      cause,
    });
  }
  const permission = (cause as { name?: unknown } | null)?.name === "NotCapable";
  return new QorusError(
    permission ? "permission" : "io",
    permission
      ? `${path}: cannot ${action}, the runtime denies it: ${reason}`
      : `${path}: cannot ${action}: ${reason}`,
    { path, cause },
  );
}
