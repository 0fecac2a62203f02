/**
 * GPT-2's printable spelling of bytes: `Ġhello` is a space and `hello`.
 *
 * Radford et al., "Language Models are Unsupervised Multitask Learners" (2019), `bytes_to_unicode`.
 *
 * @module
 */

const characterOfByte: string[] = [];
const byteOfCharacter = new Map<string, number>();

function isPrintable(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

let shifted = 0x100;
for (let byte = 0; byte < 256; byte++) {
  const character = String.fromCharCode(isPrintable(byte) ? byte : shifted++);
  characterOfByte.push(character);
  byteOfCharacter.set(character, byte);
}

/** Bytes in the printable spelling. */
export function spellBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += characterOfByte[byte];
  return text;
}

/**
 * Bytes of a text in the printable spelling, or `undefined` where a character belongs to no byte.
 */
export function unspellBytes(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) {
    const byte = byteOfCharacter.get(text[index]);
    if (byte === undefined) return undefined;
    bytes[index] = byte;
  }
  return bytes;
}
