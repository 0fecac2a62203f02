/** Damaged GGUF files: opened or refused with a QorusError, nothing else. */

import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { convert } from "../../lib/formats/convert.ts";
import { openGguf } from "../../lib/formats/gguf_checkpoint.ts";
import { mutateRandomly, truncateEverywhere } from "../support/hostile.ts";
import { scalarCodec } from "../support/scalar_codec.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { smallestConfig, writeTinyFolder } from "../support/tiny_model.ts";

async function validFile(folder: TemporaryFolder): Promise<{ path: string; bytes: Uint8Array }> {
  const source = await writeTinyFolder(folder.file("source"), smallestConfig);
  const path = folder.file("model.gguf");
  await convert(source, path, { codec: scalarCodec });
  return { path, bytes: new Uint8Array(readFileSync(path)) };
}

test("GGUF cut at every byte is refused", async () => {
  using folder = new TemporaryFolder();
  const { path, bytes } = await validFile(folder);
  const { accepted } = truncateEverywhere(path, bytes, () => openGguf(path));
  // Only the padding after the last tensor can be missing.
  assert(accepted < 32, `${accepted} cut files were accepted`);
});

test("GGUF with 2,500 mutations gives success or QorusError", async () => {
  using folder = new TemporaryFolder();
  const { path, bytes } = await validFile(folder);
  const outcome = mutateRandomly(path, bytes, () => openGguf(path), { count: 2500, seed: 11 });
  assert(outcome.accepted > 0 && outcome.refused > 1000, JSON.stringify(outcome));
  assertEquals(openGguf(path).tensors.size, 11);
});
