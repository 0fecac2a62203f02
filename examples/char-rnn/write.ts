/**
 * Lets a model write.
 *
 * @module
 */

import {
  type CharRNN,
  div,
  noGrad,
  type Random,
  scope,
  softmax,
  type Tensor,
  tensor,
} from "@qorus/qorus";
import type { Characters } from "./characters.ts";

/** Below 1, likely characters become more likely. */
const temperature = 0.6;

/**
 * The text that the model writes behind another one, character by character: the state of its
 * layers is all that it remembers.
 *
 * @param start at least one character, each known to the model
 * @param length characters to write
 */
export function write(
  model: CharRNN,
  characters: Characters,
  start: string,
  length: number,
  random: Random,
): string {
  using _ = scope();
  const wasTraining = model.training;
  model.eval();
  let read = noGrad(() => model.forward(tensor(characters.encode(start))));
  // Outlives the scopes below.
  const [hidden, cell] = [read.hidden, read.cell].map((state) =>
    tensor(state.read(), { shape: state.shape })
  );
  let id = draw(read.logits, random);
  let written = "";
  for (let i = 0; i < length; i++) {
    using _ = scope();
    written += characters.decode(id);
    read = noGrad(() => model.forward(tensor([id], { dtype: "i32" }), { hidden, cell }));
    hidden.copyFrom(read.hidden);
    cell.copyFrom(read.cell);
    id = draw(read.logits, random);
  }
  model.train(wasTraining);
  return written;
}

/** Draws a character by the last row of logits, `[steps, characters]`. */
function draw(logits: Tensor, random: Random): number {
  const [steps] = logits.shape;
  const last = noGrad(() => softmax(div(logits.slice(0, steps - 1, steps), temperature)));
  const probabilities = last.read();
  let rest = random.uniform();
  for (let id = 0; id < probabilities.length; id++) {
    rest -= probabilities[id];
    if (rest < 0) return id;
  }
  return probabilities.length - 1;
}
