import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { ones, tensor, zeros } from "../../lib/core/creation.ts";
import { scope } from "../../lib/core/scope.ts";
import { QorusError } from "../../lib/native/error.ts";
import { batchNorm, groupNorm } from "../../lib/ops/channel_norm.ts";
import { embedding } from "../../lib/ops/embedding.ts";
import * as ops from "../../lib/ops/normalization.ts";
import { assertClose } from "../support/close.ts";
import { GoldenFile } from "../support/golden.ts";

const golden = new GoldenFile("normalization");
const epsilon = 1e-5;

for (const name of ["vectors", "one_channel", "sequence", "images", "pixels", "long"]) {
  test(`golden: batch_norm_${name}_train, running statistics`, () => {
    using _ = scope();
    const input = (key: string) => golden.tensor(`batch_norm_${name}_train/${key}`);
    const [runningMean, runningVariance] = [input("running_mean"), input("running_variance")];
    batchNorm(input("x"), { runningMean, runningVariance, training: true, momentum: 0.3 });
    const expected = (key: string) => golden.stored(`batch_norm_${name}_train/${key}`).numbers;
    assertClose(runningMean.read(), expected("expected_mean"));
    assertClose(runningVariance.read(), expected("expected_variance"));
  });
}

test("normalization: bad operands are refused with what is wrong", () => {
  using _ = scope();
  const x = ones([2, 4, 3]);
  const fails = (run: () => unknown, part: string) => assertThrows(run, QorusError, part).code;
  assertEquals(fails(() => ops.softmax(x, { dim: 3 }), "dimension 3 of a tensor"), "out_of_range");
  assertEquals(
    fails(() => groupNorm(x, 3), "4 channels cannot be cut into 3 groups"),
    "invalid_shape",
  );
  assertEquals(fails(() => groupNorm(x, 0), "groups is 0, expected 1 or more"), "invalid_argument");
  assertEquals(fails(() => batchNorm(x), "runningMean and runningVariance"), "invalid_argument");
  assertEquals(
    fails(() => batchNorm(ones([1, 4]), { training: true }), "one value per channel"),
    "invalid_shape",
  );
  assertEquals(
    fails(() => batchNorm(x, { training: true, weight: ones([3]) }), "weight is [3], expected [4]"),
    "invalid_shape",
  );
  const learned = ones([4, 3]);
  learned.requiresGrad = true;
  assertEquals(
    fails(() => ops.addRmsNorm(learned, zeros([4, 3]), ones([3]), epsilon), "overwritten"),
    "invalid_argument",
  );
  assertEquals(
    fails(() => embedding(learned, tensor(Int32Array.of(4))), "id 4 at place 0"),
    "out_of_range",
  );
});
