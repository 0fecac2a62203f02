/**
 * Decoding in parts gives what decoding at once gives, and never half a character.
 *
 * @module
 */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { decodeUtf8, incompleteTail, Utf8Stream } from "../../../lib/tokenizer/utf8.ts";
import { randomNumbers } from "../../support/tokenizer_files.ts";

test("incompleteTail: waits for characters that may still come", () => {
  assertEquals(incompleteTail(Uint8Array.of(0x61)), 0);
  assertEquals(incompleteTail(Uint8Array.of(0x61, 0xc3)), 1);
  assertEquals(incompleteTail(Uint8Array.of(0xe4, 0xb8)), 2);
  assertEquals(incompleteTail(Uint8Array.of(0xf0, 0x9f, 0x98)), 3);
  assertEquals(incompleteTail(Uint8Array.of(0xf0, 0x9f, 0x98, 0x80)), 0);
});

test("incompleteTail: does not wait for what cannot become a character", () => {
  assertEquals(incompleteTail(Uint8Array.of(0xc0)), 0);
  assertEquals(incompleteTail(Uint8Array.of(0xed, 0xa0)), 0);
  assertEquals(incompleteTail(Uint8Array.of(0xf4, 0x90)), 0);
  assertEquals(incompleteTail(Uint8Array.of(0xe0, 0x80)), 0);
  assertEquals(incompleteTail(Uint8Array.of(0x80)), 0);
});

test("decodeUtf8: one U+FFFD for a part or for a byte", () => {
  const broken = Uint8Array.of(0x61, 0xf0, 0x9f, 0x98, 0x62, 0xff, 0xef, 0xbf, 0xbd);
  assertEquals(decodeUtf8(broken, "part"), "a\ufffdb\ufffd\ufffd");
  assertEquals(decodeUtf8(broken, "byte"), "a\ufffd\ufffd\ufffdb\ufffd\ufffd");
});

test("decodeUtf8: keeps a byte order mark", () => {
  assertEquals(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61), "part"), "\ufeffa");
});

test("Utf8Stream: any bytes in any parts, as at once", () => {
  const next = randomNumbers(3);
  const interesting = [0x20, 0x41, 0x80, 0xa0, 0xbf, 0xc3, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xff];
  for (let round = 0; round < 3000; round++) {
    const bytes = Uint8Array.from(
      { length: 1 + next() % 12 },
      () => interesting[next() % interesting.length],
    );
    for (const rule of ["part", "byte"] as const) {
      const stream = new Utf8Stream(rule);
      let text = "";
      for (let start = 0; start < bytes.length;) {
        const end = Math.min(bytes.length, start + 1 + next() % 3);
        const part = stream.push(bytes.subarray(start, end));
        assert(part.isWellFormed());
        text += part;
        start = end;
      }
      assertEquals(text + stream.flush(), decodeUtf8(bytes, rule), `${rule}: ${bytes}`);
    }
  }
});
