/**
 * Keeps a model and its characters in a safetensors file.
 *
 * @module
 */

import { CharRNN, nn, QorusError, scope, type Tensor, tensor } from "@qorus/qorus";
import { Characters } from "./characters.ts";

/** The tensor, i32 `[vocabSize]`, of the characters' code points; the others are the model's. */
const charactersName = "characters";

/** Writes the weights under their names, and the characters beside them. */
export async function saveModel(
  path: string,
  model: CharRNN,
  characters: Characters,
): Promise<void> {
  using _ = scope();
  const tensors = model.stateDict();
  tensors.set(charactersName, tensor(Int32Array.from(characters.codes)));
  await nn.saveSafetensors(path, tensors);
}

/**
 * Reads what `saveModel` wrote; the shapes of the weights tell the model's sizes.
 *
 * @throws {QorusError} `not_found`, `io`, or `invalid_file` for a file of something else.
 */
export function loadModel(path: string): { model: CharRNN; characters: Characters } {
  using _ = scope();
  const tensors = nn.loadSafetensors(path);
  const codes = find(path, tensors, charactersName, 1).read();
  tensors.delete(charactersName);
  const [vocabSize, embeddingSize] = find(path, tensors, "embedding.weight", 2).shape;
  const [, hiddenSize] = find(path, tensors, "lstm.weight_hh_l0", 2).shape;
  const numLayers = [...tensors.keys()].filter((name) => name.includes("weight_hh_l")).length;
  const model = new CharRNN({ vocabSize, embeddingSize, hiddenSize, numLayers });
  model.loadStateDict(tensors);
  return { model, characters: new Characters([...codes]) };
}

function find(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  name: string,
  rank: number,
): Tensor {
  const found = tensors.get(name);
  if (found?.rank === rank) return found;
  throw new QorusError(
    "invalid_file",
    `${path}: has no tensor ${name} of ${rank} dimensions: it is no model of this example`,
    { path, field: name },
  );
}
