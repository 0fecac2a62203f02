/**
 * Prompts: their tokens, and the chunks in which they are computed.
 *
 * @module
 */

import { scope } from "../core/scope.ts";
import type { Tensor } from "../core/tensor.ts";
import { QorusError } from "../native/error.ts";
import type { LanguageModel } from "./language_model.ts";

/** Prompts are computed this many tokens at a time, which bounds the scratch memory they need. */
export const chunkCapacity = 512;

/**
 * The prompt of a generation as tokens.
 *
 * @throws {QorusError} `invalid_argument` for what is neither text nor tokens, `out_of_range` when
 * it does not fit the context.
 */
export function promptIds(
  llm: LanguageModel,
  prompt: string | readonly number[],
  contextLength: number = llm.contextLength,
): Uint32Array {
  if (typeof prompt !== "string" && typeof prompt?.length !== "number") {
    const message = `generate: the prompt is ${JSON.stringify(prompt)}, expected a text or tokens`;
    throw new QorusError("invalid_argument", message, { op: "generate", field: "prompt" });
  }
  const ids = typeof prompt === "string" ? llm.tokenizer.encode(prompt) : Uint32Array.from(prompt);
  checkLength("generate", ids.length, contextLength);
  return ids;
}

/** Throws unless a sequence has tokens and fits the context. */
export function checkLength(op: string, count: number, contextLength: number): void {
  if (count >= 1 && count <= contextLength) return;
  const message = count === 0
    ? "the prompt has no tokens and the model has no token to begin with"
    : `${count} tokens do not fit the context of ${contextLength}: ` +
      "shorten the prompt, or load with a larger contextLength";
  throw new QorusError("out_of_range", `${op}: ${message}`, {
    op,
    given: count,
    expected: contextLength,
  });
}

/** Tokens in the chunks in which they are computed: at least one, each a view. */
export function promptChunks(ids: Uint32Array): Uint32Array[] {
  const rest: Uint32Array[] = [];
  for (let start = chunkCapacity; start < ids.length; start += chunkCapacity) {
    rest.push(ids.subarray(start, start + chunkCapacity));
  }
  return [ids.subarray(0, chunkCapacity), ...rest];
}

/** Computes a prompt in chunks; returns the logits behind its last token in the caller's scope. */
export function prefill(llm: LanguageModel, ids: Uint32Array): Tensor {
  const chunks = promptChunks(ids);
  for (const chunk of chunks.slice(0, -1)) {
    using _ = scope();
    llm.step(chunk);
  }
  return llm.step(chunks.at(-1)!);
}
