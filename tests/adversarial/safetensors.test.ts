/** Damaged safetensors files: opened or refused with a QorusError, nothing else. */

import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { openCheckpoint } from "../../lib/formats/checkpoint.ts";
import { openHuggingFace } from "../../lib/formats/huggingface.ts";
import { mutateRandomly, truncateEverywhere } from "../support/hostile.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { smallestConfig, writeTinyFolder } from "../support/tiny_model.ts";

test("safetensors cut at every byte is refused", async () => {
  using folder = new TemporaryFolder();
  const source = await writeTinyFolder(folder.file("source"), smallestConfig);
  const path = `${source}/model.safetensors`;
  const bytes = new Uint8Array(readFileSync(path));
  const { accepted } = truncateEverywhere(path, bytes, () => openHuggingFace(source));
  assertEquals(accepted, 0);
});

test("safetensors with 2,500 mutations gives success or QorusError", async () => {
  using folder = new TemporaryFolder();
  const source = await writeTinyFolder(folder.file("source"), smallestConfig);
  const path = `${source}/model.safetensors`;
  const bytes = new Uint8Array(readFileSync(path));
  const open = () => openCheckpoint(path);
  const outcome = mutateRandomly(path, bytes, open, { count: 2500, seed: 12 });
  assert(outcome.accepted > 0 && outcome.refused > 1000, JSON.stringify(outcome));
});
