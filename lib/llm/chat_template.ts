/**
 * Prompts from conversations.
 *
 * @module
 */

import { Template } from "@huggingface/jinja";
import { QorusError } from "../native/error.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { ChatMessage } from "./types.ts";

/**
 * Renders a conversation with a model's own template, ready for the assistant's answer.
 *
 * @throws {QorusError} `unsupported` when the model has no template, `invalid_argument` when the
 * template refuses the messages.
 */
export function renderChat(
  template: string | undefined,
  messages: readonly ChatMessage[],
  tokenizer: Tokenizer,
): string {
  if (template === undefined) {
    throw new QorusError(
      "unsupported",
      "chat: this model has no chat template; it completes texts: use generate",
      { op: "chat" },
    );
  }
  const piece = (id: number | undefined) => id === undefined ? "" : tokenizer.pieceOf(id);
  try {
    return new Template(template).render({
      messages: messages.map(({ role, content }) => ({ role, content })),
      add_generation_prompt: true,
      bos_token: piece(tokenizer.beginToken),
      eos_token: piece(tokenizer.endTokens[0]),
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new QorusError("invalid_argument", `chat: the model's template failed: ${reason}`, {
      op: "chat",
      cause,
    });
  }
}
