import { test } from "node:test";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { backward } from "../../lib/autograd/backward.ts";
import { configure, counters, libraryInfo } from "../../lib/core/context.ts";
import { ones, tensor } from "../../lib/core/creation.ts";
import { manualSeed } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { QorusError } from "../../lib/native/error.ts";
import * as nn from "../../lib/nn/mod.ts";
import type { TensorModule } from "../../lib/nn/sequential.ts";
import { dropout } from "../../lib/ops/dropout.ts";
import { add, mul } from "../../lib/ops/elementwise.ts";
import { matmul } from "../../lib/ops/matmul.ts";
import { softmax } from "../../lib/ops/normalization.ts";
import { mean, std, sum } from "../../lib/ops/reduction.ts";
import { scaledDotProductAttention } from "../../lib/ops/scaled_attention.ts";
import { assertClose } from "../support/close.ts";

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

/** What the fused operation computes, with all weights in memory; every head has its own keys. */
function unfused(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  mask: Tensor,
  p: number,
): Tensor {
  const scores = matmul(query, key.transpose(2, 3));
  const weights = softmax(add(mul(scores, 1 / Math.sqrt(query.shape[3])), mask));
  return matmul(dropout(weights, { p }), value);
}

test("scaledDotProductAttention: dropout drops what dropout() drops from the weights", () => {
  for (const [queries, keys] of [[5, 9], [70, 131], [3, 300]]) {
    for (const maskShape of [[keys], [queries, keys], [3, 1, keys], [2, 1, queries, keys]]) {
      const results = [scaledDotProductAttention, unfused].map((attend) => {
        using _ = scope();
        const shapes = [[2, 3, queries, 8], [2, 3, keys, 8], [2, 3, keys, 8], maskShape];
        const inputs = shapes.map(numbers);
        for (const input of inputs) input.requiresGrad = true;
        const [query, key, value, mask] = inputs;
        manualSeed(11);
        const output = attend === unfused
          ? unfused(query, key, value, mask, 0.3)
          : scaledDotProductAttention(query, key, value, { mask, dropout: 0.3 });
        backward(sum(mul(output, numbers(output.shape, 7))));
        return [output.contiguous(), ...inputs.map(({ grad }) => grad!)].map((x) => x.read());
      });
      for (const [i, result] of results[0].entries()) assertClose(result, results[1][i]);
    }
  }
});

test("scaledDotProductAttention: dropout keeps the mean, and everything at 0, nothing at 1", () => {
  using _ = scope();
  const x = mul(ones([4, 8, 64, 16]), 0.1);
  const attend = (dropout: number) => scaledDotProductAttention(x, x, x, { dropout });
  manualSeed(12);
  for (const p of [0.1, 0.5, 0.9]) {
    // Each result is a mean of 64 kept or dropped weights.
    const deviation = 0.1 * Math.sqrt(p / (1 - p) / 64);
    const results = attend(p);
    assert(Math.abs(mean(results).item() - 0.1) < 5 * deviation / Math.sqrt(4 * 8 * 64));
    assert(Math.abs(std(results).item() / deviation - 1) < 0.1);
  }
  assertClose(attend(0).contiguous().read(), x.read());
  assertEquals(attend(1).contiguous().read(), new Float32Array(x.size));
});

test("scaledDotProductAttention: with dropout and a learned mask, the same for any threads", () => {
  const { threads } = libraryInfo();
  const results = [1, 2, 3].map((count) => {
    configure({ threads: count });
    using _ = scope();
    const shapes = [[2, 4, 70, 10], [2, 2, 270, 10], [2, 2, 270, 10], [4, 1, 270]];
    const inputs = shapes.map(numbers);
    for (const input of inputs) input.requiresGrad = true;
    const [query, key, value, mask] = inputs;
    manualSeed(13);
    const output = scaledDotProductAttention(query, key, value, { mask, dropout: 0.5 });
    backward(sum(mul(output, numbers(output.shape, 7))));
    return [output.contiguous(), ...inputs.map(({ grad }) => grad!)].map((x) => x.read());
  });
  configure({ threads });
  assertEquals(results[1], results[0]);
  assertEquals(results[2], results[0]);
});

const attentionLayers: Record<string, (dropout?: number) => TensorModule> = {
  MultiHeadAttention: (dropout) => new nn.MultiHeadAttention(16, 4, { dropout }),
  Attention: (dropout) => new nn.Attention({ hiddenSize: 16, headCount: 4, dropout }),
};

for (const [name, make] of Object.entries(attentionLayers)) {
  test(`${name}: dropout of weights, while training only`, () => checkDropout(make));
}

function checkDropout(make: (dropout?: number) => TensorModule): void {
  using _ = scope();
  using plain = make();
  using dropping = make(0.5);
  dropping.loadStateDict(plain.stateDict());
  const x = numbers([2, 7, 16], 3);
  const read = (layer: TensorModule) => layer.forward(x).read();
  assertNotEquals(read(dropping), read(plain));
  manualSeed(15);
  const first = read(dropping);
  manualSeed(15);
  assertEquals(read(dropping), first);
  dropping.eval();
  assertEquals(read(dropping), read(plain));
  assertThrows(() => make(2), QorusError, "0 to 1");
}

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
  for (const dropout of [-0.1, 1.5, NaN]) {
    assertThrows(() => scaledDotProductAttention(x, key, key, { dropout }), QorusError, "0 to 1");
  }
  assertEquals(
    fails(key.transpose(2, 3).contiguous().transpose(2, 3), key, "last dimension"),
    "invalid_layout",
  );
});
