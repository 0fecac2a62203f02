/**
 * One cycle of the learning rate, up and down.
 *
 * @module
 */

import { QorusError } from "../../native/error.ts";
import { checkNumber, perGroup, type Schedulable, Scheduler } from "./scheduler.ts";

/** Options of {@linkcode OneCycleLR}. */
export interface OneCycleLROptions {
  /** The highest learning rate, for all groups or for each. */
  maxLr: number | readonly number[];
  /** Steps of the cycle. */
  totalSteps: number;
  /** Share of the steps in which the learning rate rises, 0 to 1. Default 0.3. */
  pctStart?: number;
  /** Along half a cosine wave or a line. Default `cos`. */
  annealStrategy?: "cos" | "linear";
  /** Lower the momentum while the learning rate rises, and the reverse. Default true. */
  cycleMomentum?: boolean;
  /** The lowest momentum. Default 0.85. */
  baseMomentum?: number;
  /** The highest momentum, and the first. Default 0.95. */
  maxMomentum?: number;
  /** The first learning rate is the highest divided by this. Default 25. */
  divFactor?: number;
  /** The last learning rate is the first divided by this. Default 1e4. */
  finalDivFactor?: number;
  /** Fall back to the first learning rate as fast as it rose, then on. Default false. */
  threePhase?: boolean;
}

/** From one step to another, the learning rate and momentum as shares of the way up. */
interface Phase {
  readonly end: number;
  readonly from: "initial" | "highest";
  readonly to: "initial" | "highest" | "lowest";
}

/** Options of a group that can carry momentum. */
interface MomentumOptions {
  lr: number;
  momentum?: number;
  betas?: readonly [number, number];
}

const name = "OneCycleLR";

/**
 * The 1cycle policy (Smith and Topin 2019): the learning rate rises from a low value to `maxLr`,
 * then falls far below where it began; the momentum does the opposite. Step it after every batch.
 *
 * @throws {QorusError} `invalid_argument` when an option is out of its range, when the optimizer
 * has no momentum to cycle, and when there are more steps than `totalSteps`.
 */
export class OneCycleLR extends Scheduler {
  /** Sets learning rates and momentum of step 0. */
  constructor(optimizer: Schedulable, options: OneCycleLROptions) {
    const { divFactor = 25, finalDivFactor = 1e4, totalSteps } = options;
    checkOptions(options);
    const highest = perGroup(name, "maxLr", options.maxLr, optimizer);
    const phases = phasesOf(options);
    const anneal = options.annealStrategy === "linear" ? alongLine : alongCosine;
    const moves = options.cycleMomentum ?? true;
    if (moves) checkMomentum(optimizer);
    super(optimizer, (_, count, group) => {
      checkCount(count, totalSteps);
      const [phase, progress] = placeOf(phases, count);
      const initial = highest[group] / divFactor;
      const rates = { initial, highest: highest[group], lowest: initial / finalDivFactor };
      if (moves) {
        const { baseMomentum = 0.85, maxMomentum = 0.95 } = options;
        const momenta = { initial: maxMomentum, highest: baseMomentum, lowest: maxMomentum };
        const momentum = anneal(momenta[phase.from], momenta[phase.to], progress);
        setMomentum(optimizer.groups[group].options, momentum);
      }
      return anneal(rates[phase.from], rates[phase.to], progress);
    });
  }
}

function checkOptions(options: OneCycleLROptions): void {
  checkNumber(name, "totalSteps", options.totalSteps, 1, true);
  const { pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4 } = options;
  checkNumber(name, "divFactor", divFactor, Number.MIN_VALUE);
  checkNumber(name, "finalDivFactor", finalDivFactor, Number.MIN_VALUE);
  if (pctStart >= 0 && pctStart <= 1) return;
  throw new QorusError("invalid_argument", `${name}: pctStart is ${pctStart}, expected 0 to 1`, {
    op: name,
    field: "pctStart",
    given: pctStart,
  });
}

function phasesOf({ totalSteps, pctStart = 0.3, threePhase = false }: OneCycleLROptions): Phase[] {
  const top = pctStart * totalSteps - 1;
  if (!threePhase) {
    return [
      { end: top, from: "initial", to: "highest" },
      { end: totalSteps - 1, from: "highest", to: "lowest" },
    ];
  }
  return [
    { end: top, from: "initial", to: "highest" },
    { end: 2 * top, from: "highest", to: "initial" },
    { end: totalSteps - 1, from: "initial", to: "lowest" },
  ];
}

/** The phase that a step belongs to, and how far it is in it. */
function placeOf(phases: readonly Phase[], count: number): [Phase, number] {
  let start = 0;
  for (const phase of phases) {
    if (count <= phase.end) {
      const length = phase.end - start;
      return [phase, length === 0 ? 1 : (count - start) / length];
    }
    start = phase.end;
  }
  return [phases[phases.length - 1], 1];
}

function alongCosine(from: number, to: number, progress: number): number {
  return to + (from - to) / 2 * (Math.cos(Math.PI * progress) + 1);
}

function alongLine(from: number, to: number, progress: number): number {
  return from + (to - from) * progress;
}

function checkCount(count: number, totalSteps: number): void {
  if (count < totalSteps) return;
  throw new QorusError(
    "invalid_argument",
    `${name}: step ${count} of a cycle of ${totalSteps} steps: make totalSteps larger`,
    { op: name, given: count, expected: totalSteps - 1 },
  );
}

function checkMomentum({ groups }: Schedulable): void {
  const lacks = ({ options }: { options: MomentumOptions }) =>
    options.betas === undefined && !(options.momentum! > 0);
  if (!groups.some(lacks)) return;
  throw new QorusError(
    "invalid_argument",
    `${name}: the optimizer has no momentum: give it one, or set cycleMomentum to false`,
    { op: name, field: "cycleMomentum" },
  );
}

function setMomentum(options: MomentumOptions, momentum: number): void {
  if (options.betas === undefined) options.momentum = momentum;
  else options.betas = [momentum, options.betas[1]];
}
