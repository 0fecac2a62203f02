/**
 * Fits a line with nothing but tensors, `backward()` and subtraction, and checks the gradients
 * against those that calculus gives.
 *
 *   bun examples/autograd-by-hand/main.ts
 *   deno run -A examples/autograd-by-hand/main.ts
 *
 * @module
 */

import { add, mean, mul, noGrad, pow, scope, sub, tensor } from "@qorus/qorus";

// Four points of y = 3x + 1, and a line that knows nothing yet.
const x = tensor([0, 1, 2, 3]);
const y = tensor([1, 4, 7, 10]);
const slope = tensor([0]);
const offset = tensor([0]);
slope.requiresGrad = true;
offset.requiresGrad = true;

const widths = [8, 11, 9, 11, 9];
console.log("step     loss   dL/dslope   by hand  dL/doffset   by hand");
for (let step = 0; step <= 100; step++) {
  using _ = scope(); // what a step computes ends with it
  const error = sub(add(mul(slope, x), offset), y);
  const loss = mean(pow(error, 2));

  slope.zeroGrad();
  offset.zeroGrad();
  loss.backward();

  if (step % 20 === 0) {
    // The loss is mean(e^2) with e = slope * x + offset - y; the chain rule does the rest.
    const slopeByHand = mul(2, mean(mul(error, x)));
    const offsetByHand = mul(2, mean(error));
    const row = [loss, slope.grad!, slopeByHand, offset.grad!, offsetByHand];
    console.log(
      `${step}`.padStart(4),
      ...row.map((n, i) => n.item().toFixed(4).padStart(widths[i])),
    );
  }

  // Against the gradient, a tenth of its length: in place, and not recorded.
  noGrad(() => {
    for (const parameter of [slope, offset]) {
      sub(parameter, mul(0.1, parameter.grad!), { out: parameter });
    }
  });
}
console.log(`y = ${slope.item().toFixed(2)} x + ${offset.item().toFixed(2)}`);
