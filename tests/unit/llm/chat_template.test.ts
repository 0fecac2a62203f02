import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { renderChat } from "../../../lib/llm/chat_template.ts";
import { QorusError } from "../../../lib/native/error.ts";
import { byteDefinition, createTokenizer } from "../../../lib/tokenizer/mod.ts";

const tokenizer = createTokenizer(byteDefinition());
const chatml = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n" +
  "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

test("renderChat: renders messages and opens the answer", () => {
  assertEquals(
    renderChat(chatml, [{ role: "user", content: "Hi" }], tokenizer),
    "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
  );
});

test("renderChat: a model without a template says so", () => {
  assertThrows(() => renderChat(undefined, [], tokenizer), QorusError, "no chat template");
});

test("renderChat: a template that refuses is an error with its words", () => {
  const refusing = "{{ raise_exception('roles must alternate') }}";
  assertThrows(() => renderChat(refusing, [], tokenizer), QorusError, "roles must alternate");
  assertThrows(() => renderChat("{% if %}", [], tokenizer), QorusError, "template failed");
});
