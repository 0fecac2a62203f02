import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { zeros } from "../../lib/core/creation.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { QorusError } from "../../lib/native/error.ts";
import { conv1d, conv2d, convTranspose2d } from "../../lib/ops/convolution.ts";

test("convolution: infinities and NaN reach the pixels that read them, and no others", () => {
  using _ = scope();
  for (const special of [Infinity, NaN]) {
    for (const filters of [1, 5]) {
      const x = zeros([1, 1, 6, 7]);
      const values = x.read();
      values[2 * 7 + 6] = special;
      x.write(values);
      const weight = zeros([filters, 1, 3, 3]).fill(1);
      const result = conv2d(x, weight).read();
      for (let i = 0; i < result.length; i++) {
        const [row, column] = [Math.floor(i / 5) % 4, i % 5];
        const expected = row <= 2 && column === 4 ? special : 0;
        assert(
          Object.is(result[i], expected),
          `${filters} filters, ${row}, ${column}: ${result[i]}`,
        );
      }
    }
  }
});

test("convolution: what does not fit is refused with its sizes", () => {
  using _ = scope();
  const fails = (run: () => Tensor, code: string, part: string) =>
    assertEquals(assertThrows(run, QorusError, part).code, code);
  const [x, weight] = [zeros([1, 4, 5, 5]), zeros([6, 4, 3, 3])];
  fails(() => conv2d(zeros([1, 3, 5, 5]), weight), "invalid_shape", "3 channels");
  fails(() => conv2d(zeros([4, 5, 5]), weight), "invalid_shape", "expected rank 4");
  fails(() => conv2d(x, zeros([6, 4, 7, 3])), "invalid_shape", "spans 7 of 5 rows");
  fails(() => conv2d(x, zeros([6, 4, 0, 3])), "invalid_shape", "is empty");
  fails(() => conv2d(x, weight, zeros([5])), "invalid_shape", "bias is [5], expected [6]");
  fails(
    () => conv2d(x, zeros([5, 2, 3, 3]), undefined, { groups: 2 }),
    "invalid_shape",
    "2 groups",
  );
  fails(() => conv2d(x, weight, undefined, { stride: 0 }), "invalid_argument", "stride 0");
  fails(() => conv2d(x, weight, undefined, { padding: -1 }), "invalid_argument", "-1");
  fails(() => conv2d(x, weight, undefined, { dilation: 1.5 }), "invalid_argument", "1.5");
  fails(() => conv2d(zeros([1, 4, 0, 5]), weight), "invalid_shape", "of 0 rows");
  fails(() => conv1d(x, weight), "invalid_shape", "expected 3");
  const outputPadding = () =>
    convTranspose2d(x, zeros([4, 2, 3, 3]), undefined, { outputPadding: 1 });
  fails(outputPadding, "invalid_argument", "must be below");
  const nothingLeft = () => convTranspose2d(x, zeros([4, 2, 1, 1]), undefined, { padding: 3 });
  fails(nothingLeft, "invalid_shape", "-1 rows");
});
