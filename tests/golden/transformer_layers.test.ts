import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { backward } from "../../lib/autograd/backward.ts";
import { counters } from "../../lib/core/context.ts";
import { tensor, zeros } from "../../lib/core/creation.ts";
import { noGrad } from "../../lib/core/gradient.ts";
import { manualSeed } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import type { ModelConfig } from "../../lib/formats/types.ts";
import { Llama, ropeFrequencies } from "../../lib/models/llama.ts";
import { QorusError } from "../../lib/native/error.ts";
import * as nn from "../../lib/nn/mod.ts";
import { AdamW } from "../../lib/optim/mod.ts";
import { ropeTable } from "../../lib/ops/attention.ts";
import { crossEntropy } from "../../lib/ops/losses.ts";
import { assertClose, type Bounds } from "../support/close.ts";
import { GoldenFile } from "../support/golden.ts";
import { smallestConfig } from "../support/tiny_model.ts";

const golden = new GoldenFile("transformer_layers");

interface LayerRow {
  name: string;
  make: () => nn.Module & { forward(x: Tensor): Tensor };
  /** Calls the layer in another way than with its input only. */
  run?: (layer: nn.Module, x: Tensor) => Tensor;
  gradientBounds?: Bounds;
}

const llamaConfig: ModelConfig = {
  ...smallestConfig,
  vocabSize: 19,
  hiddenSize: 16,
  intermediateSize: 28,
  layerCount: 2,
  headCount: 4,
  keyValueHeadCount: 2,
  headSize: 4,
  normEpsilon: 1e-5,
  ropeBase: 10000,
  ropeStyle: "half",
  tiedEmbeddings: false,
};

const deep: Bounds = {
  absolute: 5e-5,
  reason: "gradients reach 29, where neighbouring f32 lie 2e-6 apart, behind a dozen products",
};

const large: Bounds = {
  absolute: 5e-5,
  reason: "gradients reach 55, where neighbouring f32 lie 4e-6 apart",
};

function multiHead(options: { bias: boolean; causal: boolean }): LayerRow {
  return {
    name: `multi_head_${options.causal ? "causal" : "plain"}`,
    make: () => new nn.MultiHeadAttention(12, 3, options),
    run: (layer, x) => (layer as nn.MultiHeadAttention).forward(x, options),
  };
}

const layers: LayerRow[] = [
  { name: "linear", make: () => new nn.Linear(13, 9) },
  { name: "linear_without_bias", make: () => new nn.Linear(13, 9, { bias: false }) },
  { name: "embedding", make: () => new nn.Embedding(7, 5) },
  { name: "feed_forward", make: () => new nn.FeedForward(24, 40), gradientBounds: large },
  { name: "layer_norm", make: () => new nn.LayerNorm(11) },
  { name: "rms_norm", make: () => new nn.RMSNorm(11) },
  { name: "group_norm", make: () => new nn.GroupNorm(3, 6) },
  { name: "group_norm_plain", make: () => new nn.GroupNorm(2, 6, { affine: false }) },
  { name: "batch_norm1d", make: () => new nn.BatchNorm1d(7) },
  {
    name: "batch_norm1d_sequence",
    make: () => new nn.BatchNorm1d(7, { momentum: "average" }),
  },
  {
    name: "batch_norm2d",
    make: () => new nn.BatchNorm2d(3, { momentum: 0.2, epsilon: 1e-3 }),
  },
  {
    name: "batch_norm2d_own",
    make: () => new nn.BatchNorm2d(3, { trackRunningStatistics: false }),
  },
  { name: "batch_norm2d_eval", make: () => new nn.BatchNorm2d(3).eval() },
  { name: "softmax", make: () => new nn.Softmax(1) },
  {
    name: "feed_forward_gelu",
    make: () => new nn.FeedForward(8, 13, { activation: "gelu", bias: true }),
  },
  {
    name: "feed_forward_gelu_tanh",
    make: () => new nn.FeedForward(8, 13, { activation: "geluTanh", bias: true }),
  },
  multiHead({ bias: true, causal: false }),
  multiHead({ bias: false, causal: true }),
  {
    name: "block",
    make: () =>
      new nn.TransformerBlock({
        hiddenSize: 24,
        intermediateSize: 40,
        headCount: 4,
        keyValueHeadCount: 2,
        headSize: 6,
        ropeStyle: "half",
      }),
    gradientBounds: deep,
  },
  { name: "llama", make: () => new Llama(llamaConfig), gradientBounds: deep },
];

for (const row of layers) {
  test(`golden: ${row.name} trains, with the gradients of its parameters`, () => checkLayer(row));
}

function checkLayer({ name, make, run, gradientBounds }: LayerRow): void {
  using _ = scope();
  using layer = make();
  const names = golden.names(`${name}/state/`);
  assertEquals([...layer.stateDict().keys()].sort(), [...names].sort());
  layer.loadStateDict(new Map(names.map((key) => [key, golden.tensor(`${name}/state/${key}`)])));
  const x = golden.tensor(`${name}/x`);
  const learnsInput = golden.names(`${name}/`).includes("gradient_x");
  x.requiresGrad = learnsInput;
  const result = run === undefined ? layer.forward(x) : run(layer, x);
  const { shape, numbers } = golden.stored(`${name}/expected`);
  assertEquals(result.shape, [...shape]);
  assertClose(result.contiguous().read(), numbers);
  backward(result, { gradient: golden.tensor(`${name}/gradient`) });
  if (learnsInput) {
    assertClose(x.grad!.read(), golden.stored(`${name}/gradient_x`).numbers, gradientBounds);
  }
  for (const [key, parameter] of layer.namedParameters()) {
    const expected = golden.stored(`${name}/parameter/${key}`);
    assertEquals(parameter.grad?.shape, [...expected.shape], key);
    assertClose(parameter.grad!.read(), expected.numbers, gradientBounds);
  }
  for (const [key, buffer] of layer.namedBuffers()) {
    assertClose(buffer.tensor.read(), golden.stored(`${name}/buffer/${key}`).numbers);
  }
}

test("golden: no transformer layer is forgotten", () => {
  assertEquals([...golden.cases].sort(), layers.map(({ name }) => name).sort());
});

const ids = [3, 1, 4, 1, 5, 9, 2, 6];

test("llama: whole sequences give what the cache gives", () => {
  using _ = scope();
  using model = new Llama(llamaConfig);
  const whole = model.forward(tensor(Int32Array.from(ids), { shape: [1, 8] }));
  assert(whole.requiresGrad);
  const caches = Array.from(
    { length: 2 },
    () => ({ keys: zeros([2, 8, 4]), values: zeros([2, 8, 4]) }),
  );
  const frequencies = tensor(ropeFrequencies(llamaConfig));
  const expected = whole.read();
  for (const [start, end] of [[0, 5], [5, 6], [6, 8]]) {
    const position = { start, ropeTable: ropeTable(frequencies, start, end - start) };
    const input = tensor(Int32Array.from(ids.slice(start, end)));
    const logits = model.forward(input, position, caches);
    assert(!logits.requiresGrad);
    assertClose(logits.read(), expected.subarray(start * 19, end * 19));
  }
  const last = noGrad(() => {
    const batch = tensor(Int32Array.from([...ids, ...ids]), { shape: [2, 8] });
    return model.forward(batch, undefined, undefined, { lastOnly: true });
  });
  assertEquals(last.shape, [2, 1, 19]);
  assertClose(last.read().subarray(19), expected.subarray(7 * 19));
});

test("llama: learns a sequence by heart, without memory from the system", () => {
  manualSeed(3);
  using model = new Llama({ ...llamaConfig, tiedEmbeddings: true });
  const optimizer = new AdamW(model.parameters(), { lr: 1e-2 });
  const step = (): number => {
    using _ = scope();
    const input = tensor(Int32Array.from(ids.slice(0, 7)), { shape: [1, 7] });
    const logits = model.forward(input);
    const loss = crossEntropy(logits.view([7, 19]), tensor(Int32Array.from(ids.slice(1))));
    optimizer.zeroGrad();
    backward(loss);
    optimizer.step();
    return loss.item();
  };
  const first = step();
  step();
  const { allocationCount } = counters();
  let last = first;
  for (let i = 0; i < 40; i++) last = step();
  assertEquals(counters().allocationCount, allocationCount);
  assert(last < 0.05 && first > 2, `loss ${first} to ${last}`);
});

test("layers: inputs of other ranks and impossible heads are refused", () => {
  using _ = scope();
  const fails = (run: () => unknown, part: string) => assertThrows(run, QorusError, part).code;
  using norm = new nn.BatchNorm2d(3);
  assertEquals(
    fails(() => norm.forward(zeros([4, 3])), "BatchNorm2d: the input is [4,3]"),
    "invalid_shape",
  );
  using model = new Llama(llamaConfig);
  assertEquals(
    fails(() => model.forward(tensor(new Int32Array(3))), "[batch, count]"),
    "invalid_shape",
  );
  const options = { hiddenSize: 10, headCount: 4 };
  assertEquals(fails(() => new nn.Attention(options), "multiple"), "invalid_argument");
  assertEquals(fails(() => new nn.MultiHeadAttention(10, 4), "4 heads"), "invalid_argument");
});
