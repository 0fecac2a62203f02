/**
 * What is to be reached, by kind of operation.
 *
 * @module
 */

import type { Case, Group } from "./cases.ts";

/** Least ratios to the others; absent where none was set. */
export interface Targets {
  /** To the best of those that are at least as well prepared as Qorus. */
  readonly best?: number;
  /** To PyTorch as people call it, with results larger than the caches. */
  readonly fresh?: number;
  /** Per cent of memory's bandwidth with operands larger than the caches. */
  readonly bandwidth?: number;
}

const memoryBound: Targets = { best: 1, fresh: 4, bandwidth: 80 };

const targets: Readonly<Partial<Record<Group, Targets>>> = {
  "products": { best: 1 },
  "bf16-products": { best: 0.95 },
  "elementwise": memoryBound,
  "rows": memoryBound,
  "convolutions": { best: 1 },
  "recurrent": { best: 1 },
  "attention": { best: 1 },
  "optimizers": { best: 1, bandwidth: 80 },
};

/** A step of a network that has almost nothing to compute. */
const ofStep: Targets = { best: 8 };

/** Bytes that no cache holds. */
const largeBytes = 2 ** 26;

/** Whether a call moves more than the caches hold. */
export function isLarge({ bytes = 0 }: Case): boolean {
  return bytes >= largeBytes;
}

/**
 * What a case is to reach.
 *
 * @param multipliesBf16 whether the processor does; products in bf16 are to reach nothing elsewhere
 */
export function targetsOf(item: Case, multipliesBf16: boolean): Targets {
  const { group, op } = item;
  if (group === "calls") return op === "step" ? ofStep : {};
  if (group === "bf16-products" && !multipliesBf16) return {};
  const { best, ...ofLarge } = targets[group] ?? {};
  return isLarge(item) ? { best, ...ofLarge } : { best };
}
