import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { counters } from "../../../lib/core/context.ts";
import { tensor } from "../../../lib/core/creation.ts";
import { Random } from "../../../lib/core/random.ts";
import { scope } from "../../../lib/core/scope.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { QorusError } from "../../../lib/native/error.ts";
import { l1Loss } from "../../../lib/ops/losses.ts";
import { Mean } from "../../../lib/train/meters/mean.ts";
import { Throughput } from "../../../lib/train/meters/throughput.ts";
import { Accuracy } from "../../../lib/train/metrics/accuracy.ts";
import { ConfusionMatrix } from "../../../lib/train/metrics/confusion_matrix.ts";
import { MeanLoss } from "../../../lib/train/metrics/mean_loss.ts";
import { Perplexity } from "../../../lib/train/metrics/perplexity.ts";
import { assertClose } from "../../support/close.ts";

function classes(...values: number[]): Tensor {
  return tensor(Int32Array.from(values));
}

/** Logits of few different values, so that many are equal, with a class for each row. */
function randomRows(rows: number, columns: number): { x: Tensor; y: Tensor } {
  const random = new Random(rows * columns);
  const whole = (end: number) => Math.floor(random.uniform(0, end));
  const logits = Float32Array.from({ length: rows * columns }, () => whole(5));
  return {
    x: tensor(logits, { shape: [rows, columns] }),
    y: classes(...Array.from({ length: rows }, () => whole(columns))),
  };
}

/** Rows whose class is among the k first after sorting, equal ones by their number. */
function shareByHand({ x, y }: { x: Tensor; y: Tensor }, k: number): number {
  const rows = x.toArray() as number[][];
  const labels = y.toArray() as number[];
  const right = rows.filter((row, i) => {
    const order = row.map((_, column) => column).sort((a, b) => row[b] - row[a] || a - b);
    return order.slice(0, k).includes(labels[i]);
  });
  return right.length / rows.length;
}

test("Accuracy: the share of rows, over several batches, for any k", () => {
  using _ = scope();
  for (const k of [1, 2, 3, 7]) {
    const accuracy = new Accuracy({ k });
    const batch = randomRows(200, 7);
    accuracy.update(batch.x, batch);
    assertClose([accuracy.compute()], [shareByHand(batch, k)]);
    const more = randomRows(31, 7);
    accuracy.update(more.x, more);
    const both = (200 * shareByHand(batch, k) + 31 * shareByHand(more, k)) / 231;
    assertClose([accuracy.compute()], [both]);
    accuracy.reset();
    assert(Number.isNaN(accuracy.compute()));
  }
  assertEquals(new Accuracy().name, "accuracy");
  assertEquals(new Accuracy({ k: 5 }).name, "top_5_accuracy");
});

test("Accuracy: rows that do not count, and logits that are NaN", () => {
  using _ = scope();
  const x = tensor([[2, 1, 0], [0, 1, 2], [NaN, NaN, NaN], [1, 0, 0]]);
  for (const k of [1, 2]) {
    const accuracy = new Accuracy({ k, ignoreIndex: 0 });
    accuracy.update(x, { y: classes(0, 2, 1, 0) });
    assertEquals(accuracy.compute(), 0.5);
  }
  const none = new Accuracy();
  none.update(x, { y: classes(-100, -100, -100, -100) });
  assert(Number.isNaN(none.compute()));
});

test("Accuracy: classes in the second dimension or in the last", () => {
  using _ = scope();
  // [2 texts, 3 tokens, 4 classes]
  const logits = tensor([
    [[9, 0, 0, 0], [0, 9, 0, 0], [0, 0, 9, 0]],
    [[0, 0, 0, 9], [9, 0, 0, 0], [9, 0, 0, 0]],
  ]);
  const y = tensor([[0, 1, 2], [3, 0, 1]], { dtype: "i32" });
  const share = (output: Tensor, options = {}) => {
    const accuracy = new Accuracy(options);
    accuracy.update(output, { y });
    return accuracy.compute();
  };
  assertClose([share(logits)], [5 / 6]);
  assertClose([share(logits.permute([0, 2, 1]))], [5 / 6]);
  assertClose([share(logits, { axis: -1 })], [5 / 6]);
  assertThrows(() => share(logits, { axis: 1 }), QorusError, "at 1");
});

test("Accuracy: says what is missing", () => {
  using _ = scope();
  const x = tensor([[1, 2]]);
  const of = (output: unknown, batch: Record<string, Tensor>) =>
    new Accuracy().update(output as Tensor, batch);
  assertThrows(() => of(x, { label: classes(1) }), QorusError, "target: (batch) => batch.label");
  assertThrows(() => of({ logits: x }, { y: classes(1) }), QorusError, "output.logits");
  assertThrows(() => of(x, { y: tensor([1]) }), QorusError, "expected classes in i32");
  assertThrows(() => of(x, { y: classes(1, 1) }), QorusError, "[1,2] for a target of [2]");
  assertThrows(() => of(x, { y: classes(2) }), QorusError, "class 2, expected 0 to 1");
  assertThrows(() => of(x, { y: classes(-1) }), QorusError, "class -1");
  assertThrows(() => new Accuracy({ k: 0 }), QorusError, "k is 0");
});

test("Accuracy: finds logits and classes where it is told to", () => {
  using _ = scope();
  const accuracy = new Accuracy<{ scores: Tensor }, { label: Tensor }>({
    logits: ({ scores }) => scores,
    target: ({ label }) => label,
  });
  accuracy.update({ scores: tensor([[1, 2]]) }, { label: classes(1) });
  assertEquals(accuracy.compute(), 1);
});

test("Accuracy: a batch more asks the system for no memory", () => {
  using _ = scope();
  const batch = randomRows(64, 10);
  const metrics = [new Accuracy(), new Accuracy({ k: 3 }), new ConfusionMatrix()];
  const update = () => {
    using _ = scope();
    for (const metric of metrics) metric.update(batch.x, batch);
  };
  update();
  const { allocationCount } = counters();
  update();
  assertEquals(counters().allocationCount, allocationCount);
});

test("Perplexity: the exponential of the mean over all tokens", () => {
  using _ = scope();
  const perplexity = new Perplexity();
  assert(Number.isNaN(perplexity.compute()));
  perplexity.update(tensor([[0, 0, 0], [0, 0, 0]]), { y: classes(0, 2) });
  assertClose([perplexity.compute()], [3]);
  // One sure token beside two that hesitate among three.
  perplexity.update(tensor([[100, 0, 0], [0, 0, 0]]), { y: classes(0, -100) });
  assertClose([perplexity.compute()], [3 ** (2 / 3)]);
});

test("ConfusionMatrix: counts, shares and a table", () => {
  using _ = scope();
  const matrix = new ConfusionMatrix({ labels: ["cat", "dog", "owl"] });
  assert(Number.isNaN(matrix.compute()));
  const logits = [[2, 0, 0], [1, 0, 0], [0, 3, 0], [0, 3, 0], [0, 0, 1]];
  matrix.update(tensor(logits), { y: classes(0, 1, 1, 1, -100) });
  assertEquals([matrix.count(0, 0), matrix.count(1, 0), matrix.count(1, 1)], [1, 1, 2]);
  assertClose([matrix.recall(1), matrix.precision(0), matrix.f1(1)], [2 / 3, 1 / 2, 4 / 5]);
  assertClose([matrix.compute()], [(1 + 2 / 3) / 2]);
  assertEquals(String(matrix).split("\n"), [
    "              cat    dog  owl  recall %",
    "cat             1      0    0     100.0",
    "dog             1      2    0      66.7",
    "owl             0      0    0         -",
    "precision %  50.0  100.0    -      83.3",
  ]);
  assertThrows(() => matrix.count(3, 0), QorusError, "class 3, expected 0 to 2");
  const other = { y: classes(0) };
  assertThrows(() => matrix.update(tensor([[1, 2]]), other), QorusError, "2 classes, expected 3");
  matrix.reset();
  assertEquals(matrix.count(1, 1), 0);
});

test("MeanLoss: batches count as many times as they have samples", () => {
  using _ = scope();
  const error = new MeanLoss(
    (output: Tensor, { y }: { y: Tensor }) => l1Loss(output, y),
    { name: "absolute_error" },
  );
  error.update(tensor([1, 1, 1]), { y: tensor([2, 2, 2]) });
  error.update(tensor([1]), { y: tensor([6]) });
  assertEquals(error.compute(), 2);
  assertEquals(error.name, "absolute_error");
  const rows = new MeanLoss((output: Tensor) => output);
  assertThrows(() => rows.update(tensor([1, 2]), {}), QorusError, "expected one element");
});

test("Mean: weighted, and brought back from its state", () => {
  const mean = new Mean();
  assert(Number.isNaN(mean.value));
  mean.add(2, 3);
  mean.add(6);
  assertEquals([mean.value, mean.weight], [3, 4]);
  const again = new Mean();
  again.loadStateDict(JSON.parse(JSON.stringify(mean.stateDict())));
  again.add(8, 4);
  assertEquals(again.value, 5.5);
});

test("Throughput: samples and tokens by the second", () => {
  const throughput = new Throughput();
  assertEquals(throughput.samplesPerSecond, 0);
  throughput.add({ samples: 10, tokens: 100, seconds: 0.5 });
  throughput.add({ samples: 30, seconds: 1.5 });
  assertEquals([throughput.samplesPerSecond, throughput.tokensPerSecond], [20, 50]);
});
