import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { context, counters } from "../../../lib/core/context.ts";
import { arange, full, ones, tensor, zeros } from "../../../lib/core/creation.ts";
import { scope } from "../../../lib/core/scope.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { QorusError } from "../../../lib/native/error.ts";
import * as nn from "../../../lib/nn/mod.ts";
import { to } from "../../../lib/ops/convert.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";

class Counting extends nn.Module {
  readonly inner = new nn.Linear(3, 2);
  readonly steps = new nn.Buffer(
    [],
    () => zeros([], { dtype: "i32", state: context().defaultState() }),
  );

  forward(x: Tensor): Tensor {
    return this.inner.forward(x);
  }
}

function stateOf(weight: Tensor, bias: Tensor): Map<string, Tensor> {
  return new Map([["weight", weight], ["bias", bias]]);
}

test("loadStateDict: values are copied, and the parameter goes on learning", () => {
  using _ = scope();
  using layer = new nn.Linear(3, 2);
  const own = layer.weight.tensor;
  const weight = tensor([[1, 2, 3], [4, 5, 6]]);
  layer.loadStateDict(stateOf(weight, tensor([7, 8])));
  weight.fill(0);
  assertEquals(own.toArray(), [[1, 2, 3], [4, 5, 6]]);
  assert(layer.weight.tensor === own && layer.weight.requiresGrad && own.requiresGrad);
  layer.loadStateDict(stateOf(tensor([[1, 4], [2, 5], [3, 6]]).transpose(0, 1), ones([2])));
  assertEquals(own.toArray(), [[1, 2, 3], [4, 5, 6]]);
  layer.loadStateDict(layer.stateDict());
  assertEquals(own.toArray(), [[1, 2, 3], [4, 5, 6]]);
});

test("loadStateDict: other dtypes are converted", () => {
  using _ = scope();
  using layer = new nn.Linear(3, 2, { bias: false });
  for (const dtype of ["f16", "bf16"] as const) {
    layer.loadStateDict(new Map([["weight", to(full([2, 3], 1.5), dtype)]]));
    assertEquals(layer.weight.tensor.dtype, "f32");
    assertEquals(layer.weight.tensor.toArray(), [[1.5, 1.5, 1.5], [1.5, 1.5, 1.5]]);
  }
  layer.loadStateDict(new Map([["weight", full([2, 3], 4, { dtype: "i32" })]]));
  assertEquals(layer.weight.tensor.toArray(), [[4, 4, 4], [4, 4, 4]]);
});

test("loadStateDict: quantized weights become numbers again, in whatever layout they lie", () => {
  using _ = scope();
  using layer = new nn.Linear(32, 20, { bias: false });
  const values = arange(0, 20 * 32).view([20, 32]);
  for (const dtype of ["q8_0", "q4_0"] as const) {
    const rows = to(values, dtype);
    const interleaved = to(rows, dtype, { layout: "rows16" });
    const expected = to(rows, "f32").toArray();
    for (const quantized of [rows, interleaved]) {
      layer.loadStateDict(new Map([["weight", quantized]]));
      assertEquals([layer.weight.tensor.dtype, layer.weight.requiresGrad], ["f32", true]);
      assertEquals(layer.weight.tensor.toArray(), expected);
      layer.weight.tensor.fill(0);
    }
    // And the reverse, into a layer whose weights are ready for the kernels.
    using quantizedLayer = new nn.Linear(32, 20, { bias: false });
    quantizedLayer.loadStateDict(
      new Map([["weight", to(to(zeros([20, 32]), dtype), dtype, { layout: "rows16" })]]),
      { assign: true },
    );
    quantizedLayer.loadStateDict(new Map([["weight", values]]));
    assertEquals(quantizedLayer.weight.tensor.read(), interleaved.read());
  }
});

test("loadStateDict: assign takes the tensors over, strict: false takes what is there", () => {
  using _ = scope();
  using layer = new nn.Linear(3, 2);
  const weight = to(ones([2, 3]), "f16");
  const before = counters().stateBytes;
  layer.loadStateDict(stateOf(weight, ones([2])), { assign: true });
  assert(layer.weight.tensor === weight && !layer.weight.requiresGrad);
  assertEquals(counters().stateBytes, before);
  using other = new nn.Linear(3, 2);
  const more = new Map([["bias", full([2], 9)], ["extra", ones([1])]]);
  other.loadStateDict(more, { strict: false });
  assertEquals(other.bias?.tensor.toArray(), [9, 9]);
});

test("save and load: a model comes back from its file, integers and all", async () => {
  using folder = new TemporaryFolder();
  using model = new Counting();
  using copy = new Counting();
  model.steps.tensor.fill(41);
  const path = folder.file("model.safetensors");
  await model.save(path, { metadata: { note: "of a test" } });
  const before = counters().scratchTensorCount;
  copy.load(path);
  assertEquals(counters().scratchTensorCount, before);
  for (const [name, x] of model.stateDict()) {
    assertEquals(copy.stateDict().get(name)?.toArray(), x.toArray(), name);
  }
  using _ = scope();
  const loaded = nn.loadSafetensors(path);
  assertEquals([...loaded.keys()].sort(), [...model.stateDict().keys()].sort());
  assertEquals(loaded.get("steps")?.dtype, "i32");
  using other = new nn.Linear(3, 2);
  const error = assertThrows(() => other.load(path), QorusError, "not known to this module");
  assertEquals(error.code, "invalid_argument");
});

/** A safetensors file with one tensor. */
function fileOf(dtype: string, shape: number[], data: Uint8Array): Uint8Array {
  const entry = { dtype, shape, data_offsets: [0, data.byteLength] };
  const header = new TextEncoder().encode(JSON.stringify({ x: entry }));
  const bytes = new Uint8Array(8 + header.byteLength + data.byteLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.byteLength), true);
  bytes.set(header, 8);
  bytes.set(data, 8 + header.byteLength);
  return bytes;
}

test("loadSafetensors: what PyTorch writes besides is converted or refused", async () => {
  using folder = new TemporaryFolder();
  using _ = scope();
  const path = folder.file("x.safetensors");
  const load = (dtype: string, data: { buffer: ArrayBufferLike }, shape = [2]) => {
    writeFileSync(path, fileOf(dtype, shape, new Uint8Array(data.buffer)));
    return nn.loadSafetensors(path).get("x")!;
  };
  assertEquals(load("I64", new BigInt64Array([-5n, 2n ** 31n - 1n])).toArray(), [-5, 2147483647]);
  assertEquals(load("F64", new Float64Array([0.5, -2])).toArray(), [0.5, -2]);
  assertEquals(load("BOOL", new Uint8Array([1, 0])).toArray(), [1, 0]);
  const fails = (run: () => unknown, part: string) => assertThrows(run, QorusError, part).code;
  assertEquals(
    fails(() => load("I64", new BigInt64Array([1n, 2n ** 31n])), "does not fit i32"),
    "out_of_range",
  );
  assertEquals(fails(() => load("U16", new Uint16Array(2)), "F32, F16"), "unsupported");
  const deep = [1, 1, 1, 1, 1, 1, 2];
  assertEquals(fails(() => load("F32", new Float32Array(2), deep), "at most 6"), "unsupported");
  const quantized = new Map([["x", to(zeros([1, 32]), "q8_0")]]);
  await assertRejects(() => nn.saveSafetensors(path, quantized), QorusError, "q8_0");
});
