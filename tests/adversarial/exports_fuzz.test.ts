import { writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { context, counters } from "../../lib/core/context.ts";
import { empty, full } from "../../lib/core/creation.ts";
import { descriptorIndex } from "../../lib/core/descriptor.ts";
import type { DType } from "../../lib/core/dtype.ts";
import { FileMap } from "../../lib/core/file_map.ts";
import { scope } from "../../lib/core/scope.ts";
import { StateArena } from "../../lib/core/state.ts";
import { Tensor } from "../../lib/core/tensor.ts";
import { type Native, statusCodes, symbols } from "../../lib/native/abi.gen.ts";
import { QorusError } from "../../lib/native/error.ts";
import {
  callExport,
  type ExportCall,
  exportsWithoutTensors,
  numbersOf,
  ofType,
  validCalls,
} from "../support/export_calls.ts";
import { seededRandom } from "../support/random.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

/** Calls in all: rounds of a scope each. */
const roundCount = 100;
const callsPerRound = 400;
/** Another seed, to look further than every run does: `QORUS_FUZZ_SEED=7 bun test ...`. */
const seed = Number(process.env.QORUS_FUZZ_SEED ?? 2026);

/** Handles that these exports return are tensors. */
const makesNoTensor: readonly (keyof Native)[] = [
  ...exportsWithoutTensors,
  "q_tensor_name",
  "q_fill",
  "q_convert",
  "q_causal_mask",
  "q_store_cache",
  "q_argmax",
  "q_seed",
  "q_sample",
];

/**
 * Left alone: these end or replace what the process has (other tests run in it as well), and the
 * fuzz calls them itself where it has something to end.
 */
const excluded: readonly string[] = [
  "q_open",
  "q_close",
  "q_threads",
  "q_state_free",
  "q_map_close",
  "q_scope_leave",
  "q_scope_keep",
  "q_tensor_free",
];
const names = (Object.keys(symbols) as (keyof Native)[]).filter((name) => !excluded.includes(name));

// Tensors of up to some thousand elements; sizes are small, or so large that they are refused.
// What lies between would be an honest request for gigabytes.
const sizes = [0, 1, 1, 2, 3, 4, 5, 7, 8, 16, 32, 33, 64, 2 ** 31, 2 ** 32 - 1];
const mostElements = 1 << 14;
/** Scratch memory that a round's calls have. */
const roomMebibytes = 8;
const floatValues = [0, 1, -1, 0.5, 1e-5, 1e-30, 3e38, -3e38, NaN, Infinity, -Infinity];
const shapes = [[], [1], [4], [7], [32], [3, 4], [4, 4], [4, 5], [5, 32], [32, 32], [0, 4]];
shapes.push([3, 2, 8], [2, 3, 4], [2, 9, 4], [3, 6, 4], [2, 1, 3, 4], [1, 2, 1, 2, 1, 2]);
const dtypes: readonly DType[] = ["f32", "f32", "f32", "f32", "f16", "bf16", "i32", "u8", "q8_0"];

/** A tensor that nobody may touch, between those that the fuzz uses. */
class Canary {
  readonly #words: Int32Array;

  constructor(tensor: Tensor) {
    tensor.write(Int32Array.from({ length: tensor.size }, (_, i) => 0x5eed0000 + i));
    this.#words = tensor.data as Int32Array;
  }

  check(): void {
    const { length } = this.#words;
    assertEquals(length, 32);
    for (let i = 0; i < length; i++) {
      const intact = this.#words[i] === 0x5eed0000 + i;
      assert(intact, `word ${i} of a canary is ${this.#words[i]}`);
    }
  }
}

class Fuzz {
  readonly #random: () => number;
  readonly #arena = new StateArena(4 << 20);
  readonly #map: FileMap;
  readonly #stale: number[] = [];
  readonly #outcomes = new Map<string, number>();
  #valid: readonly ExportCall[] = [];
  #pool: number[] = [];
  #canaries: Canary[] = [];

  constructor(random: () => number, map: FileMap) {
    this.#random = random;
    this.#map = map;
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)];
  }

  #integer(below: number): number {
    return Math.floor(this.#random() * below);
  }

  #canary(state = 0): void {
    const { native } = context();
    const library = context();
    library.parameters[0] = 32;
    const handle = library.check(native.q_tensor_create(state, 5, 0, 1), "canary");
    this.#canaries.push(new Canary(new Tensor(handle)));
  }

  /** Takes all but a little of the scratch arena: requests for gigabytes must not be granted. */
  #leaveRoom(): void {
    const mebibyte = 2 ** 20;
    const { scratchBytes, scratchCapacityBytes } = counters();
    const taken = Math.floor((scratchCapacityBytes - scratchBytes) / mebibyte) - roomMebibytes;
    empty([taken, mebibyte], { dtype: "u8" });
  }

  /** Tensors of all kinds, a canary behind each. */
  #fill(): void {
    this.#pool = [];
    this.#canaries = [];
    this.#canary();
    for (const shape of shapes) {
      const made = ofType(this.#pick(dtypes), shape);
      this.#canary();
      this.#pool.push(made.handle, full(shape, this.#integer(5) - 1).handle);
      this.#canary();
    }
    const square = full([8, 8], 1);
    this.#pool.push(square.transpose(0, 1).handle, square.slice(0, 1, 8, 2).handle);
    this.#pool.push(square.slice(1, 3, 7).handle, full([1, 4], 1).expand([3, 4]).handle);
    this.#pool.push(ofType("q8_0", [5, 32], "rows16").handle);
    this.#pool.push(ofType("q4_0", [32, 32], "rows16").handle);
    this.#pool.push(ofType("q4_k", [3, 256]).handle, ofType("q5_k", [2, 256], "rows16").handle);
    this.#pool.push(ofType("q6_k", [17, 256], "rows16").handle, full([2, 256], 1).handle);
    this.#pool.push(this.#map.tensor([3, 4], "f32", 4).handle);
    this.#pool.push(this.#map.tensor([5, 32], "q8_0", 2).handle);
    this.#pool.push(this.#map.tensor([5, 32], "q4_0", 2, "rows16").handle);
    const lasting = this.#arena.empty([4, 5]).fill(2);
    this.#canary(this.#arena.id);
    this.#pool.push(lasting.handle);
  }

  /** A live tensor that is not the fuzz's own. */
  #isForeign(number: number): boolean {
    const { descriptors } = context();
    const index = descriptorIndex(number);
    const wasUsed = descriptors.address(index) !== 0;
    const isLive = wasUsed &&
      descriptors.generation(index) % 2 ** 13 === Math.floor(number / 2 ** 18);
    return isLive && !this.#pool.includes(number);
  }

  #anyNumber(): number {
    const index = this.#integer(2 ** 18);
    return this.#pick([index, this.#integer(2 ** 32), 2 ** 32 - 1, 2 ** 31, this.#integer(40)]);
  }

  #word(): number {
    const kind = this.#random();
    if (kind < 0.6) return this.#pick(this.#pool);
    if (kind < 0.75) return this.#integer(9);
    if (kind < 0.85 && this.#stale.length > 0) return this.#pick(this.#stale);
    return this.#anyNumber();
  }

  /** A value of the argument's type; nothing that stands for a tensor of others. */
  #argument(name: keyof Native, place: number, others: readonly number[] = []): number {
    if (symbols[name][place] === "f32") return this.#pick(floatValues);
    if (name === "q_state_create") return 1;
    // The same operand twice is how outputs come to lie on inputs.
    const isWord = symbols[name][place] === "u32";
    if (isWord && others.length > 0 && this.#random() < 0.2) return this.#pick(others) >>> 0;
    const word = this.#word();
    const own = this.#isForeign(word) ? 0 : word;
    return isWord ? own : own | 0;
  }

  /** A valid call with some arguments replaced, or a call out of nothing. */
  #call(): void {
    if (this.#random() < 0.5) {
      const call = this.#pick(this.#valid);
      const numbers = numbersOf(call);
      for (let i = this.#integer(3); i > 0; i--) {
        const place = this.#integer(numbers.length);
        numbers[place] = this.#argument(call.name, place, numbers);
      }
      this.#finish(call.name, callExport(call.name, numbers, call.sizes));
      return;
    }
    const name = this.#pick(names);
    const numbers = symbols[name].map((_, place) => this.#argument(name, place));
    const parameters = Array.from({ length: 8 }, () => this.#pick(sizes));
    this.#finish(name, callExport(name, numbers, parameters));
  }

  #finish(name: keyof Native, result: number): void {
    const status = result < 0 ? statusCodes.get(result) : "ok";
    assert(status !== undefined && status !== "internal", `${name} gave ${result}`);
    this.#outcomes.set(status, (this.#outcomes.get(status) ?? 0) + 1);
    if (result < 0) return checkMessage(name, result);
    if (name === "q_state_create") assertEquals(context().native.q_state_free(result), 0);
    if (name === "q_map_open") assertEquals(context().native.q_map_close(result), 0);
    if (makesNoTensor.includes(name)) return;
    const made = new Tensor(result);
    assert(made.isLive, `${name} gave the handle ${result}, which is not live`);
    if (made.size <= mostElements && this.#pool.length < 200) this.#pool.push(result);
  }

  /** One scope's calls. */
  round(): void {
    {
      using _ = scope();
      this.#valid = validCalls();
      this.#fill();
      this.#leaveRoom();
      for (let i = 0; i < callsPerRound; i++) this.#call();
      for (const canary of this.#canaries) canary.check();
      this.#stale.push(...this.#pool.slice(0, 20));
      if (this.#stale.length > 100) this.#stale.splice(0, 20);
    }
    this.#endLasting();
  }

  /** What the fuzz made outside of scratch ends with the arena; it makes a new one next time. */
  #endLasting(): void {
    for (const handle of this.#pool) {
      if (handle % 2 ** 18 < 2 ** 16) context().native.q_tensor_free(handle);
    }
  }

  /** How often each status came. */
  end(): ReadonlyMap<string, number> {
    this.#arena[Symbol.dispose]();
    assertEquals(callExport("q_set_precision", [0]), 0);
    return this.#outcomes;
  }
}

function checkMessage(name: string, result: number): void {
  try {
    context().check(result, name);
  } catch (error) {
    assert(error instanceof QorusError);
    assert(error.message !== `${name}: ${error.code}`, `${error.message}: no message`);
  }
}

test("exports survive any arguments", () => {
  using folder = new TemporaryFolder();
  writeFileSync(folder.file("bytes"), new Uint8Array(8192).fill(60));
  using map = new FileMap(folder.file("bytes"));
  using _ = scope();
  const outside = new Canary(
    new Tensor(context().check(callExport("q_tensor_create", [0, 5, 0, 1], [32]), "canary")),
  );
  const before = counters();
  const fuzz = new Fuzz(seededRandom(seed), map);
  for (let i = 0; i < roundCount; i++) fuzz.round();
  const outcomes = fuzz.end();
  outside.check();
  assertEquals(counters().scratchTensorCount, before.scratchTensorCount);
  assertEquals(counters().stateBytes, before.stateBytes);
  const total = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
  assert(total >= 20_000);
  // Far from all calls may be refused, else the fuzz would not get past the first checks.
  assert((outcomes.get("ok") ?? 0) > total / 4, `${[...outcomes]}`);
  for (const status of ["stale_handle", "invalid_shape", "invalid_dtype", "aliasing"]) {
    assert((outcomes.get(status) ?? 0) > 20, `${status}: ${[...outcomes]}`);
  }
});
