/**
 * Continues a text with a language model.
 *
 *   deno run -A examples/generate.ts [MODEL] [PROMPT]
 *   bun examples/generate.ts [MODEL] [PROMPT]
 *
 * @module
 */

import process from "node:process";
import { fileURLToPath } from "node:url";
import { load } from "@qorus/qorus";
import { runExample } from "./support/run_example.ts";

const tiny = fileURLToPath(new URL("../models/tiny.qorus", import.meta.url));

await runExample(
  { positionals: ["MODEL", "PROMPT"] },
  async (_options, path = tiny, prompt = "Once upon a time") => {
    using llm = await load(path);
    process.stdout.write(prompt);
    for await (const { text } of llm.generate(prompt, { maxTokens: 100 })) {
      process.stdout.write(text);
    }

    const { generatedTokens, decodeMilliseconds } = llm.statistics;
    const speed = ((generatedTokens - 1) * 1000) / decodeMilliseconds;
    console.log(`\n(${llm.config.architecture}, ${speed.toFixed(0)} tokens per second)`);
  },
);
