/**
 * Where the time of a training step goes, by export of the native library.
 *
 * @module
 */

import { context } from "../../lib/core/context.ts";

/** Time inside of one export. */
export interface OpTime {
  /** The export's name, without `q_`. */
  readonly op: string;
  readonly calls: number;
  readonly milliseconds: number;
}

/** Measures every call of an export while `run` runs; the time left over is TypeScript's. */
export function measureOps(run: () => void): OpTime[] {
  const native = context().native as unknown as Record<string, (...given: number[]) => number>;
  const originals = { ...native };
  const totals = new Map<string, { calls: number; milliseconds: number }>();
  for (const [name, original] of Object.entries(originals)) {
    const total = { calls: 0, milliseconds: 0 };
    totals.set(name.replace(/^q_/, ""), total);
    native[name] = (...given) => {
      const start = performance.now();
      const result = original(...given);
      total.milliseconds += performance.now() - start;
      total.calls++;
      return result;
    };
  }
  const start = performance.now();
  try {
    run();
  } finally {
    Object.assign(native, originals);
  }
  const whole = performance.now() - start;
  const times = [...totals].map(([op, total]) => ({ op, ...total }));
  const inside = times.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return [...times, { op: "(TypeScript)", calls: 1, milliseconds: whole - inside }]
    .filter(({ calls }) => calls > 0)
    .sort((a, b) => b.milliseconds - a.milliseconds);
}
