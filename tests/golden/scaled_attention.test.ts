import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { backward } from "../../lib/autograd/backward.ts";
import { configure, counters, libraryInfo } from "../../lib/core/context.ts";
import { ones, tensor } from "../../lib/core/creation.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { QorusError } from "../../lib/native/error.ts";
import { mul } from "../../lib/ops/elementwise.ts";
import { sum } from "../../lib/ops/reduction.ts";
import { scaledDotProductAttention } from "../../lib/ops/scaled_attention.ts";

/** Numbers without a pattern, the same every time. */
function numbers(shape: readonly number[], seed: number): Tensor {
  const size = shape.reduce((product, count) => product * count, 1);
  const values = Float32Array.from({ length: size }, (_, i) => Math.sin(1 + seed + i * 12.9898));
  return tensor(values, { shape });
}

/** Output and gradients, one behind the other. */
function everything(make: (x: Tensor) => Tensor): Float32Array[] {
  using _ = scope();
  const inputs = [[1, 4, 150, 10], [1, 2, 270, 10], [1, 2, 270, 10]].map((shape, i) => {
    const made = numbers(shape, i);
    made.requiresGrad = true;
    return made;
  });
  const [query, key, value] = inputs.map(make);
  const output = scaledDotProductAttention(query, key, value, { causal: true });
  backward(sum(mul(output, numbers(output.shape, 7))));
  const results = [output.contiguous(), ...inputs.map(({ grad }) => grad!)];
  return results.map((result) => result.read() as Float32Array);
}

test("scaledDotProductAttention: the same numbers for any number of threads", () => {
  const { threads } = libraryInfo();
  const results = [1, 2, 3].map((count) => {
    configure({ threads: count });
    return everything((x) => x);
  });
  configure({ threads });
  assertEquals(results[1], results[0]);
  assertEquals(results[2], results[0]);
});

test("scaledDotProductAttention: views give what copies give", () => {
  const turned = everything((x) => x.transpose(1, 2).contiguous().transpose(1, 2));
  assertEquals(turned, everything((x) => x));
});

test("scaledDotProductAttention: takes no memory from the system once warm", () => {
  everything((x) => x);
  const before = counters().allocationCount;
  everything((x) => x);
  assertEquals(counters().allocationCount, before);
});

test("scaledDotProductAttention: the matrix of scores is never in memory", () => {
  using _ = scope();
  const count = 4096;
  const x = numbers([1, 1, count, 8], 1);
  x.requiresGrad = true;
  const before = counters().scratchHighWaterBytes;
  backward(sum(scaledDotProductAttention(x, x, x, { causal: true })));
  const used = counters().scratchHighWaterBytes - before;
  assertEquals(used < count * count * 4 / 4, true, `${used} bytes`);
});

test("scaledDotProductAttention: bad operands are refused with what is wrong", () => {
  using _ = scope();
  const x = ones([2, 6, 5, 4]);
  const fails = (key: Tensor, value: Tensor, part: string, mask?: Tensor) =>
    assertThrows(() => scaledDotProductAttention(x, key, value, { mask }), QorusError, part).code;
  const key = ones([2, 2, 7, 4]);
  assertEquals(fails(ones([2, 4, 7, 4]), ones([2, 4, 7, 4]), "multiple"), "invalid_shape");
  assertEquals(fails(ones([2, 2, 7, 3]), ones([2, 2, 7, 3]), "head size"), "invalid_shape");
  assertEquals(fails(ones([1, 2, 7, 4]), ones([1, 2, 7, 4]), "same batch"), "invalid_shape");
  assertEquals(fails(key, ones([2, 2, 6, 4]), "value is [2, 2, 6, 4]"), "invalid_shape");
  assertEquals(fails(ones([2, 7, 4]), key, "key has 3 dimensions"), "invalid_shape");
  assertEquals(fails(key, key, "mask is [1, 1, 5, 6]", ones([5, 6])), "invalid_shape");
  const learned = ones([5, 7]);
  learned.requiresGrad = true;
  assertEquals(fails(key, key, "detach", learned), "invalid_argument");
  assertEquals(
    fails(key.transpose(2, 3).contiguous().transpose(2, 3), key, "last dimension"),
    "invalid_layout",
  );
});
