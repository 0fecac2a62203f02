/** Damaged Hugging Face folders: opened or refused with a QorusError, nothing else. */

import { assert, assertEquals } from "@std/assert";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { openHuggingFace } from "../../lib/formats/huggingface.ts";
import { mutateRandomly, truncateEverywhere } from "../support/hostile.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { smallestConfig, writeTinyFolder } from "../support/tiny_model.ts";

/** A folder with every JSON file that the reader reads, its weights behind an index. */
async function validFolder(folder: TemporaryFolder): Promise<string> {
  const source = await writeTinyFolder(folder.file("source"), {
    ...smallestConfig,
    ropeScaling: {
      type: "llama3",
      factor: 8,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalContextLength: 4,
    },
  });
  const names = [...openHuggingFace(source).tensors.keys()];
  renameSync(`${source}/model.safetensors`, `${source}/part.safetensors`);
  const write = (name: string, value: unknown) =>
    writeFileSync(`${source}/${name}`, JSON.stringify(value));
  const weightMap = Object.fromEntries(names.map((name) => [name, "part.safetensors"]));
  write("model.safetensors.index.json", { metadata: {}, weight_map: weightMap });
  write("generation_config.json", { eos_token_id: [2, 3], bos_token_id: 1, temperature: 0.5 });
  write("tokenizer_config.json", { chat_template: "{{ messages }}" });
  return source;
}

const files = [
  "config.json",
  "model.safetensors.index.json",
  "generation_config.json",
  "tokenizer_config.json",
];

for (const [i, name] of files.entries()) {
  test(`${name} cut at every byte is refused`, async () => {
    using folder = new TemporaryFolder();
    const source = await validFolder(folder);
    const path = `${source}/${name}`;
    const bytes = new Uint8Array(readFileSync(path));
    assertEquals(truncateEverywhere(path, bytes, () => openHuggingFace(source)).accepted, 0);
  });

  test(`${name} with 2,000 mutations gives success or QorusError`, async () => {
    using folder = new TemporaryFolder();
    const source = await validFolder(folder);
    const path = `${source}/${name}`;
    const bytes = new Uint8Array(readFileSync(path));
    const options = { count: 2000, seed: 20 + i };
    const outcome = mutateRandomly(path, bytes, () => openHuggingFace(source), options);
    assert(outcome.refused > 1000, JSON.stringify(outcome));
  });
}
