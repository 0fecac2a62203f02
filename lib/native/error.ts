/**
 * The one error class of Qorus.
 *
 * @module
 */

/** What went wrong, as a stable word that programs can compare with. */
export type QorusErrorCode =
  /** An argument has a value that the function does not accept. */
  | "invalid_argument"
  /** Shapes of operands do not fit each other or the operation. */
  | "invalid_shape"
  /** The operation does not accept this dtype. */
  | "invalid_dtype"
  /** A tensor was used after its memory was given back. */
  | "stale_handle"
  /** A number was passed that is no live tensor, arena or map. */
  | "invalid_handle"
  /** The operation needs contiguous memory, or memory aligned otherwise. */
  | "invalid_layout"
  /** Output memory overlaps an input where the operation cannot allow it. */
  | "aliasing"
  /** An arena has no room left. */
  | "arena_full"
  /** All tensor descriptors are in use. */
  | "table_full"
  /** The operating system refused memory. */
  | "out_of_memory"
  /** An index lies outside of its range. */
  | "out_of_range"
  /** A file or folder does not exist. */
  | "not_found"
  /** Reading or writing failed in the operating system. */
  | "io"
  /** A file's bytes do not follow its format. */
  | "invalid_file"
  /** A valid request that Qorus cannot serve (a format version, an architecture, a dtype). */
  | "unsupported"
  /** The native library has not been opened on this thread, or was closed. */
  | "not_open"
  /** The native library is missing, foreign or of another version. */
  | "native_library"
  /** A permission of the runtime is missing. */
  | "permission"
  /** An `AbortSignal` ended the work. */
  | "aborted"
  /** Training came to a loss that is NaN or infinite. */
  | "diverged"
  /** A bug in Qorus: please report it. */
  | "internal";

/** What a {@linkcode QorusError} carries besides its message. */
export interface QorusErrorDetails {
  /** The operation that failed, such as `matmul`. */
  op?: string;
  /** The file that was read or written. */
  path?: string;
  /** The field of the file or the option that is wrong. */
  field?: string;
  /** What was given. */
  given?: unknown;
  /** What was expected instead. */
  expected?: unknown;
  /** The error underneath, if any. */
  cause?: unknown;
}

/**
 * Every error that Qorus throws on purpose.
 *
 * The message says what was given, what was expected and, where it is known, what to do.
 *
 * @example
 * ```ts
 * import { load, QorusError } from "@qorus/qorus";
 *
 * try {
 *   await load("no-such-model.gguf");
 * } catch (error) {
 *   if (error instanceof QorusError && error.code === "not_found") console.error(error.message);
 *   else throw error;
 * }
 * ```
 */
export class QorusError extends Error {
  /** A stable word for the kind of failure. */
  readonly code: QorusErrorCode;
  /** The operation that failed, such as `matmul`. */
  readonly op?: string;
  /** The file that was read or written. */
  readonly path?: string;
  /** The field of the file or the option that is wrong. */
  readonly field?: string;
  /** What was given. */
  readonly given?: unknown;
  /** What was expected instead. */
  readonly expected?: unknown;

  /** Makes an error with a stable code, a message for people, and what it is about. */
  constructor(code: QorusErrorCode, message: string, details: QorusErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "QorusError";
    this.code = code;
    this.op = details.op;
    this.path = details.path;
    this.field = details.field;
    this.given = details.given;
    this.expected = details.expected;
  }
}
