/**
 * Makes up names.
 *
 * @module
 */

import { noGrad, type Random, scope, softmax, type Tensor } from "@qorus/qorus";
import { boundary, type NameList } from "./name_list.ts";

/** A model that says what may follow. */
interface NameModel {
  /** Logits of the character that follows these ids. */
  next(ids: readonly number[]): Tensor;
}

/** Different names that the list does not have. */
export function inventNames(
  model: NameModel,
  list: NameList,
  count: number,
  random: Random,
): string[] {
  const names = new Set<string>();
  for (let tries = 0; tries < 20 * count && names.size < count; tries++) {
    const name = list.decode(drawIds(model, list.longestName, random));
    if (name !== "" && !list.has(name)) names.add(name);
  }
  return [...names];
}

/** Draws character after character until a boundary is drawn. */
function drawIds(model: NameModel, longest: number, random: Random): number[] {
  const ids = [boundary];
  while (ids.length <= longest) {
    using _ = scope();
    const probabilities = noGrad(() => softmax(model.next(ids))).data;
    const id = draw(probabilities, random);
    if (id === boundary) break;
    ids.push(id);
  }
  return ids.slice(1);
}

/** An index, as likely as its probability. */
function draw(probabilities: ArrayLike<number>, random: Random): number {
  let rest = random.uniform();
  for (let i = 0; i < probabilities.length; i++) {
    rest -= probabilities[i];
    if (rest < 0) return i;
  }
  return probabilities.length - 1;
}
