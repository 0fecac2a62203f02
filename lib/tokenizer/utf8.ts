/**
 * UTF-8 that may be broken or come in parts.
 *
 * @module
 */

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * What becomes of bytes that are no UTF-8: one U+FFFD for each longest part of a character, as the
 * WHATWG encoding standard (and Python, and tiktoken) has it, or one for each byte (SentencePiece).
 */
export type ReplacementRule = "part" | "byte";

/** Number of bytes of the character that starts with this byte; 0 where none does. */
export function characterLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

/**
 * Whether the second byte may follow the lead: no overlong forms, surrogates or beyond U+10FFFF.
 */
function secondByteFits(lead: number, second: number): boolean {
  if (lead === 0xe0) return second >= 0xa0 && second < 0xc0;
  if (lead === 0xed) return second >= 0x80 && second < 0xa0;
  if (lead === 0xf0) return second >= 0x90 && second < 0xc0;
  if (lead === 0xf4) return second >= 0x80 && second < 0x90;
  return second >= 0x80 && second < 0xc0;
}

/** How many bytes from `start` on belong to one character, complete or cut off by the end. */
function validPrefix(bytes: Uint8Array, start: number, length: number): number {
  let count = 1;
  while (count < length && start + count < bytes.length) {
    const byte = bytes[start + count];
    const fits = count === 1 ? secondByteFits(bytes[start], byte) : byte >= 0x80 && byte < 0xc0;
    if (!fits) break;
    count++;
  }
  return count;
}

/** Bytes at the end that are the beginning of a character whose rest may still come (0 to 3). */
export function incompleteTail(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const start = bytes.length - back;
    const length = characterLength(bytes[start]);
    if (length > back && validPrefix(bytes, start, length) === back) return back;
  }
  return 0;
}

function decodeByteByByte(bytes: Uint8Array): string {
  let text = "";
  let valid = 0;
  let position = 0;
  while (position < bytes.length) {
    const length = characterLength(bytes[position]);
    if (length > 0 && validPrefix(bytes, position, length) === length) {
      position += length;
      continue;
    }
    text += decoder.decode(bytes.subarray(valid, position)) + "\ufffd";
    valid = ++position;
  }
  return text + decoder.decode(bytes.subarray(valid));
}

/** Text of UTF-8 bytes, with U+FFFD by the rule where they are broken. */
export function decodeUtf8(bytes: Uint8Array, rule: ReplacementRule): string {
  const text = decoder.decode(bytes);
  return rule === "part" || !text.includes("\ufffd") ? text : decodeByteByByte(bytes);
}

/** Decodes UTF-8 that comes in parts; a character is given when its last byte has come. */
export class Utf8Stream {
  readonly #rule: ReplacementRule;
  #pending = new Uint8Array(0);

  /** Starts with nothing pending. */
  constructor(rule: ReplacementRule) {
    this.#rule = rule;
  }

  /** The text that these bytes complete. */
  push(bytes: Uint8Array): string {
    const all = new Uint8Array(this.#pending.length + bytes.length);
    all.set(this.#pending);
    all.set(bytes, this.#pending.length);
    const end = all.length - incompleteTail(all);
    this.#pending = all.slice(end);
    return decodeUtf8(all.subarray(0, end), this.#rule);
  }

  /** What is left over, as U+FFFD; nothing is pending after it. */
  flush(): string {
    const text = decodeUtf8(this.#pending, this.#rule);
    this.#pending = new Uint8Array(0);
    return text;
  }
}
