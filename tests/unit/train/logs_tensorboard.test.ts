import { test } from "node:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { QorusError } from "../../../lib/native/error.ts";
import {
  crc32c,
  scalarsEvent,
  startEvent,
  tfRecord,
  versionEvent,
} from "../../../lib/train/logs/event.ts";
import { TensorBoardLog } from "../../../lib/train/logs/tensorboard_log.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

test("CRC-32C: the examples of RFC 3720, appendix B.4", () => {
  assertEquals(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assertEquals(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assertEquals(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  assertEquals(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c);
  assertEquals(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
});

// Made by TensorBoard 2.21: its RecordWriter around its event_pb2.Event messages.
test("TensorBoard: events are byte by byte those of TensorBoard's own writer", () => {
  const time = 1_700_000_000.25;
  assertEquals(
    hex(tfRecord(versionEvent(time))),
    "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9",
  );
  assertEquals(
    hex(tfRecord(startEvent(time, 201))),
    "100000000000000095fbfe180900001040fc54d94110c9013a02080176577faf",
  );
  const scalars = scalarsEvent(time, 2 ** 40 + 3, [
    ["train/loss", 4.17],
    [`train/${"x".repeat(150)}`, NaN],
    ["validation/Größe", -Infinity],
  ]);
  assertEquals(
    hex(tfRecord(scalars)),
    "e800000000000000fdc4c2bf0900001040fc54d941108380808080202ad5010a110a0a747261696e2f6c6f7373" +
      `15a47085400aa4010a9c01747261696e2f${"78".repeat(150)}150000c07f0a190a1276616c6964617469` +
      "6f6e2f4772c3b6c39f6515000080ff13c3f102",
  );
});

/** Lengths of a file's records, whose checksums must be right. */
function recordLengths(bytes: Uint8Array): number[] {
  const lengths: number[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const length = Number(new DataView(bytes.buffer).getBigUint64(offset, true));
    const end = offset + 16 + length;
    const data = bytes.slice(offset + 12, offset + 12 + length);
    assertEquals(hex(bytes.slice(offset, end)), hex(tfRecord(data)));
    lengths.push(length);
    offset = end;
  }
  return lengths;
}

test("TensorBoard: each run of a folder has a file of its own, in their order", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("runs/a");
  for (const after of [0, 2]) {
    using log = new TensorBoardLog(path);
    log.open(after);
    log.write({ kind: "train", step: after + 1, epoch: 1, seconds: 1, values: { loss: 1 } });
    log.flush();
  }
  const names = readdirSync(path).toSorted();
  assertEquals(names.length, 2);
  for (const name of names) assertMatch(name, /^events\.out\.tfevents\.\d{10}\..+\.\d+\.qorus$/);
  const [first, second] = names.map((name) => new Uint8Array(readFileSync(`${path}/${name}`)));
  assertEquals(recordLengths(first).length, 3);
  assertEquals(recordLengths(second).length, 3);
  const text = new TextDecoder().decode(second);
  assert(text.includes("brain.Event:2") && text.includes("train/loss"));
});

test("TensorBoard: wrong use is refused", () => {
  using folder = new TemporaryFolder();
  const record = { kind: "train", step: 1, epoch: 1, seconds: 1, values: {} } as const;
  using log = new TensorBoardLog(folder.file("a"));
  assertThrows(() => log.write(record), QorusError, "call open before write");
  assertThrows(() => log.open(0.5), QorusError, "step 0.5");
  log.open(0);
  assertThrows(() => log.write({ ...record, step: -1 }), QorusError, "step -1");
  writeFileSync(folder.file("file"), "");
  assertThrows(() => new TensorBoardLog(folder.file("file")).open(0), QorusError, "this folder");
});
