/** Weights in memory of their own give what mapped ones give. */

import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { counters } from "../../lib/core/context.ts";
import { scope } from "../../lib/core/scope.ts";
import { convertModel } from "../../lib/llm/convert.ts";
import type { LanguageModel } from "../../lib/llm/language_model.ts";
import { load } from "../../lib/llm/load.ts";
import { runCommandLine } from "../support/command_line.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { shapes, writeRandomModel } from "../../tools/support/random_model.ts";

function logitsOf(llm: LanguageModel): Float32Array {
  using _ = scope();
  return llm.forward([260, 270, 280, 290, 300]).read() as Float32Array;
}

for (const dtype of ["q4_0", "q8_0", "f16", "q4_k_m"] as const) {
  for (const tiedEmbeddings of [false, true]) {
    const kind = `${dtype}, ${tiedEmbeddings ? "tied" : "untied"} embeddings`;
    test(`copied weights, ${kind}: the same logits to the bit`, async () => {
      using folder = new TemporaryFolder();
      const gguf = folder.file("random.gguf");
      const config = {
        ...shapes["1.1b"],
        vocabSize: 500,
        hiddenSize: 256,
        intermediateSize: 512,
        headCount: 4,
        keyValueHeadCount: 2,
        layerCount: 2,
        contextLength: 200,
        tiedEmbeddings,
      };
      await writeRandomModel(gguf, config, { dtype });
      const qorus = folder.file("random.qorus");
      await convertModel(gguf, qorus);
      for (const path of [gguf, qorus]) {
        using mapped = await load(path);
        const before = counters().stateBytes;
        using copied = await load(path, { copyWeights: true });
        assertEquals(logitsOf(copied), logitsOf(mapped));
        for (const [name, { tensor }] of copied.network.namedParameters()) {
          const isLookedUp = name.includes("embed_tokens") && !tiedEmbeddings;
          const isMatrix = tensor.rank === 2 && !isLookedUp;
          if (isMatrix) assert(!tensor.isReadOnly, `${name} is read from the file`);
          const repacked = ["q4_0", "q8_0", "q4_k_m"].includes(dtype);
          if (isMatrix) assertEquals(tensor.layout, repacked ? "rows16" : "rows", name);
        }
        assert(counters().stateBytes > before);
      }
    });
  }
}

test("--copy-weights: the same story", async () => {
  const model = fileURLToPath(new URL("../../models/tiny.qorus", import.meta.url));
  const given = ["generate", "Once upon a time", "--max-tokens", "30", "--model", model];
  const plain = await runCommandLine(given);
  const copied = await runCommandLine([...given, "--copy-weights"]);
  assertEquals([copied.stdout, copied.code], [plain.stdout, 0]);
});
