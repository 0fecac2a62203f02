/**
 * How well a language model predicts texts.
 *
 * @module
 */

import { scope } from "../../lib/core/scope.ts";
import { tensor } from "../../lib/core/creation.ts";
import { noGrad } from "../../lib/core/gradient.ts";
import type { LanguageModel } from "../../lib/llm/language_model.ts";
import { crossEntropy } from "../../lib/ops/losses.ts";

/** Mean cross-entropy of all tokens behind each text's first, in nats. */
export function lossOf(llm: LanguageModel, texts: readonly string[]): number {
  let [sum, count] = [0, 0];
  for (const text of texts) {
    using _ = scope();
    const ids = [...llm.tokenizer.encode(text, { addBos: true, addEos: true })];
    const logits = llm.forward(ids.slice(0, -1));
    const next = tensor(Int32Array.from(ids.slice(1)));
    const loss = noGrad(() => crossEntropy(logits, next));
    sum += loss.item() * next.size;
    count += next.size;
  }
  return sum / count;
}
