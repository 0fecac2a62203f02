/**
 * Measures cases: all contenders in turns.
 *
 * @module
 */

import { memoryBandwidth } from "../support/roofline.ts";
import type { Case, Group } from "./cases.ts";
import { Contender, type Described } from "./contender.ts";
import type { Result, Timed } from "./results.ts";
import { isLarge } from "./targets.ts";

/** How to measure. */
export interface Plan {
  readonly threads: number;
  /** The Python that has PyTorch and NumPy. */
  readonly python: string;
  /** Turns of each way. */
  readonly repeat: number;
  /** A turn's length, about. */
  readonly milliseconds: number;
}

/** One way of one contender, with the times of its turns. */
interface Way extends Timed {
  readonly contender: Contender;
  readonly microseconds: number[];
}

/** Those beside Qorus that compute a group's cases. */
type Rivals = readonly ("ready" | "fresh" | "numpy")[];

/** PyTorch into ready buffers and as people call it, where both can differ. */
const both: Rivals = ["ready", "fresh"];

const rivals: Readonly<Record<Group, Rivals>> = {
  "products": ["ready", "numpy"],
  "bf16-products": ["ready"],
  "elementwise": both,
  "rows": both,
  "reductions": both,
  "convolutions": ["ready"],
  "recurrent": ["ready"],
  "attention": ["ready"],
  "optimizers": ["ready"],
  "calls": both,
};

/** Measures a case in turns; the first contender is Qorus. */
async function measure(
  item: Case,
  contenders: readonly Contender[],
  { threads, repeat, milliseconds }: Plan,
): Promise<Pick<Result, "qorus" | "others" | "productGigaflops">> {
  const ways: Way[] = [];
  for (const contender of contenders) {
    for (const way of await contender.prepare(item, threads)) {
      ways.push({ way, contender, microseconds: [] });
    }
  }
  // Touches memory, wakes threads, lets the runtimes compile.
  for (const { contender, way } of ways) await contender.measure(way, milliseconds);
  const productGigaflops: number[] = [];
  for (let turn = 0; turn < repeat; turn++) {
    productGigaflops.push(await contenders[0].product());
    for (const it of turn % 2 === 0 ? ways : ways.toReversed()) {
      it.microseconds.push((await it.contender.measure(it.way, milliseconds)).microseconds);
    }
  }
  const [qorus, ...others] = ways.map(({ way, microseconds }) => ({ way, microseconds }));
  return { qorus, others, productGigaflops };
}

/** Starts those that compute one of the groups. */
function startRivals(
  groups: readonly Group[],
  { threads, python }: Plan,
  stack: DisposableStack,
): ReadonlyMap<Rivals[number], Contender> {
  const starts: Record<Rivals[number], () => Contender> = {
    ready: () => Contender.readyPyTorch(python),
    fresh: () => Contender.freshPyTorch(python),
    numpy: () => Contender.numpy(python, threads),
  };
  const kinds = new Set(groups.flatMap((group) => rivals[group]));
  return new Map([...kinds].map((kind) => [kind, stack.use(starts[kind]())]));
}

/** Measures cases with one number of threads; says who took part. */
export async function measureAll(
  items: readonly Case[],
  plan: Plan,
): Promise<{ results: Result[]; names: string[] }> {
  using stack = new DisposableStack();
  const qorus = stack.use(Contender.qorus());
  const started = startRivals(items.map(({ group }) => group), plan, stack);
  const described = await qorus.describe();
  const others = await Promise.all([...started.values()].map((it) => it.describe()));
  const nameOf = ({ name, kernels, runtime }: Described) => `${name} (${kernels}, ${runtime})`;
  const names = [...new Set([described, ...others].map(nameOf))];
  const { multipliesBf16 = false } = described;
  const { threads } = plan;
  const results: Result[] = [];
  for (const item of items) {
    console.error(`${item.name}, ${threads} threads`);
    const contenders = [qorus, ...rivals[item.group].map((kind) => started.get(kind)!)];
    const measured = await measure(item, contenders, plan);
    const memory = isLarge(item)
      ? { memoryGigabytesPerSecond: await memoryBandwidth(threads) }
      : {};
    results.push({ item, threads, ...measured, ...memory, multipliesBf16 });
  }
  return { results, names };
}
