/**
 * How good a classifier is.
 *
 * @module
 */

import { argmax, type nn, noGrad, scope, type Tensor } from "@qorus/qorus";
import { Batches, type Images } from "./data.ts";

/**
 * The share of images whose class the model finds.
 *
 * @param arrange brings a batch into the shape that the model takes
 */
export function accuracy(
  model: nn.Module,
  images: Images,
  arrange: (x: Tensor) => Tensor = (x) => x,
): number {
  using _ = scope();
  const batches = new Batches(images, Math.min(1000, images.count), { shuffled: false });
  let right = 0;
  let count = 0;
  model.eval();
  for (const { x, y } of batches) {
    using _ = scope();
    const found = noGrad(() => argmax(model.forward(arrange(x)), { axis: -1 })).data;
    const labels = y.data;
    for (let i = 0; i < found.length; i++) right += Number(found[i] === labels[i]);
    count += found.length;
  }
  model.train();
  return right / count;
}
