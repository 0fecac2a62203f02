import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { backward } from "../../lib/autograd/backward.ts";
import { configure, libraryInfo } from "../../lib/core/context.ts";
import { empty, tensor } from "../../lib/core/creation.ts";
import { Random } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { attention, rope, ropeTable, storeCache } from "../../lib/ops/attention.ts";
import { convert, to } from "../../lib/ops/convert.ts";
import { gelu, siluMul } from "../../lib/ops/activation.ts";
import { conv2d } from "../../lib/ops/convolution.ts";
import { add, mul } from "../../lib/ops/elementwise.ts";
import { concat } from "../../lib/ops/joining.ts";
import { linear, matmul } from "../../lib/ops/matmul.ts";
import { addRmsNorm, layerNorm, rmsNorm, softmax } from "../../lib/ops/normalization.ts";
import { maxPool2d } from "../../lib/ops/pooling.ts";
import { gru, lstm, rnn } from "../../lib/ops/recurrent.ts";
import { kQuant } from "../support/k_quant_tensor.ts";

/** Normally distributed numbers, the same for the same shape. */
function random(...shape: number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const source = new Random(count);
  return tensor(Float32Array.from({ length: count }, () => source.normal()), { shape });
}

/** The tensor's memory, byte by byte: NaN and signs of zero count too. */
function bytesOf(x: Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength } = x.read();
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Computes with 1, 2 and 3 threads and compares every bit. */
function sameForAnyThreads(name: string, compute: () => Tensor): void {
  test(`determinism: ${name} is the same for 1, 2 and 3 threads`, () => {
    const { threads } = libraryInfo();
    try {
      const results = [1, 2, 3].map((count) => {
        using _ = scope();
        configure({ threads: count });
        assertEquals(libraryInfo().threads, count);
        return bytesOf(compute());
      });
      assertEquals(results[1], results[0]);
      assertEquals(results[2], results[0]);
    } finally {
      configure({ threads });
    }
  });
}

sameForAnyThreads("matmul", () => matmul(random(130, 301), random(301, 203)));
sameForAnyThreads("matmul of a row", () => matmul(random(1, 1200), random(1200, 517)));
sameForAnyThreads("matmul with a long sum", () => matmul(random(5, 9001), random(9001, 7)));
sameForAnyThreads(
  "matmul of transposed batches",
  () => matmul(random(6, 65, 90).transpose(1, 2), random(6, 70, 65).transpose(1, 2)),
);

const rowCounts = [1, 3, 40];
for (const dtype of ["f32", "f16", "bf16", "q8_0", "q4_0"] as const) {
  for (const rows of rowCounts) {
    const name = `linear with ${dtype} weights and ${rows} rows`;
    const weight = () => dtype === "f32" ? random(515, 512) : to(random(515, 512), dtype);
    sameForAnyThreads(name, () => linear(random(rows, 512), weight(), random(515)));
    if (dtype !== "q8_0" && dtype !== "q4_0") continue;
    sameForAnyThreads(`${name} in rows16`, () => {
      const interleaved = empty([515, 512], { dtype, layout: "rows16" });
      return linear(random(rows, 512), convert(weight(), interleaved));
    });
  }
}

for (const dtype of ["q4_k", "q5_k", "q6_k"] as const) {
  const weight = () => kQuant(dtype, [515, 512], new Random(7));
  for (const rows of rowCounts) {
    const name = `linear with ${dtype} weights and ${rows} rows`;
    sameForAnyThreads(name, () => linear(random(rows, 512), weight(), random(515)));
    sameForAnyThreads(`${name} in rows16`, () => {
      const interleaved = empty([515, 512], { dtype, layout: "rows16" });
      return linear(random(rows, 512), convert(weight(), interleaved));
    });
  }
  sameForAnyThreads(`conversion from ${dtype}`, () => to(weight(), "f32"));
}

for (const dtype of ["f16", "bf16", "q8_0", "q4_0"] as const) {
  sameForAnyThreads(`conversion to ${dtype}`, () => to(random(300, 320), dtype));
}

function attend(count: number, position: number, dtype: "f32" | "f16" | "q8_0"): Tensor {
  const [heads, kvHeads, headSize] = [6, 2, dtype === "q8_0" ? 64 : 40];
  const total = position + count;
  const cache = () => empty([kvHeads, total, headSize], { dtype });
  const [keys, values] = [cache(), cache()];
  const rows = random(total, kvHeads, headSize);
  storeCache(keys, rows, 0);
  storeCache(values, mul(rows, 0.5), 0);
  return attention(random(count, heads, headSize), keys, values, position, 1 / Math.sqrt(headSize));
}

for (const dtype of ["f32", "f16", "q8_0"] as const) {
  sameForAnyThreads(`attention, prefill, ${dtype}`, () => attend(130, 0, dtype));
  sameForAnyThreads(`attention, a chunk, ${dtype}`, () => attend(37, 260, dtype));
  sameForAnyThreads(`attention, one token, ${dtype}`, () => attend(1, 1500, dtype));
}

sameForAnyThreads("rope", () => {
  const table = ropeTable(mul(random(40), 0.01), 7, 90);
  return rope(random(90, 12, 80), table, "half");
});
sameForAnyThreads("softmax", () => softmax(random(200, 401)));
sameForAnyThreads("rmsNorm", () => rmsNorm(random(200, 401), random(401), 1e-5));
sameForAnyThreads(
  "addRmsNorm",
  () => addRmsNorm(random(200, 401), random(200, 401), random(401), 1e-5),
);
sameForAnyThreads(
  "layerNorm",
  () => layerNorm(random(200, 401), random(401), random(401), 1e-5),
);
sameForAnyThreads("lstm, gru and rnn, forward and backward", () => {
  const [steps, batch, inputs, hidden] = [5, 12, 70, 150];
  const parts = [lstm, gru, rnn].flatMap((layer, i) => {
    const gates = [4, 3, 1][i];
    const learned = [
      random(steps, batch, inputs),
      mul(random(gates * hidden, inputs), 0.1),
      mul(random(gates * hidden, hidden), 0.1),
    ];
    for (const input of learned) input.requiresGrad = true;
    const [x, weightIh, weightHh] = learned;
    const { output } = layer(x, { weightIh, weightHh }, { reverse: true });
    backward(output, { gradient: random(steps, batch, hidden) });
    return [output.detach(), ...learned.map((input) => input.grad!)];
  });
  return concat(parts.map((part) => part.reshape([part.size])));
});
sameForAnyThreads("a convolution with its gradients, pooled", () => {
  const learned = [random(9, 20, 31, 28), random(40, 20, 3, 3), random(40)];
  for (const input of learned) input.requiresGrad = true;
  const [x, weight, bias] = learned;
  const output = maxPool2d(conv2d(x, weight, bias, { padding: 1 }), 2);
  backward(output, { gradient: random(...output.shape) });
  const parts = [output.detach(), ...learned.map((input) => input.grad!)];
  return concat(parts.map((part) => part.reshape([part.size])));
});
sameForAnyThreads("gelu", () => gelu(random(100_003)));
sameForAnyThreads("siluMul", () => siluMul(random(100_003), random(100_003)));
sameForAnyThreads("a broadcast sum", () => add(random(300, 1, 111), random(7, 111)));
