/**
 * Qorus as a contender. Runs under Bun or Deno.
 *
 * @module
 */

import { configure, libraryInfo } from "../../lib/core/context.ts";
import { scope } from "../../lib/core/scope.ts";
import { runtimeName } from "../../lib/cli/runtime.ts";
import { version } from "../../lib/cli/version.ts";
import { type LanguageModel, prefill } from "../../lib/llm/language_model.ts";
import { load } from "../../lib/llm/load.ts";
import { measure, serve } from "./serve.mjs";

let llm: LanguageModel;

/** Computes a chunk; the logits stay in native memory, as llama.cpp's do. */
function step(ids: Uint32Array): void {
  using _ = scope();
  llm.step(ids);
}

await serve({
  async load(path: string, contextLength: number) {
    llm = await load(path, { contextLength });
    return {
      name: `Qorus ${version}`,
      kernels: libraryInfo().isa,
      runtime: runtimeName(),
    };
  },

  threads(count: number) {
    configure({ threads: count });
  },

  async prefill(tokens: number[]) {
    llm.resetCache();
    const ids = Uint32Array.from(tokens);
    return await measure(() => {
      using _ = scope();
      prefill(llm, ids);
    });
  },

  async decode(tokens: number[]) {
    const ids = Uint32Array.from(tokens);
    return await measure(() => {
      for (let i = 0; i < ids.length; i++) step(ids.subarray(i, i + 1));
    });
  },
});
