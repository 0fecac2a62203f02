/**
 * The library as one JavaScript thread has it: memory limits, threads, and the views through which
 * tensors are read.
 *
 * @module
 */

import { isaNames, type Native, statusCodes } from "../native/abi.gen.ts";
import { QorusError } from "../native/error.ts";
import { environmentVariable, type LoadedLibrary, loadLibrary } from "../native/library.ts";
import { checkOptions, unexpected } from "./arguments.ts";
import { DescriptorTable, descriptorTableBytes } from "./descriptor.ts";

/** How to open the library; see {@linkcode configure}. */
export interface ContextOptions {
  /** Threads that compute, for the whole process. Default: `QORUS_THREADS`, else all processors. */
  threads?: number;
  /**
   * Instruction set: `baseline`, `v3`, `v4`, `v4_bf16` (v4 with products in bf16), `dotprod`.
   * Default: `QORUS_ISA`, else the best.
   */
  isa?: string;
  /** Most bytes of activations and temporaries at a time. Default 64 GiB of address space. */
  scratchBytes?: number;
  /** Most bytes of parameters made without a model file. Default 64 GiB of address space. */
  stateBytes?: number;
  /** The native library's file. Default: `QORUS_LIB`, else beside this package. */
  libraryPath?: string;
}

/** What the library has used so far; see {@linkcode counters}. */
export interface Counters {
  /** Times that memory was asked of the operating system. Constant in a warm loop. */
  allocationCount: number;
  /** Bytes in use in the scratch arena. */
  scratchBytes: number;
  /** Most bytes ever in use in the scratch arena. */
  scratchHighWaterBytes: number;
  /** Size of the scratch arena's reservation. */
  scratchCapacityBytes: number;
  /** Bytes in use in all state arenas. */
  stateBytes: number;
  /** Most bytes ever in use in the state arenas that exist. */
  stateHighWaterBytes: number;
  /** Bytes of mapped files. */
  mappedBytes: number;
  /** Tensors alive in scratch. */
  scratchTensorCount: number;
  /** Descriptors ever used for parameters, caches and mapped weights. */
  lastingTensorCount: number;
}

// The layout of `Shared` in zig/core/context.zig.
const parameterCount = 512;
const messageOffsetBytes = parameterCount * 4;
const textOffsetBytes = messageOffsetBytes + 4096;
const textCapacityBytes = 8192;
const countersOffsetBytes = textOffsetBytes + textCapacityBytes;
const sharedBytes = countersOffsetBytes + 16 * 8;

const mebibyte = 2 ** 20;
const defaultCapacityBytes = 64 * 2 ** 30;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A buffer that was handed out and must be detached when its tensor ends. */
interface ExportedBuffer {
  readonly index: number;
  readonly generation: number;
  readonly buffer: ArrayBuffer;
}

/** One thread's library. Users have {@linkcode configure}, tensors and scopes instead. */
export class Context {
  /** The exports. */
  readonly native: Native;
  /** The file that the library was loaded from. */
  readonly libraryPath: string;
  /** Slots for sizes and options that do not fit a call's arguments. */
  readonly parameters: Uint32Array<ArrayBuffer>;
  /** The same slots as floats. */
  readonly floatParameters: Float32Array<ArrayBuffer>;
  /** What the library keeps of each tensor. */
  readonly descriptors: DescriptorTable;
  readonly #library: LoadedLibrary;
  readonly #messageBytes: Uint32Array;
  readonly #message: Uint8Array;
  readonly #text: Uint8Array<ArrayBuffer>;
  readonly #counters: Float64Array;
  readonly #stateBytes: number;
  #exported: ExportedBuffer[] = [];
  #defaultState = 0;

  /** Loads the library and reserves the arenas. */
  constructor(options: ContextOptions) {
    const library = loadLibrary(options.libraryPath);
    this.#library = library;
    this.native = library.native;
    this.libraryPath = library.path;
    this.#stateBytes = options.stateBytes ?? defaultCapacityBytes;
    open(this.native, options);
    const shared = library.view(this.#address(0), sharedBytes);
    this.parameters = new Uint32Array(shared, 0, parameterCount);
    this.floatParameters = new Float32Array(shared, 0, parameterCount);
    this.#messageBytes = new Uint32Array(shared, messageOffsetBytes, 1);
    this.#message = new Uint8Array(shared, messageOffsetBytes + 4, 4092);
    this.#text = new Uint8Array(shared, textOffsetBytes, textCapacityBytes);
    this.#counters = new Float64Array(shared, countersOffsetBytes, 16);
    this.descriptors = new DescriptorTable(library.view(this.#address(1), descriptorTableBytes));
    this.check(this.native.q_threads(threadCount(options)), "configure");
  }

  #address(region: number): number {
    const part = (index: number) => this.check(this.native.q_address(region, index), "address");
    return part(0) + part(1) * 2 ** 24 + part(2) * 2 ** 48;
  }

  /** Returns what an export returned, or throws the error that it reports. */
  check(result: number, op: string): number {
    if (result >= 0) return result;
    const code = statusCodes.get(result) ?? "internal";
    const length = result === -2 ? 0 : this.#messageBytes[0];
    const message = length > 0 ? decoder.decode(this.#message.slice(0, length)) : code;
    throw new QorusError(code, `${op}: ${message}`, { op });
  }

  /** Puts text where exports read it and returns its length in bytes. */
  writeText(text: string, op: string): number {
    if (typeof text !== "string") throw unexpected(text, "a text", undefined, op);
    const { read, written } = encoder.encodeInto(text, this.#text);
    if (read === text.length) return written;
    throw new QorusError(
      "invalid_argument",
      `${op}: text of ${text.length} characters is too long`,
      {
        op,
      },
    );
  }

  /** Puts a shape where exports read it. */
  writeSizes(sizes: readonly number[], op: string): void {
    if (!Array.isArray(sizes)) throw unexpected(sizes, "an array of sizes", undefined, op);
    if (sizes.length > 6) {
      throw new QorusError("invalid_shape", `${op}: [${sizes}] has more than 6 dimensions`, { op });
    }
    for (let i = 0; i < sizes.length; i++) {
      const size = sizes[i];
      if (!(Number.isInteger(size) && size >= 0 && size < 2 ** 32)) {
        throw new QorusError(
          "invalid_shape",
          `${op}: size ${size} in [${sizes}] is no whole number from 0 to 2^32 - 1`,
          { op, given: sizes },
        );
      }
      this.parameters[i] = size;
    }
  }

  /** A buffer over native memory that nobody detaches: for memory read or written at once. */
  view(address: number, length: number): ArrayBuffer {
    return length === 0 ? new ArrayBuffer(0) : this.#library.view(address, length);
  }

  /** Remembers a buffer that users hold, to detach it with its tensor. */
  exportBuffer(index: number, generation: number, buffer: ArrayBuffer): void {
    this.#exported.push({ index, generation, buffer });
  }

  /**
   * Detaches the buffers of tensors that have ended: kept views read as empty, never as others'
   * data.
   */
  detachEnded(): void {
    if (this.#exported.length === 0) return;
    this.#exported = this.#exported.filter(({ index, generation, buffer }) => {
      if (this.descriptors.generation(index) === generation) return true;
      if (buffer.byteLength > 0) buffer.transfer(0);
      return false;
    });
  }

  /** The state arena of parameters that belong to no model file. */
  defaultState(): number {
    if (this.#defaultState === 0) this.#defaultState = this.createState(this.#stateBytes);
    return this.#defaultState;
  }

  /** Reserves a state arena. */
  createState(capacityBytes: number): number {
    const size = Math.ceil(capacityBytes / mebibyte);
    return this.check(this.native.q_state_create(size), "state");
  }

  /** Reads the counters. */
  counters(): Counters {
    this.check(this.native.q_counters(), "counters");
    const values = this.#counters;
    return {
      allocationCount: values[0],
      scratchBytes: values[1],
      scratchHighWaterBytes: values[2],
      scratchCapacityBytes: values[3],
      stateBytes: values[4],
      stateHighWaterBytes: values[5],
      mappedBytes: values[6],
      scratchTensorCount: values[7],
      lastingTensorCount: values[8],
    };
  }
}

/**
 * Set on `globalThis` once this isolate has opened the library, by whichever copy of this module.
 */
const openedKey = Symbol.for("@qorus/qorus: opened");

/**
 * Runtimes give the thread of a Worker that has ended to the next one, with all that the library
 * keeps for it. Nobody can use that any more: it is given back.
 */
function closeLeftOver(native: Native): void {
  if (!Object.hasOwn(globalThis, openedKey)) native.q_close();
}

function open(native: Native, options: ContextOptions): void {
  const isa = options.isa ?? environmentVariable("QORUS_ISA");
  const code = isa ? isaNames.indexOf(isa) : -1;
  if (isa && code < 0) {
    throw new QorusError(
      "invalid_argument",
      `QORUS_ISA: ${isa} is no instruction set, expected one of ${isaNames.join(", ")}`,
      { field: "isa", given: isa, expected: isaNames },
    );
  }
  closeLeftOver(native);
  // A system that limits address space refuses the default: take what it gives, down to 1 GiB.
  let scratchBytes = options.scratchBytes ?? defaultCapacityBytes;
  let result = native.q_open(Math.ceil(scratchBytes / mebibyte), code);
  while (options.scratchBytes === undefined && result === -12 && scratchBytes > 2 ** 30) {
    scratchBytes /= 2;
    result = native.q_open(Math.ceil(scratchBytes / mebibyte), code);
  }
  if (result === 0) {
    Object.defineProperty(globalThis, openedKey, { value: true });
    return;
  }
  const reason = new Map<string, string>([
    ["unsupported", `this processor cannot run QORUS_ISA=${isa}`],
    ["out_of_memory", `the system refuses to reserve ${scratchBytes} bytes: lower scratchBytes`],
    ["invalid_argument", "it is open on this thread already: two copies of Qorus are loaded"],
  ]);
  const kind = statusCodes.get(result) ?? "internal";
  throw new QorusError(kind, `open: ${reason.get(kind) ?? kind}`, { op: "open" });
}

function threadCount(options: ContextOptions): number {
  const wanted = options.threads ?? environmentVariable("QORUS_THREADS");
  if (wanted === undefined || wanted === "") return navigator.hardwareConcurrency || 1;
  const count = Number(wanted);
  if (Number.isInteger(count) && count >= 1 && count <= 256) return count;
  throw new QorusError("invalid_argument", `threads: ${wanted} is no whole number from 1 to 256`, {
    field: "threads",
    given: wanted,
  });
}

let current: Context | undefined;
let settings: ContextOptions = {};

/** The library of this thread, opened on first use. */
export function context(): Context {
  current ??= new Context(settings);
  return current;
}

/**
 * Sets how the library is opened. Call it before the first tensor is made; afterwards only
 * `threads` can be changed.
 *
 * @throws {QorusError} `invalid_argument` when the library is open already and the options hold
 * more than `threads`.
 *
 * @example
 * ```ts
 * import { configure } from "@qorus/qorus";
 *
 * configure({ threads: 4, scratchBytes: 2 ** 32 });
 * ```
 */
export function configure(options: ContextOptions): void {
  checkOptions(options, "configure");
  if (current === undefined) {
    settings = { ...settings, ...options };
    return;
  }
  const { threads, ...others } = options;
  if (Object.values(others).some((value) => value !== undefined)) {
    throw new QorusError(
      "invalid_argument",
      `configure: ${Object.keys(others).join(", ")} must be set before the first tensor is made`,
      { op: "configure" },
    );
  }
  if (threads !== undefined) {
    current.check(current.native.q_threads(threadCount(options)), "configure");
  }
}

/** What the library has used so far: allocations and the fill of its arenas, in bytes. */
export function counters(): Counters {
  return context().counters();
}

/** What runs below: the library's file, its instruction set and its threads. */
export interface LibraryInfo {
  /** The file that the library was loaded from. */
  libraryPath: string;
  /** Instruction set in use. */
  isa: string;
  /** Whether products in bf16 run on instructions of the processor, and so are worth it. */
  multipliesBf16: boolean;
  /** Threads that compute. */
  threads: number;
  /** Version of the library's interface. */
  abiVersion: number;
}

/** Describes the library in use; opens it when it is not open yet. */
export function libraryInfo(): LibraryInfo {
  const { native, libraryPath } = context();
  return {
    libraryPath,
    isa: isaNames[native.q_isa()],
    multipliesBf16: native.q_multiplies_bf16() === 1,
    threads: native.q_threads(0),
    abiVersion: native.q_abi_version(),
  };
}
