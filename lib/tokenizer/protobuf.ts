/**
 * Reads protocol buffers' wire format, as far as SentencePiece's models use it.
 *
 * https://protobuf.dev/programming-guides/encoding/
 *
 * @module
 */

import { decodeText, invalidFile } from "./file_errors.ts";

/** A value on the wire: an integer, four or eight bytes as they are, or a run of bytes. */
export type WireValue =
  | { readonly wire: "varint"; readonly value: number }
  | { readonly wire: "fixed"; readonly bytes: Uint8Array }
  | { readonly wire: "bytes"; readonly bytes: Uint8Array };

/** One field of a message. */
export interface WireField {
  readonly number: number;
  readonly value: WireValue;
}

class WireReader {
  readonly #bytes: Uint8Array;
  readonly #path: string;
  readonly #message: string;
  #position = 0;

  constructor(bytes: Uint8Array, path: string, message: string) {
    this.#bytes = bytes;
    this.#path = path;
    this.#message = message;
  }

  #fail(given: unknown, expected: string): Error {
    return invalidFile(this.#path, `${this.#message} at byte ${this.#position}`, given, expected);
  }

  get atEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  /** An integer; ten bytes are a negative one, of which the low 32 bits say all (int32, enum). */
  varint(): number {
    let value = 0;
    let low = 0;
    for (let count = 0; count < 10; count++) {
      if (this.atEnd) throw this.#fail("cut off", "the rest of an integer");
      const byte = this.#bytes[this.#position++];
      value += (byte & 0x7f) * 2 ** (count * 7);
      if (count < 5) low |= (byte & 0x7f) << (count * 7);
      if (byte < 0x80) return count === 9 ? low : value;
    }
    throw this.#fail("more than 10 bytes", "an integer of at most 10");
  }

  take(count: number): Uint8Array {
    const left = this.#bytes.length - this.#position;
    if (count < 0 || count > left) throw this.#fail(`${left} bytes`, `${count} bytes`);
    this.#position += count;
    return this.#bytes.subarray(this.#position - count, this.#position);
  }

  field(): WireField {
    const key = this.varint();
    const number = Math.floor(key / 8);
    if (number < 1 || number >= 2 ** 29) throw this.#fail(`field ${number}`, "1 to 536870911");
    switch (key % 8) {
      case 0:
        return { number, value: { wire: "varint", value: this.varint() } };
      case 1:
        return { number, value: { wire: "fixed", bytes: this.take(8) } };
      case 2:
        return { number, value: { wire: "bytes", bytes: this.take(this.varint()) } };
      case 5:
        return { number, value: { wire: "fixed", bytes: this.take(4) } };
      default:
        throw this.#fail(`wire type ${key % 8}`, "0, 1, 2 or 5");
    }
  }
}

/** The fields of a message in file order, with typed access to the last of each number. */
export class WireMessage {
  /** Every field. */
  readonly fields: readonly WireField[];
  readonly #path: string;
  readonly #name: string;

  /**
   * Reads a message; `name` is for messages about it.
   *
   * @throws QorusError `invalid_file` where the bytes are no message.
   */
  constructor(bytes: Uint8Array, path: string, name: string) {
    const reader = new WireReader(bytes, path, name);
    const fields: WireField[] = [];
    while (!reader.atEnd) fields.push(reader.field());
    this.fields = fields;
    this.#path = path;
    this.#name = name;
  }

  #last(number: number): WireValue | undefined {
    return this.fields.findLast((field) => field.number === number)?.value;
  }

  #wrong(field: string, value: WireValue, expected: string): Error {
    return invalidFile(this.#path, `${this.#name}.${field}`, `wire type ${value.wire}`, expected);
  }

  /** An integer. */
  integer(number: number, field: string, fallback: number): number {
    const value = this.#last(number);
    if (value === undefined) return fallback;
    if (value.wire !== "varint") throw this.#wrong(field, value, "an integer");
    return value.value;
  }

  /** A boolean. */
  boolean(number: number, field: string, fallback: boolean): boolean {
    return this.integer(number, field, Number(fallback)) !== 0;
  }

  /** A 32-bit float. */
  float(number: number, field: string, fallback: number): number {
    const value = this.#last(number);
    if (value === undefined) return fallback;
    if (value.wire !== "fixed" || value.bytes.length !== 4) {
      throw this.#wrong(field, value, "a float of four bytes");
    }
    return new DataView(value.bytes.buffer, value.bytes.byteOffset).getFloat32(0, true);
  }

  /** A run of bytes, empty where the field is missing. */
  bytes(number: number, field: string): Uint8Array {
    const value = this.#last(number);
    if (value === undefined) return new Uint8Array(0);
    if (value.wire !== "bytes") throw this.#wrong(field, value, "a run of bytes");
    return value.bytes;
  }

  /** A string, which must be UTF-8. */
  string(number: number, field: string): string {
    return decodeText(this.bytes(number, field), this.#path, `${this.#name}.${field}`);
  }

  /** A message inside of this one, empty where the field is missing. */
  message(number: number, field: string): WireMessage {
    return new WireMessage(this.bytes(number, field), this.#path, field);
  }
}
