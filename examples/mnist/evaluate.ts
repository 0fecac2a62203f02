/**
 * How good a classifier is.
 *
 * @module
 */

import { argmax, type nn, noGrad, scope, type train } from "@qorus/qorus";

/** The share of images whose class the model finds. */
export function accuracy(model: nn.Module, images: train.DataLoader<"x" | "y">): number {
  let right = 0;
  let count = 0;
  model.eval();
  for (const { x, y } of images) {
    using _ = scope();
    const found = noGrad(() => argmax(model.forward(x), { axis: -1 })).data;
    const labels = y.data;
    for (let i = 0; i < found.length; i++) right += Number(found[i] === labels[i]);
    count += found.length;
  }
  model.train();
  return right / count;
}
