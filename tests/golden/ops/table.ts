/**
 * The one table of operations: it drives the golden tests and the finite differences of
 * `../ops.test.ts`, and `tools/generate_ops_page.ts` prints it as `docs/ops.md`.
 *
 * @module
 */

import { attention } from "./attention.ts";
import { convolution } from "./convolution.ts";
import { elementwise } from "./elementwise.ts";
import { losses } from "./losses.ts";
import { normalization } from "./normalization.ts";
import { other } from "./other.ts";
import { pooling } from "./pooling.ts";
import { products } from "./products.ts";
import { recurrent } from "./recurrent.ts";
import { reductions } from "./reductions.ts";
import type { OpFamily } from "./row.ts";
import { shapes } from "./shapes.ts";
import { activationFunctions, mathematics } from "./unary.ts";

/** All families, in the order of docs/ops.md. */
export const families: readonly OpFamily[] = [
  elementwise,
  mathematics,
  activationFunctions,
  reductions,
  products,
  shapes,
  normalization,
  attention,
  convolution,
  pooling,
  recurrent,
  losses,
  other,
];
