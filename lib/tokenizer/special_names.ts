/**
 * Special tokens that are known by their names.
 *
 * @module
 */

/** Tokens that end a text or a turn in the families of models that Qorus runs. */
const endNames = [
  "</s>",
  "<|endoftext|>",
  "<|end_of_text|>",
  "<|eot_id|>",
  "<|eom_id|>",
  "<|im_end|>",
  "<|end|>",
  "<end_of_turn>",
];

/**
 * Tokens that end a text: the one that the file names first, then those known by name.
 *
 * Files name one, but chat models also end turns with another (`<|eot_id|>`, `<|im_end|>`).
 */
export function endTokensOf(
  named: number | undefined,
  special: ReadonlyMap<string, number>,
): number[] {
  const known = endNames.map((name) => special.get(name));
  return [...new Set([named, ...known].filter((id) => id !== undefined))];
}
