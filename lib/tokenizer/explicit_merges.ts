/**
 * Translates between the two ways to say what is merged: a list, and urgency by piece.
 *
 * @module
 */

import type { TokenizerDefinition } from "./definition.ts";
import { mergeablePieces, ranksOfScores } from "./merge_rules.ts";

/**
 * The merges of a definition as a list: left id, right id and joined id of each, best first.
 *
 * Where the definition ranks pieces, every way to put a piece together from two others is in the
 * list, so it merges the same pairs.
 */
export function explicitMerges(definition: TokenizerDefinition): Uint32Array {
  const { pieces, types, ranking, merges } = definition;
  if (ranking === "merges") return merges;
  const ids = mergeablePieces(pieces, types, definition.kind === "sentencePiece");
  const order = [...ids.values()];
  if (ranking === "ids") order.sort((a, b) => a - b);
  else {
    const ranks = ranksOfScores(definition.scores);
    order.sort((a, b) => ranks[a] - ranks[b] || a - b);
  }
  const triples: number[] = [];
  for (const id of order) {
    const piece = pieces.binary(id);
    for (let middle = 1; middle < piece.length; middle++) {
      const left = ids.get(piece.slice(0, middle));
      const right = left === undefined ? undefined : ids.get(piece.slice(middle));
      if (left !== undefined && right !== undefined) triples.push(left, right, id);
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
