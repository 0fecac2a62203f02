/** A trained LSTM of characters: logits, states and text must be those of the reference. */

import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { counters } from "../../lib/core/context.ts";
import { tensor } from "../../lib/core/creation.ts";
import { noGrad } from "../../lib/core/gradient.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { CharRNN } from "../../lib/models/char_rnn.ts";
import { loadSafetensors } from "../../lib/nn/state_file.ts";
import { crossEntropy } from "../../lib/ops/losses.ts";
import { backward } from "../../lib/autograd/backward.ts";
import { assertClose } from "../support/close.ts";
import { dataPath, needsData } from "../support/data.ts";

const folder = dataPath("models/charlstm-bronte");

interface Golden {
  text: string;
  mean_nll_nats: number;
  greedy: { prompt: string; ids: number[]; text: string };
}

const readJson = (name: string) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8"));

/** The model; the file has the table of vectors under the name of its tensor. */
function loadModel(): CharRNN {
  using _ = scope();
  const state = loadSafetensors(`${folder}/model.safetensors`);
  state.set("embedding.weight", state.get("embedding")!);
  state.delete("embedding");
  const model = new CharRNN({ vocabSize: 108, embeddingSize: 128, hiddenSize: 128 });
  model.loadStateDict(state);
  return model;
}

function idsOf(text: string): Int32Array {
  const vocabulary: Record<string, number> = readJson("vocab.json");
  return Int32Array.from(text, (character) => vocabulary[character]);
}

const numbers = (x: Tensor): Float32Array => x.contiguous().read() as Float32Array;

test("charlstm: logits at every position and final states", needsData, () => {
  using _ = scope();
  using model = loadModel();
  const golden: Golden = readJson("golden.json");
  const expected = loadSafetensors(`${folder}/golden.safetensors`);
  const ids = idsOf(golden.text);
  assertEquals(ids, expected.get("ids")!.read());
  noGrad(() => {
    const { logits, hidden, cell } = model.forward(tensor(ids));
    assertClose(numbers(logits), numbers(expected.get("logits")!), {
      absolute: 1e-4,
      reason: "rounding is carried on over 1,024 steps",
    });
    assertClose(numbers(hidden), numbers(expected.get("h_n")!));
    assertClose(numbers(cell), numbers(expected.get("c_n")!), {
      absolute: 5e-3,
      relative: 1e-5,
      reason: "cells are sums over 1,024 steps, up to 975, where neighbouring f32 lie 6e-5 apart",
    });
    const next = tensor(ids.subarray(1));
    const loss = crossEntropy(logits.slice(0, 0, ids.length - 1), next).item();
    assert(Math.abs(loss - golden.mean_nll_nats) < 1e-5);
  });
});

test("charlstm: greedy text, one character at a time, without allocations", needsData, () => {
  using _ = scope();
  using model = loadModel();
  const { prompt, ids, text }: Golden["greedy"] = readJson("golden.json").greedy;
  const characters = new Map(
    Object.entries(readJson("vocab.json")).map(([character, id]) => [id as number, character]),
  );
  noGrad(() => {
    let output = model.forward(tensor(idsOf(prompt)));
    const written: number[] = [];
    let before = 0;
    for (let i = 0; i < ids.length; i++) {
      const last = output.logits.slice(0, -1, output.logits.shape[0]).read();
      written.push(last.indexOf(Math.max(...last)));
      output = model.forward(tensor(Int32Array.of(written[i])), output);
      if (i === 0) before = counters().allocationCount;
    }
    assertEquals(written, ids);
    assertEquals(written.map((id) => characters.get(id)).join(""), text);
    assertEquals(counters().allocationCount, before);
  });
});

test("charlstm: pieces of a batch are its sequences", needsData, () => {
  using _ = scope();
  using model = loadModel();
  const ids = idsOf(readJson("golden.json").text).subarray(0, 60);
  noGrad(() => {
    const batch = model.forward(tensor(ids, { shape: [20, 3] }));
    const second = model.forward(tensor(ids.filter((_, i) => i % 3 === 1)));
    assertClose(numbers(batch.logits.slice(1, 1, 2)), numbers(second.logits));
  });
});

test("charlstm: a step along the gradient makes the text likelier", needsData, () => {
  using _ = scope();
  using model = loadModel();
  const ids = idsOf(readJson("golden.json").text).subarray(0, 65);
  const loss = () =>
    crossEntropy(model.forward(tensor(ids.subarray(0, 64))).logits, tensor(ids.subarray(1)));
  const before = loss();
  backward(before);
  for (const parameter of model.parameters()) {
    const values = parameter.tensor.read() as Float32Array;
    const gradient = parameter.grad!.read();
    parameter.tensor.write(values.map((value, i) => value - 0.1 * gradient[i]));
  }
  assert(loss().item() < before.item() - 1e-3);
});

test("charlstm: a step of training allocates nothing after the first", needsData, () => {
  using _ = scope();
  using model = loadModel();
  const ids = idsOf(readJson("golden.json").text).subarray(0, 65);
  const allocations = [1, 2, 3].map(() => {
    using _ = scope();
    const { logits } = model.forward(tensor(ids.subarray(0, 64), { shape: [16, 4] }));
    backward(crossEntropy(logits.reshape([64, 108]), tensor(ids.subarray(1))));
    return counters().allocationCount;
  });
  assertEquals(allocations[1], allocations[0]);
  assertEquals(allocations[2], allocations[0]);
});
