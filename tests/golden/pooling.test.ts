import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { zeros } from "../../lib/core/creation.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { QorusError } from "../../lib/native/error.ts";
import { adaptiveAvgPool2d, avgPool2d, maxPool2d } from "../../lib/ops/pooling.ts";

test("pooling: what does not fit is refused", () => {
  using _ = scope();
  const fails = (run: () => Tensor, code: string, part: string) =>
    assertEquals(assertThrows(run, QorusError, part).code, code);
  const x = zeros([1, 2, 4, 5]);
  fails(() => maxPool2d(x, 6), "invalid_shape", "spans 6 of 4 rows");
  fails(() => maxPool2d(x, 2, { padding: 2 }), "invalid_argument", "half of the kernel");
  fails(() => maxPool2d(x, 0), "invalid_argument", "between 1");
  fails(() => avgPool2d(x, 2, { stride: 0.5 }), "invalid_argument", "0.5");
  fails(() => avgPool2d(zeros([2, 4, 5]), 2), "invalid_shape", "expected rank 4");
  fails(() => adaptiveAvgPool2d(x, 0), "invalid_shape", "no size may be 0");
  fails(() => adaptiveAvgPool2d(zeros([1, 1, 0, 3]), 1), "invalid_shape", "no size may be 0");
});
