/**
 * What the machine gives at a moment, by a computation that never changes.
 *
 * @module
 */

import { matmul, randn, scope } from "../../mod.ts";
import { median } from "./statistics.ts";

/** GFLOPS of `[512, 512]` f32 matrices with all of Qorus's threads: the median of 15 products. */
export function fixedProduct(): number {
  using _ = scope();
  const [a, b] = [randn([512, 512]), randn([512, 512])];
  const times = Array.from({ length: 15 }, () => {
    using _ = scope();
    const start = performance.now();
    matmul(a, b);
    return performance.now() - start;
  });
  return 2 * 512 ** 3 / median(times) / 1e6;
}
