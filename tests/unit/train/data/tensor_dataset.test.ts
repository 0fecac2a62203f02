import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { tensor } from "../../../../lib/core/creation.ts";
import { scope } from "../../../../lib/core/scope.ts";
import { QorusError } from "../../../../lib/native/error.ts";
import { DataLoader } from "../../../../lib/train/data/data_loader.ts";
import { type FieldInput, TensorDataset } from "../../../../lib/train/data/tensor_dataset.ts";

function failure(run: () => unknown, part: string): string {
  return assertThrows(run, QorusError, part).code;
}

test("TensorDataset: tensors, arrays and arrays with shapes become batches", () => {
  using _ = scope();
  const dataset = new TensorDataset({
    tensor: tensor([[[1, 2]], [[3, 4]], [[5, 6]]]),
    array: Int32Array.of(7, 8, 9),
    shaped: { values: Uint8Array.of(1, 2, 3, 4, 5, 6), shape: [2, 1] },
    transposed: tensor([[1, 2, 3], [4, 5, 6]]).transpose(0, 1),
  });
  assertEquals(dataset.length, 3);
  assertEquals(dataset.fields, {
    tensor: { shape: [1, 2], dtype: "f32" },
    array: { shape: [], dtype: "i32" },
    shaped: { shape: [2, 1], dtype: "u8" },
    transposed: { shape: [2], dtype: "f32" },
  });
  using loader = new DataLoader(dataset, { batchSize: 2 });
  const batches = Array.from(loader, (batch) => [
    batch.tensor.toArray(),
    batch.array.toArray(),
    batch.shaped.toArray(),
    batch.transposed.toArray(),
  ]);
  assertEquals(batches, [
    [[[[1, 2]], [[3, 4]]], [7, 8], [[[1], [2]], [[3], [4]]], [[1, 4], [2, 5]]],
    [[[[5, 6]]], [9], [[[5], [6]]], [[3, 6]]],
  ]);
});

test("TensorDataset: fields that cannot be are refused", () => {
  using _ = scope();
  const make = (inputs: Record<string, unknown>) => () =>
    new TensorDataset(inputs as Record<string, FieldInput>);
  const uneven = make({ x: new Float32Array(4), y: new Int32Array(3) });
  assertEquals(failure(uneven, "x has 4, y has 3 samples"), "invalid_shape");
  const ragged = make({ x: { values: new Float32Array(5), shape: [2] } });
  assertEquals(failure(ragged, "x has 2.5"), "invalid_shape");
  assertEquals(failure(make({}), "at least one field"), "invalid_argument");
  assertEquals(failure(make({ x: tensor(1) }), "one number"), "invalid_shape");
  assertEquals(failure(make({ x: new Float64Array(2) }), "Float32Array"), "invalid_dtype");
  assertEquals(failure(make({ x: [1, 2] }), "Float32Array"), "invalid_dtype");
  assertEquals(failure(make({ x: tensor([1], { dtype: "f16" }) }), "to(x"), "invalid_dtype");
});

test("TensorDataset: a tensor whose scope ended is no zeros", () => {
  const make = () => {
    using _ = scope();
    return new TensorDataset({ x: tensor([1, 2, 3]) });
  };
  using loader = new DataLoader(make(), { batchSize: 2 });
  assertEquals(failure(() => [...loader], "field x has ended"), "stale_handle");
});
