/**
 * Reads CSV files, a row at a time.
 *
 * Fields may be quoted, and may then hold delimiters, line ends and doubled quotation marks.
 *
 * The parser is our own: of the packages, csv-parse takes a whole text or is asynchronous, and so
 * is Papa Parse; walks of data sets are neither.
 *
 * Reference: RFC 4180, https://www.rfc-editor.org/rfc/rfc4180
 *
 * @module
 */

import { invalidFile } from "../../formats/file_error.ts";
import { QorusError } from "../../native/error.ts";
import { FileRow, invalidPart } from "./file_row.ts";
import { type Line, readLines } from "./lines.ts";

/** How a CSV file is written. */
export interface CsvOptions {
  /** Character between fields: `;` or a tab in some files. Default `,`. */
  readonly delimiter?: string;
  /** Character around fields; `null` where quotation marks have no meaning. Default `"`. */
  readonly quote?: string | null;
  /**
   * Where the columns' names come from: the first row (`true`), a list for a file without them, or
   * nowhere (`false`), so that columns go by number. Default `true`.
   */
  readonly header?: boolean | readonly string[];
}

/** A field of a row: its column's name, or its number from 0. */
export type CsvColumn = string | number;

/** Most characters of a quoted field. */
const longestField = 1 << 26;

/** Columns of a file by name, shared by its rows. */
type ColumnIndex = ReadonlyMap<string, number>;

/** A row of a CSV file. */
export class CsvRow extends FileRow {
  /** The fields as they stand in the file, without quotation. */
  readonly values: readonly string[];
  readonly #columns: ColumnIndex;

  /** Rows are made by `readCsv`. */
  constructor(path: string, line: number, values: readonly string[], columns: ColumnIndex) {
    super(path, line);
    this.values = values;
    this.#columns = columns;
  }

  /**
   * A field as text.
   *
   * @throws {QorusError} `invalid_file` when there is no such column.
   */
  text(column: CsvColumn): string {
    const index = typeof column === "number" ? column : this.#columns.get(column);
    const value = index === undefined ? undefined : this.values[index];
    if (value !== undefined) return value;
    throw invalidPart(this, column, "there is no such column", {
      expected: [...(this.#columns.size > 0 ? this.#columns : this.values).keys()],
    });
  }

  /**
   * A field as a finite number.
   *
   * @throws {QorusError} `invalid_file` when there is no such column, or no number in it.
   */
  number(column: CsvColumn): number {
    const text = this.text(column);
    const value = Number(text);
    if (Number.isFinite(value) && text.trim() !== "") return value;
    throw invalidPart(this, column, "is no number", { given: text });
  }

  /**
   * Several fields as finite numbers.
   *
   * @param columns names or numbers. Default: all columns.
   * @throws {QorusError} `invalid_file`, as `number` does.
   */
  numbers(columns: Iterable<CsvColumn> = this.values.keys()): number[] {
    return Array.from(columns, (column) => this.number(column));
  }

  /** The fields by the names of their columns. */
  toObject(): Record<string, string> {
    return Object.fromEntries(
      Array.from(this.#columns, ([name, index]) => [name, this.values[index]]),
    );
  }
}

/**
 * The rows of a CSV file in UTF-8. Each walk opens the file anew and reads it part by part; empty
 * lines are skipped.
 *
 * Errors name file and line: `invalid_file` where a row has more or fewer fields than the first, or
 * a quotation does not end.
 *
 * @throws {QorusError} `invalid_argument` for options that cannot be.
 *
 * @example
 * ```ts
 * import { train } from "@qorus/qorus";
 *
 * for (const row of train.readCsv("iris.csv")) {
 *   console.log(row.line, row.number("petal_length"), row.text("species"));
 * }
 * ```
 */
export function readCsv(path: string, options: CsvOptions = {}): Iterable<CsvRow> {
  const { delimiter = ",", quote = '"', header = true } = options;
  checkCharacter("delimiter", delimiter);
  if (quote !== null) checkCharacter("quote", quote);
  if (quote === delimiter) throw invalidOption("quote", quote, "another character than delimiter");
  return { [Symbol.iterator]: () => rowsOf(path, new CsvFormat(path, delimiter, quote), header) };
}

function* rowsOf(
  path: string,
  format: CsvFormat,
  header: boolean | readonly string[],
): Generator<CsvRow, void, undefined> {
  let columns = Array.isArray(header) ? indexOf(path, 0, header) : undefined;
  let width = columns?.size;
  const lines = readLines(path);
  try {
    for (const line of lines) {
      if (line.text === "" || line.text === "\r") continue;
      const values = format.record(line, lines);
      if (columns === undefined && header === true) {
        columns = indexOf(path, line.number, values);
        width = columns.size;
        continue;
      }
      width ??= values.length;
      if (values.length !== width) {
        throw invalidFile(
          path,
          `line ${line.number}`,
          "has another number of fields than the rest",
          {
            given: values.length,
            expected: width,
            hint: "Is the delimiter right, and are fields quoted that hold it?",
          },
        );
      }
      yield new CsvRow(path, line.number, values, columns ?? new Map());
    }
  } finally {
    lines.return();
  }
  if (columns === undefined && header === true) {
    throw invalidFile(path, "header", "the file is empty, expected the columns' names");
  }
}

function indexOf(path: string, line: number, names: readonly string[]): ColumnIndex {
  const columns = new Map(names.map((name, index) => [name, index]));
  if (columns.size === names.length) return columns;
  const double = names.find((name, index) => columns.get(name) !== index);
  throw invalidFile(path, `line ${line}: header`, "has a name twice", {
    given: double,
    hint: "Set header to a list of names that differ.",
  });
}

/** How records are taken apart. */
class CsvFormat {
  readonly #path: string;
  readonly #delimiter: string;
  readonly #quote: string | null;

  constructor(path: string, delimiter: string, quote: string | null) {
    this.#path = path;
    this.#delimiter = delimiter;
    this.#quote = quote;
  }

  /** The fields of the record that begins on `line`; it may go on over more of the lines. */
  record(line: Line, lines: Iterator<Line>): string[] {
    if (this.#quote === null || !line.text.includes(this.#quote)) {
      return withoutReturn(line.text).split(this.#delimiter);
    }
    const fields: string[] = [];
    let { text } = line;
    for (let start = 0; start >= 0;) {
      if (text.startsWith(this.#quote, start)) {
        const quoted = this.#quoted(line.number, text, start, lines);
        fields.push(quoted.value);
        text = quoted.text;
        start = this.#behind(line.number, text, quoted.end);
        continue;
      }
      const end = text.indexOf(this.#delimiter, start);
      const field = end < 0 ? withoutReturn(text.slice(start)) : text.slice(start, end);
      if (field.includes(this.#quote)) {
        throw this.#error(line.number, "a quotation mark inside of a field without quotation");
      }
      fields.push(field);
      start = end < 0 ? -1 : end + 1;
    }
    return fields;
  }

  /** A quoted field from its opening mark on, the line that it ends on, and where. */
  #quoted(
    number: number,
    first: string,
    start: number,
    lines: Iterator<Line>,
  ): { value: string; text: string; end: number } {
    const quote = this.#quote as string;
    const parts: string[] = [];
    let [text, from, length] = [first, start + 1, 0];
    for (;;) {
      const end = text.indexOf(quote, from);
      const part = end < 0 ? text.slice(from) : text.slice(from, end);
      parts.push(part);
      length += part.length + 1;
      if (end >= 0 && text[end + 1] !== quote) return { value: parts.join(""), text, end: end + 1 };
      if (end >= 0) {
        parts.push(quote);
        from = end + 2;
        continue;
      }
      const next = length > longestField ? undefined : lines.next();
      if (next === undefined || next.done) throw this.#error(number, "a quotation does not end");
      parts.push("\n");
      [text, from] = [next.value.text, 0];
    }
  }

  /** Start of the field behind a quoted one that ends at `end`; -1 where there is none. */
  #behind(number: number, text: string, end: number): number {
    if (text[end] === this.#delimiter) return end + 1;
    if (withoutReturn(text).length <= end) return -1;
    throw this.#error(number, "text behind a closing quotation mark");
  }

  #error(number: number, problem: string): QorusError {
    return invalidFile(this.#path, `line ${number}`, `holds ${problem}`, {
      hint: "Double the quotation marks inside of quoted fields, or set quote to null.",
    });
  }
}

function withoutReturn(text: string): string {
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}

function checkCharacter(field: string, value: string): void {
  if (value.length === 1 && value !== "\n" && value !== "\r") return;
  throw invalidOption(field, value, "one character that ends no line");
}

function invalidOption(field: string, given: string, expected: string): QorusError {
  const op = "readCsv";
  const message = `${op}: ${field} is ${JSON.stringify(given)}, expected ${expected}`;
  return new QorusError("invalid_argument", message, { op, field, given, expected });
}
