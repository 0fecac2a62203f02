/**
 * A data set in memory.
 *
 * @module
 */

import { Tensor } from "../../core/tensor.ts";
import { QorusError } from "../../native/error.ts";
import type { Dataset, Field, FieldMemory, Fields, SampleMemory } from "./dataset.ts";
import { elementCount, fieldNames, recordOf } from "./fields.ts";

/** Numbers of one field of all samples. */
export interface FieldValues {
  /** The numbers, sample by sample. */
  readonly values: FieldMemory;
  /** Shape of one sample. Default `[]`, a number per sample. */
  readonly shape?: readonly number[];
}

/** What a field of a `TensorDataset` can be made of. */
export type FieldInput = Tensor | FieldMemory | FieldValues;

const op = "TensorDataset";

interface Column {
  readonly field: Field;
  readonly values: FieldMemory;
  readonly size: number;
}

/**
 * Samples that lie in memory: for each field a tensor `[count, ...]` of f32, i32 or u8, an array
 * with a number per sample, or an array with the shape of one sample.
 *
 * Nothing is copied: tensors must live as long as the data set, and arrays must not change.
 *
 * @example
 * ```ts
 * import { randn, train } from "@qorus/qorus";
 *
 * const labels = new Int32Array(100).map((_, i) => i % 3);
 * const data = new train.TensorDataset({ x: randn([100, 4]), y: labels });
 * const same = new train.TensorDataset({
 *   x: { values: new Float32Array(400), shape: [4] },
 *   y: labels,
 * });
 * console.log(data.length, same.length); // 100, 100
 * ```
 */
export class TensorDataset<Name extends string> implements Dataset<Name> {
  readonly length: number;
  readonly fields: Fields<Name>;
  readonly #names: readonly Name[];
  readonly #columns: readonly Column[];

  /**
   * Takes the samples.
   *
   * @throws {QorusError} `invalid_shape` when the fields differ in the number of samples,
   * `invalid_dtype` for a tensor of another type.
   */
  constructor(inputs: Readonly<Record<Name, FieldInput>>) {
    const names = Object.keys(inputs) as Name[];
    const columns = names.map((name) => columnOf(name, inputs[name]));
    this.#columns = columns;
    this.fields = recordOf(names, (i) => columns[i].field);
    this.#names = fieldNames(this.fields, op);
    const counts = columns.map(({ values, size }) => values.length / size);
    const differing = counts.findIndex((count) => count !== counts[0] || !Number.isInteger(count));
    if (differing >= 0) {
      const each = names.map((name, i) => `${name} has ${counts[i]}`).join(", ");
      throw new QorusError(
        "invalid_shape",
        `${op}: every field needs a value for each sample, but ${each} samples`,
        { op, field: names[differing], given: counts },
      );
    }
    this.length = counts[0];
  }

  write(index: number, sample: SampleMemory<Name>): void {
    for (let i = 0; i < this.#names.length; i++) {
      const { values, size } = this.#columns[i];
      if (values.length === 0) throw ended(this.#names[i]);
      const target = sample[this.#names[i]];
      const start = index * size;
      for (let j = 0; j < size; j++) target[j] = values[start + j];
    }
  }
}

function columnOf(name: string, input: FieldInput): Column {
  if (input instanceof Tensor) return columnOfTensor(name, input);
  const { values, shape = [] } = ArrayBuffer.isView(input) ? { values: input } : input;
  const field: Field = { shape: [...shape], dtype: dtypeOf(name, values) };
  return { field, values, size: elementCount(field) };
}

function columnOfTensor(name: string, tensor: Tensor): Column {
  const { dtype, shape } = tensor;
  if (shape.length === 0) {
    throw new QorusError("invalid_shape", `${op}: field ${name} is one number, not [count, ...]`, {
      op,
      field: name,
      given: shape,
    });
  }
  if (dtype !== "f32" && dtype !== "i32" && dtype !== "u8") {
    throw new QorusError(
      "invalid_dtype",
      `${op}: field ${name} is ${dtype}: convert it with to(x, "f32")`,
      { op, field: name, given: dtype, expected: ["f32", "i32", "u8"] },
    );
  }
  const field: Field = { shape: shape.slice(1), dtype };
  const values = tensor.isContiguous ? tensor.data : tensor.contiguous().read();
  return { field, values: values as FieldMemory, size: elementCount(field) };
}

function dtypeOf(name: string, values: FieldMemory): Field["dtype"] {
  if (values instanceof Float32Array) return "f32";
  if (values instanceof Int32Array) return "i32";
  if (values instanceof Uint8Array) return "u8";
  throw new QorusError(
    "invalid_dtype",
    `${op}: field ${name} is neither a tensor nor a Float32Array, Int32Array or Uint8Array`,
    { op, field: name, expected: ["Tensor", "Float32Array", "Int32Array", "Uint8Array"] },
  );
}

function ended(name: string): QorusError {
  return new QorusError(
    "stale_handle",
    `${op}: the tensor of field ${name} has ended: make it outside of the scope that ended`,
    { op, field: name },
  );
}
