import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { context } from "../../lib/core/context.ts";
import { empty, full, tensor } from "../../lib/core/creation.ts";
import { FileMap } from "../../lib/core/file_map.ts";
import { scope } from "../../lib/core/scope.ts";
import { StateArena } from "../../lib/core/state.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { statusCodes, symbols } from "../../lib/native/abi.gen.ts";
import { QorusError } from "../../lib/native/error.ts";
import { attention, ropeTable, storeCache } from "../../lib/ops/attention.ts";
import { add } from "../../lib/ops/elementwise.ts";
import { causalMask } from "../../lib/ops/normalization.ts";
import {
  callExport,
  type ExportCall,
  exportsWithoutTensors,
  numbersOf,
  ofType,
  type Operand,
  validCalls,
} from "../support/export_calls.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

/** The code of a refusal, which must have a message; "ok" otherwise. */
function outcome(call: ExportCall, place: number, handle: number): string {
  const result = callExport(call.name, numbersOf(call, place, handle), call.sizes);
  if (result >= 0) return "ok";
  const code = statusCodes.get(result);
  assert(code !== undefined && code !== "internal", `${call.name} gave status ${result}`);
  const error = assertThrows(() => context().check(result, call.name), QorusError);
  assert(error.message !== `${call.name}: ${code}`, `${call.name}: ${code} has no message`);
  return code;
}

/** Runs `check` for every tensor argument of every export, in a scope of its own. */
function forEachOperand(
  check: (call: ExportCall, place: number, operand: Operand, label: string) => void,
): void {
  for (let i = 0; i < namesOfCalls().length; i++) {
    using _ = scope();
    const call = validCalls()[i];
    for (const [place, argument] of call.arguments.entries()) {
      if (typeof argument === "number") continue;
      check(call, place, argument, `${call.name}, argument ${place}`);
    }
  }
}

function namesOfCalls(): string[] {
  using _ = scope();
  return validCalls().map((call) => call.name);
}

test("exports: the calls that tests damage are all exports, and valid", () => {
  const described = [...namesOfCalls(), ...exportsWithoutTensors];
  assertEquals(Object.keys(symbols).filter((name) => !described.includes(name)), []);
  using _ = scope();
  for (const call of validCalls()) assertEquals(outcome(call, -1, 0), "ok", call.name);
});

test("exports: stale handles are stale", () => {
  const inner = scope();
  const handle = full([3, 4], 1).handle;
  inner[Symbol.dispose]();
  forEachOperand((call, place, _, label) => {
    // The first descriptor of a scope is in use again, under another generation.
    assertEquals(outcome(call, place, handle), "stale_handle", label);
  });
});

test("exports: numbers that are no handles are refused", () => {
  const numbers = [0xffffffff, 0x80000000, 0x80000001, 0x7fffffff, 65535, 2 ** 18 - 1, 2 ** 30];
  forEachOperand((call, place, operand, label) => {
    for (const number of numbers) {
      const code = outcome(call, place, number);
      assert(["invalid_handle", "stale_handle"].includes(code), `${label}: ${number} is ${code}`);
    }
    const none = outcome(call, place, 0);
    assertEquals(none, operand.optional ? "ok" : "invalid_handle", `${label}: 0`);
  });
});

test("exports: handles of a block that are none, have ended or are of other shapes are refused", () => {
  const ended = scope();
  const stale = full([1], 0).handle;
  ended[Symbol.dispose]();
  using _ = scope();
  const call = validCalls().find(({ name }) => name === "q_add_transformer_blocks")!;
  const [epsilons, sizes] = [[1, 11], call.sizes!];
  const isBias = (word: number) => [5, 6, 7, 9, 14, 15, 17].includes(word);
  for (const word of sizes.keys()) {
    if (epsilons.includes(word)) continue;
    const withWord = (value: number) => ({ ...call, sizes: sizes.with(word, value) });
    for (const number of [0xffffffff, 65535, full([3], 1).handle, stale]) {
      assert(outcome(withWord(number), -1, 0) !== "ok", `word ${word}: ${number}`);
    }
    assertEquals(outcome(withWord(0), -1, 0), isBias(word) ? "ok" : "invalid_handle", `${word}`);
  }
  for (const blocks of [26, 2 ** 32 - 1]) assertEquals(outcome(call, 1, blocks), "out_of_range");
});

test("exports: wrong dtypes are refused", () => {
  const accepted: Record<Operand["kind"], readonly string[]> = {
    floats: [],
    rows: [],
    out: [],
    indices: ["i32"],
    integers: ["i32"],
    weight: ["f16", "bf16", "q8_0", "q6_k", "rows16"],
    cache: ["f16", "q8_0"],
    any: [],
  };
  // These take any plain dtype, or change it.
  const general = ["q_copy", "q_convert", "q_fill"];
  forEachOperand((call, place, { kind, tensor: { shape } }, label) => {
    if (kind === "any" || general.includes(call.name)) return;
    for (const dtype of ["f16", "bf16", "i32", "u8", "q8_0", "q6_k"] as const) {
      const code = outcome(call, place, ofType(dtype, shape).handle);
      if (accepted[kind].includes(dtype)) continue;
      const refusals = ["invalid_dtype", "invalid_shape", "invalid_layout"];
      assert(refusals.includes(code), `${label}: ${dtype} is ${code}`);
    }
    const interleaved = outcome(call, place, ofType("q8_0", [5, 32], "rows16").handle);
    if (!accepted[kind].includes("rows16")) assert(interleaved !== "ok", `${label}: rows16`);
  });
});

test("exports: wrong shapes are refused", () => {
  forEachOperand((call, place, { free, kind, tensor: { shape, dtype } }, label) => {
    if (free || kind === "any" && call.name !== "q_reshape") return;
    const wrong = shape.map((_, i) => shape.map((size, j) => i === j ? size + 1 : size));
    wrong.push([...shape, 2], [2, ...shape]);
    // A scalar can be broadcast to anything.
    const broadcasts = ["q_binary", "q_ternary"].includes(call.name);
    if (!broadcasts || kind === "out") wrong.push([]);
    for (const sizes of wrong) {
      const code = outcome(call, place, empty(sizes, { dtype }).handle);
      assert(code !== "ok", `${label}: [${sizes}] for [${shape}]`);
    }
  });
});

test("exports: views that are not contiguous are refused where rows are needed", () => {
  const needing: readonly Operand["kind"][] = ["rows", "integers", "weight", "cache", "out"];
  forEachOperand((call, place, { kind, tensor: { shape, dtype } }, label) => {
    if (!needing.includes(kind) || call.name === "q_copy") return;
    const wide = empty([...shape.slice(0, -1), shape[shape.length - 1] * 2], { dtype });
    wide.write(new Uint8Array(wide.size).fill(1));
    const view = wide.slice(-1, 0, wide.shape[shape.length - 1], 2);
    assertEquals(view.shape, shape);
    assertEquals(outcome(call, place, view.handle), "invalid_layout", label);
  });
});

test("exports: memory of files is never written", () => {
  using folder = new TemporaryFolder();
  writeFileSync(folder.file("zeros"), new Uint8Array(4096));
  using map = new FileMap(folder.file("zeros"));
  const written = ["q_fill", "q_causal_mask", "q_seed", "q_store_cache", "q_add_rmsnorm"];
  forEachOperand((call, place, { kind, tensor: { shape, dtype } }, label) => {
    const first = written.includes(call.name) && place === 0;
    const generator = call.name === "q_sample" && place === 2;
    if (kind !== "out" && !first && !generator) return;
    const mapped = map.tensor(shape, dtype, 64);
    assertEquals(outcome(call, place, mapped.handle), "invalid_argument", label);
    assertThrows(() => context().check(-3, call.name), QorusError, "read-only");
  });
});

test("exports: outputs that lie across an input are refused", () => {
  const sizeOf = (shape: number[]) => shape.reduce((product, size) => product * size, 1);
  forEachOperand((call, place, { kind, tensor: { shape } }, label) => {
    const outPlace = call.arguments.findIndex((other) =>
      typeof other !== "number" && other.kind === "out"
    );
    if (outPlace < 0 || outPlace === place || kind === "integers") return;
    const out = call.arguments[outPlace] as Operand;
    const [count, outCount] = [sizeOf(shape), sizeOf(out.tensor.shape)];
    const memory = full([count + outCount + 1], 0.5);
    const across = memory.slice(0, 1, 1 + outCount).reshape(out.tensor.shape);
    const input = memory.slice(0, 0, count).reshape(shape);
    const damaged: ExportCall = {
      ...call,
      arguments: call.arguments.map((other, i) => i === outPlace ? across.handle : other),
    };
    assertEquals(outcome(damaged, place, input.handle), "aliasing", label);
  });
});

test("views end with the arena or the file whose memory they show", () => {
  using _ = scope();
  using folder = new TemporaryFolder();
  writeFileSync(folder.file("ones"), new Uint8Array(new Float32Array(64).fill(1).buffer));
  const other = full([4], 3);
  const makers: (() => { whole: Tensor; owner: Disposable })[] = [
    () => {
      const owner = new StateArena(1 << 20);
      return { whole: owner.empty([8, 8]).fill(1), owner };
    },
    () => {
      const owner = new FileMap(folder.file("ones"));
      return { whole: owner.tensor([8, 8], "f32", 0), owner };
    },
  ];
  for (const make of makers) {
    const { whole, owner } = make();
    const views = [whole.transpose(0, 1), whole.slice(0, 7, 8), whole.reshape([64])];
    const { data } = views[2];
    owner[Symbol.dispose]();
    for (const view of [whole, ...views]) {
      const error = assertThrows(() => add(view, 1), QorusError);
      assertEquals(error.code, "stale_handle");
    }
    assertEquals(data.length, 0);
    assertEquals(other.toArray(), [3, 3, 3, 3]);
  }
});

test("sizes and strides whose products overflow are refused", () => {
  using _ = scope();
  const most = 2 ** 32 - 1;
  const codeOf = (run: () => unknown) => assertThrows(run, QorusError).code;
  assertEquals(codeOf(() => empty([0, most, most, most])), "invalid_shape");
  assertEquals(codeOf(() => empty([most, most, most, 0])), "invalid_shape");
  const nothing = empty([0]);
  assertEquals(codeOf(() => nothing.reshape([most, most, most, 0])), "invalid_shape");
  assertEquals(codeOf(() => full([1], 1).expand([most, most, most])), "invalid_shape");
  // A step behind the only element goes nowhere.
  let one = full([1, 3], 1);
  for (let i = 0; i < 4; i++) one = one.slice(0, 0, 1, most);
  assertEquals(one.toArray(), [[1, 1, 1]]);
  assertEquals(codeOf(() => empty([3], { state: 70000 })), "invalid_handle");
});

test("copies of a tensor onto itself", () => {
  using _ = scope();
  const x = tensor([[1, 2], [3, 4]]);
  assertEquals(x.copyFrom(x).toArray(), [[1, 2], [3, 4]]);
  const column = x.slice(1, 1, 2);
  assertEquals(column.copyFrom(column).toArray(), [[2], [4]]);
  const error = assertThrows(() => x.copyFrom(x.transpose(0, 1)), QorusError, "overlaps");
  assertEquals(error.code, "aliasing");
});

test("positions that are no whole numbers are refused alike by both runtimes", () => {
  using _ = scope();
  const [scores, cache, x] = [full([2, 2], 1), full([1, 4, 2], 1), full([1, 1, 2], 1)];
  for (const number of [-1, 0.5, NaN, Infinity, 2 ** 32]) {
    const calls = [
      () => causalMask(scores, number),
      () => ropeTable(full([2], 1), number, 1),
      () => ropeTable(full([2], 1), 0, number),
      () => storeCache(cache, x, number),
      () => attention(x, cache, cache, number, 1),
    ];
    for (const call of calls) {
      const error = assertThrows(call, QorusError, `${number}, expected a whole number`);
      assertEquals(error.code, "invalid_argument");
    }
  }
});
