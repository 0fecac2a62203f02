import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { arange, rand, randn, tensor } from "../../lib/core/creation.ts";
import { manualSeed } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import { QorusError } from "../../lib/native/error.ts";
import { add, mul } from "../../lib/ops/elementwise.ts";
import { gather, indexSelect } from "../../lib/ops/indexing.ts";
import { concat, pad, repeat, split, stack } from "../../lib/ops/joining.ts";
import { GoldenFile } from "../support/golden.ts";
import { type GoldenRow, testRows } from "../support/golden_rows.ts";

const rows: GoldenRow[] = [
  { name: "reshape", run: (t) => t("x").reshape([5, -1]) },
  { name: "reshape_of_view", run: (t) => t("x").transpose(0, 2).reshape([10, 6]) },
  { name: "permute", run: (t) => mul(t("x").permute([2, 0, 1]), 2) },
  { name: "slice", run: (t) => mul(t("x").slice(1, 1, 4, 2).slice(2, -3, 5), 2) },
  {
    name: "slice_twice",
    run: (t) => {
      const x = t("x");
      return add(x.slice(0, 1, 3).slice(1, 0, 2), x.slice(0, 0, 2).slice(1, 2, 4));
    },
  },
  { name: "expand", run: (t) => t("x").expand([2, 3, 4]) },
  { name: "gather_rows", run: (t) => gather(t("x"), 0, t("index", "i32")) },
  { name: "gather_columns", run: (t) => gather(t("x"), -1, t("index", "i32")) },
  { name: "gather_none", run: (t) => gather(t("x"), 1, t("index", "i32")) },
  { name: "index_select_0", run: (t) => indexSelect(t("x"), 0, t("index", "i32")) },
  { name: "index_select_1", run: (t) => indexSelect(t("x"), 1, t("index", "i32")) },
  { name: "concat_1", run: (t) => concat([t("a"), t("b"), t("c")], -1) },
  { name: "concat_0", run: (t) => concat([t("a"), t("b"), t("c")]) },
  { name: "stack_0", run: (t) => stack([t("a"), t("b")]) },
  { name: "stack_1", run: (t) => stack([t("a"), t("b")], 1) },
  { name: "stack_2", run: (t) => stack([t("a"), t("b")], -1) },
  {
    name: "split",
    run: (t) => {
      const [left, right] = split(t("x"), 3, 1);
      return mul(left, right);
    },
  },
  { name: "split_sizes", run: (t) => mul(split(t("x"), [1, 4, 2])[1], 3) },
  { name: "pad", run: (t) => pad(t("x"), [1, 2], [3, 0]) },
  { name: "pad_value", run: (t) => pad(t("x"), [1], [1], -1.5) },
  { name: "repeat", run: (t) => repeat(t("x"), [2, 3]) },
  { name: "repeat_new", run: (t) => repeat(t("x"), [2, 1, 2]) },
];

testRows(new GoldenFile("shapes"), rows);

test("shapes: what does not fit is an error", () => {
  using _ = scope();
  const x = tensor([[1, 2, 3], [4, 5, 6]]);
  const index = (values: number[][]) => tensor(values, { dtype: "i32" });
  assertThrows(() => gather(x, 0, index([[2, 0, 0]])), QorusError, "index 2 is outside");
  assertThrows(() => gather(x, 1, index([[-1]])), QorusError, "index -1 is outside");
  assertThrows(() => gather(x, 0, x), QorusError, "expected i32");
  assertThrows(() => gather(x, 0, index([[0, 0, 0, 0]])), QorusError, "larger than x");
  assertThrows(() => gather(x, 2, index([[0]])), QorusError, "dimension 2");
  assertThrows(() => concat([]), QorusError, "no tensors");
  assertThrows(() => concat([x, tensor([[1, 2]])]), QorusError, "differ in another dimension");
  assertThrows(() => concat([x, tensor([1, 2, 3])]), QorusError, "differ in another dimension");
  assertThrows(() => split(x, [1, 1], 1), QorusError, "do not add up to 3");
  assertThrows(() => pad(x, [1], [1]), QorusError, "rank 2");
  assertThrows(() => pad(x, [-1, 0], [0, 0]), QorusError, "[-1,0]");
  assertThrows(() => repeat(x, [2]), QorusError, "1 counts");
});

test("creation: ranges and random numbers", () => {
  using _ = scope();
  assertEquals(arange(0, 5).toArray(), [0, 1, 2, 3, 4]);
  assertEquals(arange(5, 0, -2).toArray(), [5, 3, 1]);
  assertEquals(arange(3, 3).toArray(), []);
  assertThrows(() => arange(0, 1, 0), QorusError, "no end");
  manualSeed(7);
  const first = [...randn([1000]).read()];
  manualSeed(7);
  assertEquals([...randn([1000]).read()], first);
  const mean = first.reduce((sum, x) => sum + x, 0) / 1000;
  const variance = first.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 1000;
  assertEquals([Math.abs(mean) < 0.1, Math.abs(variance - 1) < 0.15], [true, true]);
  assertEquals(rand([1000]).read().every((x) => x >= 0 && x < 1), true);
});
