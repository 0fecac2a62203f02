/**
 * What is to be reached, by kind of operation.
 *
 * @module
 */

import type { Case, Group } from "./cases.ts";

/** Least ratios to the others; absent where none was set. */
export interface Targets {
  /** To the best of those that write into ready buffers. */
  readonly best?: number;
  /** To PyTorch as people call it, with results larger than the caches. */
  readonly fresh?: number;
  /** Share of memory's speed with operands larger than the caches. */
  readonly memory?: number;
}

const memoryBound: Targets = { best: 1, fresh: 4, memory: 0.8 };

const targets: Readonly<Partial<Record<Group, Targets>>> = {
  "products": { best: 1 },
  "bf16-products": { best: 0.95 },
  "elementwise": memoryBound,
  "rows": memoryBound,
};

/** Elements that no cache holds. */
const largeElements = 1 << 24;

/** What a case is to reach. */
export function targetsOf({ group, shape }: Case): Targets {
  const { best, ...ofLarge } = targets[group] ?? {};
  const isLarge = shape.reduce((product, size) => product * size, 1) >= largeElements;
  return isLarge ? { best, ...ofLarge } : { best };
}
