import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { backward } from "../../lib/autograd/backward.ts";
import { ones, tensor } from "../../lib/core/creation.ts";
import { manualSeed } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import { QorusError } from "../../lib/native/error.ts";
import { dropout } from "../../lib/ops/dropout.ts";
import { mul } from "../../lib/ops/elementwise.ts";
import { mean, sum } from "../../lib/ops/reduction.ts";

test("dropout: keeps the expected share and the mean", () => {
  using _ = scope();
  manualSeed(7);
  for (const p of [0.1, 0.5, 0.9]) {
    const result = dropout(ones([300, 300]), { p });
    const kept = Math.fround(1 / (1 - Math.fround(p)));
    const numbers = result.read();
    assert(numbers.every((x) => x === 0 || Math.abs(x - kept) < 1e-5 * kept));
    const share = numbers.filter((x) => x !== 0).length / numbers.length;
    // Five standard deviations of a share of 90,000.
    assert(Math.abs(share - (1 - p)) < 5 * Math.sqrt(p * (1 - p) / 90_000), `${share}`);
    assert(Math.abs(mean(result).item() - 1) < 0.05);
  }
});

test("dropout: neighbouring elements and successive masks are independent", () => {
  using _ = scope();
  manualSeed(8);
  const [first, second] = [dropout(ones([1 << 16])).read(), dropout(ones([1 << 16])).read()];
  for (const lag of [1, 2, 8, 16, 256]) {
    let both = 0;
    for (let i = lag; i < first.length; i++) both += first[i] * first[i - lag] === 0 ? 0 : 1;
    assert(Math.abs(both / first.length - 0.25) < 0.01, `${both} at ${lag}`);
  }
  let both = 0;
  for (let i = 0; i < first.length; i++) both += first[i] * second[i] === 0 ? 0 : 1;
  assert(Math.abs(both / first.length - 0.25) < 0.01, `${both}`);
});

test("dropout: the gradient has the mask of the result, and seeds repeat", () => {
  using _ = scope();
  manualSeed(9);
  const x = tensor(new Float32Array(1000).map((_, i) => i + 1), { shape: [10, 100] });
  x.requiresGrad = true;
  const result = dropout(x, { p: 0.25 });
  backward(sum(mul(result, 2)));
  const expected = Array.from(result.read(), (y) => y === 0 ? 0 : Math.fround(2 / 0.75));
  assertEquals([...(x.grad?.read() ?? [])], expected);
  manualSeed(9);
  assertEquals(dropout(x, { p: 0.25 }).toArray(), result.toArray());
});

test("dropout: nothing, everything, and what is refused", () => {
  using _ = scope();
  const x = ones([2, 3]);
  assertEquals(dropout(x, { p: 0 }).toArray(), x.toArray());
  assertEquals(dropout(x, { p: 1 }).toArray(), [[0, 0, 0], [0, 0, 0]]);
  assertEquals(dropout(x, { training: false }), x);
  for (const p of [-0.1, 1.5, NaN]) {
    assertThrows(() => dropout(x, { p }), QorusError, "expected 0 to 1");
  }
});
