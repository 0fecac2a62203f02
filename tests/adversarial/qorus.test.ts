/** Damaged .qorus files: opened or refused with a QorusError, nothing else. */

import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { convert } from "../../lib/formats/convert.ts";
import { headChecksum, openQorus } from "../../lib/formats/qorus.ts";
import { mutateRandomly, truncateEverywhere } from "../support/hostile.ts";
import { scalarCodec } from "../support/scalar_codec.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { smallestConfig, writeTinyFolder } from "../support/tiny_model.ts";

async function validFile(folder: TemporaryFolder): Promise<{ path: string; bytes: Uint8Array }> {
  const source = await writeTinyFolder(folder.file("source"), smallestConfig);
  const path = folder.file("model.qorus");
  await convert(source, path, { codec: scalarCodec });
  return { path, bytes: new Uint8Array(readFileSync(path)) };
}

/** Makes the checksum right again, and the file length too, so that the fields behind are seen. */
function repair(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength < 128) return bytes;
  const view = new DataView(bytes.buffer);
  view.setBigUint64(16, BigInt(bytes.byteLength), true);
  const dataOffset = Number(view.getBigUint64(72, true));
  if (dataOffset < 128 || dataOffset > bytes.byteLength) return bytes;
  view.setUint32(84, headChecksum(bytes.subarray(0, dataOffset)), true);
  return bytes;
}

test(".qorus cut at every byte is refused", async () => {
  using folder = new TemporaryFolder();
  const { path, bytes } = await validFile(folder);
  assertEquals(truncateEverywhere(path, bytes, () => openQorus(path)).accepted, 0);
});

test(".qorus with 2,500 mutations and a repaired checksum gives success or QorusError", async () => {
  using folder = new TemporaryFolder();
  const { path, bytes } = await validFile(folder);
  const options = { count: 2500, seed: 13, repair };
  const outcome = mutateRandomly(path, bytes, () => openQorus(path), options);
  assert(outcome.accepted > 0 && outcome.refused > 1000, JSON.stringify(outcome));
});

test(".qorus with a damaged head is refused by its checksum", async () => {
  using folder = new TemporaryFolder();
  const { path, bytes } = await validFile(folder);
  const head = bytes.subarray(0, Number(new DataView(bytes.buffer).getBigUint64(72, true)));
  let refused = 0;
  const flipped = (at: number) => () => {
    const copy = bytes.slice();
    copy[at] ^= 0x10;
    return copy;
  };
  for (let at = 0; at < head.byteLength; at += 1) {
    const options = { count: 1, seed: at, repair: flipped(at) };
    refused += mutateRandomly(path, bytes, () => openQorus(path), options).refused;
  }
  assertEquals(refused, head.byteLength);
});
