/**
 * Data sets out of rows: of CSV and JSONL files, databases, or whatever can be walked.
 *
 * @module
 */

import { QorusError } from "../../native/error.ts";
import type { Field, FieldMemory, Fields } from "./dataset.ts";
import { elementCount, fieldMemory, fieldNames, recordOf, writeNumbers } from "./fields.ts";
import { FileRow } from "./file_row.ts";
import { type IterableDataset, type Sample, walkAnew } from "./iterable_dataset.ts";
import { type FieldValues, TensorDataset } from "./tensor_dataset.ts";

/** How a field of a sample is made of a row. */
export interface RowField<Row> {
  /** Shape of one sample. Default `[]`, a single number. */
  readonly shape?: readonly number[];
  /** Type of the elements. Default `f32`. */
  readonly dtype?: Field["dtype"];
  /** Where the numbers are classes: they must be whole and from 0 to below this. */
  readonly classes?: number;
  /** The numbers of a row, as many as the shape says. */
  readonly value: (row: Row) => number | ArrayLike<number>;
}

/** Fields of samples by name. */
export type RowFields<Row, Name extends string> = Readonly<Record<Name, RowField<Row>>>;

const firstCapacity = 256;

/**
 * Reads all rows into memory.
 *
 * @throws {QorusError} `invalid_argument` where there are no rows; `invalid_shape` or
 * `out_of_range` naming file and line of a row whose numbers do not fit the field.
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * const species = ["setosa", "versicolor", "virginica"];
 * const flowers = train.fromRows(train.readCsv("iris.csv"), {
 *   x: { shape: [2], value: (row) => row.numbers(["petal_length", "petal_width"]) },
 *   y: { dtype: "i32", classes: 3, value: (row) => species.indexOf(row.text("species")) },
 * });
 * using loader = new train.DataLoader(flowers, { batchSize: 16, shuffle: true });
 * ```
 */
export function fromRows<Row, Name extends string>(
  rows: Iterable<Row>,
  fields: RowFields<Row, Name>,
): TensorDataset<Name> {
  const op = "fromRows";
  const reader = new RowReader(fields, op);
  let capacity = firstCapacity;
  let arrays = reader.names.map((name) => fieldMemory(reader.fields[name], capacity));
  let count = 0;
  for (const row of rows) {
    if (count === capacity) {
      capacity *= 2;
      arrays = arrays.map((array, i) => {
        const larger = fieldMemory(reader.fields[reader.names[i]], capacity);
        larger.set(array);
        return larger;
      });
    }
    const sample = reader.read(row, count);
    for (const [i, name] of reader.names.entries()) {
      arrays[i].set(sample[name], count * sample[name].length);
    }
    count++;
  }
  if (count === 0) throw new QorusError("invalid_argument", `${op}: there are no rows`, { op });
  return new TensorDataset(recordOf(reader.names, (i): FieldValues => {
    const field = reader.fields[reader.names[i]];
    return { values: arrays[i].slice(0, count * elementCount(field)), shape: field.shape };
  }));
}

/**
 * Makes a sample of each row whenever it is needed, for files that are larger than memory. `rows`
 * must start anew at each walk, as those of `readCsv` and `readJsonLines` do.
 *
 * Its walks throw as `fromRows` does.
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * const clicks = train.streamRows(train.readCsv("clicks.csv"), {
 *   x: { shape: [2], value: (row) => row.numbers(["hour", "weekday"]) },
 *   y: { value: (row) => row.number("clicked") },
 * });
 * using loader = new train.DataLoader(clicks, { batchSize: 64, shuffle: true });
 * ```
 */
export function streamRows<Row, Name extends string>(
  rows: Iterable<Row>,
  fields: RowFields<Row, Name>,
): IterableDataset<Name> {
  const reader = new RowReader(fields, "streamRows");
  return {
    fields: reader.fields,
    *[Symbol.iterator](): Generator<Sample<Name>, void, undefined> {
      const walk = { [Symbol.iterator]: () => walkAnew(rows, "streamRows") };
      let index = 0;
      for (const row of walk) yield reader.read(row, index++);
    },
  };
}

/** Makes samples of rows, in memory that the next row writes over. */
class RowReader<Row, Name extends string> {
  readonly names: readonly Name[];
  readonly fields: Fields<Name>;
  readonly #definitions: RowFields<Row, Name>;
  readonly #sample: Readonly<Record<Name, FieldMemory>>;

  constructor(definitions: RowFields<Row, Name>, op: string) {
    this.#definitions = definitions;
    const names = Object.keys(definitions) as Name[];
    this.fields = recordOf(names, (i): Field => {
      const { shape = [], dtype = "f32" } = definitions[names[i]];
      return { shape: [...shape], dtype };
    });
    this.names = fieldNames(this.fields, op);
    this.#sample = recordOf(names, (i) => fieldMemory(this.fields[names[i]], 1));
  }

  read(row: Row, index: number): Readonly<Record<Name, FieldMemory>> {
    const place = () => row instanceof FileRow ? row.place : `row ${index}`;
    for (const name of this.names) {
      const { value, classes } = this.#definitions[name];
      const target = this.#sample[name];
      writeNumbers(target, value(row), this.fields[name], name, place);
      if (classes !== undefined) checkClasses(target, classes, name, place);
    }
    return this.#sample;
  }
}

function checkClasses(
  values: FieldMemory,
  classes: number,
  name: string,
  place: () => string,
): void {
  const wrong = values.find((value) => !(Number.isInteger(value) && value >= 0 && value < classes));
  if (wrong === undefined) return;
  throw new QorusError(
    "out_of_range",
    `${place()}: field ${name}: ${wrong} is no class, expected 0 to ${classes - 1}; ` +
      "correct the row, or the field's classes or value",
    { field: name, given: wrong, expected: classes },
  );
}
