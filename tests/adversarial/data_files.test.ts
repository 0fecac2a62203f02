import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { QorusError } from "../../lib/native/error.ts";
import { readCsv } from "../../lib/train/data/csv.ts";
import { readIdx } from "../../lib/train/data/idx.ts";
import { readJsonLines } from "../../lib/train/data/json_lines.ts";
import { idxBytes } from "../support/idx.ts";
import { seededRandom } from "../support/random.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

/** Bytes with some of them changed, left out or repeated. */
function damaged(bytes: Uint8Array, random: () => number): Uint8Array {
  const below = (count: number) => Math.floor(random() * count);
  const copy = bytes.slice();
  for (let count = 1 + below(4); count > 0; count--) {
    if (random() < 0.3) copy.copyWithin(below(copy.length), below(copy.length));
    else copy[below(copy.length)] = random() < 0.5 ? below(256) : 34;
  }
  return random() < 0.3 ? copy.subarray(0, below(copy.length)) : copy;
}

/** Reads damaged files; each must be read or refused with an error that names the file. */
function readDamaged(bytes: Uint8Array, read: (path: string) => void): { refused: number } {
  using folder = new TemporaryFolder();
  const path = folder.file("data");
  const random = seededRandom(17);
  let refused = 0;
  for (let i = 0; i < 1000; i++) {
    writeFileSync(path, damaged(bytes, random));
    try {
      read(path);
    } catch (error) {
      const isNamed = error instanceof QorusError && error.message.startsWith(`${path}: `);
      assert(isNamed && error.code !== "internal", `${i}: ${error}`);
      refused++;
    }
  }
  return { refused };
}

test("damaged IDX files are read or refused, never more", () => {
  const file = idxBytes([3, 4, 5], Array.from({ length: 60 }, (_, i) => i));
  const read = (path: string) => {
    const { shape, values } = readIdx(path, 3);
    assertEquals(values.length, shape.reduce((product, size) => product * size, 1));
  };
  assert(readDamaged(file, read).refused > 150);
  assert(readDamaged(gzipSync(file), read).refused > 750);
});

test("damaged CSV files are read or refused, never more", () => {
  const rows = Array.from({ length: 20 }, (_, i) => `${i},"a ""${i}"" b","\u00e4\n${i}"\r\n`);
  const bytes = new TextEncoder().encode(`a,b,c\r\n${rows.join("")}`);
  const { refused } = readDamaged(bytes, (path) => {
    for (const row of readCsv(path)) {
      assertEquals(row.values.length, Object.keys(row.toObject()).length);
      row.number(0);
    }
  });
  assert(refused > 150);
});

test("damaged JSONL files are read or refused, never more", () => {
  const rows = Array.from({ length: 20 }, (_, i) => `{"a": ${i}, "b": "\u00e4", "c": [1, ${i}]}\n`);
  const { refused } = readDamaged(new TextEncoder().encode(rows.join("")), (path) => {
    for (const row of readJsonLines(path)) {
      row.numbers("c").forEach((each) => each + row.number("a"));
    }
  });
  assert(refused > 150);
});

test("sizes that promise gigabytes take no memory", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("x");
  writeFileSync(path, idxBytes([2 ** 31, 2 ** 31, 2 ** 31], []));
  assertThrows(() => readIdx(path), QorusError, `${path}: sizes`);
  writeFileSync(path, idxBytes([], [], 0x0800 + 255));
  assertThrows(() => readIdx(path), QorusError, `${path}: magic number`);
});

test("a quotation or a line that does not end is refused", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("x");
  writeFileSync(path, `a\n1\n"${"x\n".repeat(200_000)}`);
  assertThrows(() => [...readCsv(path)], QorusError, `${path}: line 3: holds a quotation`);
  writeFileSync(path, new Uint8Array(70 << 20).fill(120));
  assertThrows(() => [...readCsv(path)], QorusError, `${path}: line 1: has more than`);
  assertThrows(() => [...readJsonLines(path)], QorusError, `${path}: line 1: has more than`);
});

test("JSON that nests deeply is read or refused", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("x");
  writeFileSync(path, `{"a": 1}\n${"[".repeat(1_000_000)}\n`);
  assertThrows(() => [...readJsonLines(path)], QorusError, `${path}: line 2: is not JSON`);
  writeFileSync(path, '{"__proto__": {"a": 1}}\n');
  const [row] = readJsonLines(path);
  assertThrows(() => row.number("a"), QorusError, "there is no such member");
});

test("what files hold does not reach the terminal as it is", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("x");
  const escape = "\u001b[2J\u009b2J";
  const message = (text: string, read: () => unknown) => {
    writeFileSync(path, text);
    return assertThrows(read, QorusError).message;
  };
  const csv = () => [...readCsv(path)].forEach((row) => row.number("b"));
  const messages = [
    message(`a,b\n1,${escape}\n`, csv),
    message(`a,${escape}\n1,2\n`, csv),
    message(`${escape},${escape}\n`, csv),
    message(`{"a": ${escape}}\n`, () => [...readJsonLines(path)]),
    message(`{"${escape}": 1}\n`, () => [...readJsonLines(path)].map((row) => row.text("a"))),
  ];
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  for (const each of messages) assertEquals(/[\u0000-\u001f\u007f-\u009f]/.test(each), false, each);
});
