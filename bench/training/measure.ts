/**
 * Measures one network: all contenders in turns.
 *
 * @module
 */

import { loadavg } from "node:os";
import { QorusError } from "../../lib/native/error.ts";
import {
  Contender,
  type Loaded,
  type PytorchVariant,
  type Setting,
  type Turn,
} from "./contender.ts";
import type { Result, Side } from "./results.ts";

/** How to measure. */
export interface Plan {
  /** Turns of each contender. */
  readonly repeat: number;
  /** A turn's length, about. */
  readonly milliseconds: number;
  /** The Python that has PyTorch. */
  readonly python: string;
  /** PyTorch's variants to compare with. */
  readonly peers: readonly PytorchVariant[];
  /** Whether to say where Qorus's time goes. */
  readonly profile: boolean;
}

/** A contender that has made its network, and its turns so far. */
interface Entry {
  readonly contender: Contender;
  readonly loaded: Loaded;
  readonly turns: Turn[];
}

/** Milliseconds of steps before turns begin: they touch memory, wake threads and compile. */
const warmUpMilliseconds = 300;

/** Trains with each contender in turns. */
export async function measure(setting: Setting, plan: Plan): Promise<Result> {
  using stack = new DisposableStack();
  const qorus = stack.use(Contender.qorus());
  const peers = plan.peers.map((name) => stack.use(Contender.pytorch(plan.python, name)));
  const entries = await loadAll(setting, [qorus, ...peers]);
  const able = entries.filter(({ loaded }) => loaded.unavailable === undefined);
  let slowest = 0;
  for (const { contender } of able) {
    await contender.product();
    slowest = Math.max(slowest, await warmUp(contender));
  }
  const count = Math.max(1, Math.round(plan.milliseconds / slowest));
  const loadAverage = loadavg()[0];
  for (let turn = 0; turn < plan.repeat; turn++) {
    for (const { contender, turns } of turn % 2 === 0 ? able : able.toReversed()) {
      turns.push(await takeTurn(contender, count));
    }
  }
  const profile = plan.profile ? await qorus.profile(count) : [];
  const sideOf = ({ contender, loaded, turns }: Entry): Side => {
    return { variant: contender.name, ...loaded, turns };
  };
  const [ours, ...others] = entries.map(sideOf);
  return { ...setting, steps: count, qorus: ours, pytorch: others, loadAverage, profile };
}

async function takeTurn(contender: Contender, count: number): Promise<Turn> {
  const productGigaflops = await contender.product();
  const measured = await contender.steps(count);
  const stepsPerSecond = 1000 * count / measured.milliseconds;
  return { ...measured, stepsPerSecond, productGigaflops };
}

async function loadAll(setting: Setting, contenders: readonly Contender[]): Promise<Entry[]> {
  const load = async (contender: Contender): Promise<Entry> => {
    return { contender, loaded: await contender.load(setting), turns: [] };
  };
  const entries = await Promise.all(contenders.map(load));
  const counts = new Set(entries.map(({ loaded }) => loaded.parameters));
  if (counts.size === 1) return entries;
  throw new QorusError(
    "internal",
    `${setting.workload}: the networks differ: ${[...counts].join(" and ")} parameters`,
  );
}

/** Trains for a while; gives the milliseconds of a step in the last part of it. */
async function warmUp(contender: Contender): Promise<number> {
  let count = 2;
  for (let spent = 0; true; count *= 2) {
    const { milliseconds } = await contender.steps(count);
    spent += milliseconds;
    if (spent >= warmUpMilliseconds) return milliseconds / count;
  }
}
