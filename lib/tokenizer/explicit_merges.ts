/**
 * Translates between the two ways to say what is merged: a list, and urgency by piece.
 *
 * @module
 */

import type { TokenizerDefinition } from "./definition.ts";
import { mergeableMask, mergeablePieces, ranksOfScores } from "./merge_rules.ts";

/**
 * The merges of a definition as a list: left id, right id and joined id of each, best first.
 *
 * Where the definition ranks pieces, every way to put a piece together from two others is in the
 * list, so it merges the same pairs.
 */
export function explicitMerges(definition: TokenizerDefinition): Uint32Array {
  const { pieces, ranking, merges } = definition;
  if (ranking === "merges") return merges;
  const index = mergeablePieces(definition);
  const mask = mergeableMask(definition);
  const order = Array.from({ length: pieces.length }, (_, id) => id)
    .filter((id) => mask[id] === 1);
  if (ranking === "scores") {
    const ranks = ranksOfScores(definition.scores);
    order.sort((a, b) => ranks[a] - ranks[b] || a - b);
  }
  const triples: number[] = [];
  for (const id of order) {
    const piece = pieces.at(id);
    for (let middle = 1; middle < piece.length; middle++) {
      const left = index.find(piece, 0, middle);
      const right = left < 0 ? -1 : index.find(piece, middle);
      if (right >= 0) triples.push(left, right, id);
    }
  }
  return Uint32Array.from(triples);
}

/** A score for each piece that ranks pieces as the list of merges first makes them. */
export function scoresOfMerges(definition: TokenizerDefinition): Float32Array {
  const { pieces, ranking, merges, scores } = definition;
  if (ranking === "scores") return scores;
  if (ranking === "ids") return Float32Array.from({ length: pieces.length }, (_, id) => -id);
  const result = new Float32Array(pieces.length).fill(-merges.length / 3);
  for (let index = merges.length - 3; index >= 0; index -= 3) {
    result[merges[index + 2]] = -index / 3;
  }
  return result;
}
