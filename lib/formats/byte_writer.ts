/**
 * Puts little-endian values one after the other into memory.
 *
 * @module
 */

const encoder = new TextEncoder();

/** Bytes that grow as values are appended. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(4096);
  #view: DataView<ArrayBuffer> = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Bytes appended so far. */
  get length(): number {
    return this.#length;
  }

  #grow(count: number): number {
    const start = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.byteLength) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.byteLength));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }

  /** Unsigned byte. */
  u8(value: number): void {
    const start = this.#grow(1);
    this.#view.setUint8(start, value);
  }

  /** Unsigned 32-bit integer. */
  u32(value: number): void {
    const start = this.#grow(4);
    this.#view.setUint32(start, value, true);
  }

  /** Unsigned 64-bit integer. */
  u64(value: number | bigint): void {
    const start = this.#grow(8);
    this.#view.setBigUint64(start, BigInt(value), true);
  }

  /** Bytes as they are. */
  bytes(value: Uint8Array): void {
    const start = this.#grow(value.byteLength);
    this.#bytes.set(value, start);
  }

  /** Elements of a typed array in the order of the machine: little-endian wherever Qorus runs. */
  elements(value: ArrayBufferView): void {
    this.bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }

  /** Zeros up to a multiple of `alignment`. */
  align(alignment: number): void {
    this.#grow((alignment - this.#length % alignment) % alignment);
  }

  /** What was appended. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** UTF-8 bytes of a text. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}
