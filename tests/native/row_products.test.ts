import { test } from "node:test";
import { assertEquals } from "@std/assert";
import "../../lib/autograd/backward.ts";
import { tensor } from "../../lib/core/creation.ts";
import { Random } from "../../lib/core/random.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { mul } from "../../lib/ops/elementwise.ts";
import { assertClose } from "../support/close.ts";

const random = new Random(7);

function leaf(...shape: number[]): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const made = tensor(Float32Array.from({ length: size }, () => random.normal()), { shape });
  made.requiresGrad = true;
  return made;
}

/** Gradients of a product of leaves, where the product's gradient is `weight`. */
function gradients(product: Tensor, weight: Tensor, leaves: readonly Tensor[]): Float32Array[] {
  product.backward({ gradient: weight });
  const found = leaves.map(({ grad }) => Float32Array.from(grad!.data as Float32Array));
  for (const it of leaves) it.grad = undefined;
  return found;
}

for (const shape of [[1, 1], [5, 3], [3, 4, 33], [200, 77], [0, 4]]) {
  test(`a row that multiplies [${shape}] has the gradients of one that is repeated`, () => {
    using _ = scope();
    const columns = shape[shape.length - 1];
    const [x, row, weight] = [leaf(...shape), leaf(columns), leaf(...shape)];
    // A matrix of one row is multiplied as any other operand that is repeated.
    const repeated = gradients(mul(x, row.view([1, columns])), weight, [x, row]);
    for (const product of [mul(x, row), mul(row, x)]) {
      const [ofX, ofRow] = gradients(product, weight, [x, row]);
      assertEquals(ofX, repeated[0]);
      assertClose(ofRow, repeated[1], { absolute: 1e-4, reason: "sums of rows in another order" });
    }
  });
}
