/**
 * Where a run's numbers are going.
 *
 * @module
 */

/** A mean in which older values count less and less, right from the first value on. */
export class RunningMean {
  readonly #decay: number;
  #sum = 0;
  #weight = 0;

  /** @param span how many of the last values make up most of it */
  constructor(span: number) {
    this.#decay = (span - 1) / (span + 1);
  }

  /** Takes a value in. */
  add(value: number): void {
    this.#sum = this.#sum * this.#decay + value;
    this.#weight = this.#weight * this.#decay + 1;
  }

  /** The mean; NaN before the first value. */
  get value(): number {
    return this.#sum / this.#weight;
  }
}

/** Where a loss is going. */
export type Direction = "falling" | "flat" | "rising";

const fewestLosses = 10;
/** Changes below this share of the loss are noise. */
const flatShare = 0.005;
const historyLength = 32;

/** A loss smoothed, its direction, and its shape over the whole run. */
export class LossTrend {
  readonly #recent = new RunningMean(20);
  readonly #before = new RunningMean(100);
  #last = NaN;
  #count = 0;
  #groupSize = 1;
  #groupCount = 0;
  #groupMean = 0;
  #history: number[] = [];

  /** Takes the loss of a step in; one that is not finite is shown but not averaged. */
  add(loss: number): void {
    this.#last = loss;
    if (!Number.isFinite(loss)) return;
    this.#recent.add(loss);
    this.#before.add(loss);
    this.#count += 1;
    this.#groupCount += 1;
    this.#groupMean += (loss - this.#groupMean) / this.#groupCount;
    if (this.#groupCount === this.#groupSize) this.#endGroup();
  }

  /** The loss smoothed over some 20 steps; the last one as it was where it is not finite. */
  get loss(): number {
    return Number.isFinite(this.#last) ? this.#recent.value : this.#last;
  }

  /** Where it is going; nothing before there are enough losses to tell. */
  get direction(): Direction | undefined {
    if (this.#count < fewestLosses || !Number.isFinite(this.#last)) return undefined;
    const change = this.#recent.value - this.#before.value;
    if (Math.abs(change) <= flatShare * Math.abs(this.#before.value)) return "flat";
    return change < 0 ? "falling" : "rising";
  }

  /** Means over the run in at most 32 groups of equally many steps. */
  get history(): readonly number[] {
    return this.#history;
  }

  #endGroup(): void {
    this.#history.push(this.#groupMean);
    this.#groupCount = 0;
    this.#groupMean = 0;
    if (this.#history.length < historyLength) return;
    // Neighbors merge and groups grow, so that a run of any length keeps its shape.
    this.#groupSize *= 2;
    this.#history = Array.from(
      { length: historyLength / 2 },
      (_, i) => (this.#history[2 * i] + this.#history[2 * i + 1]) / 2,
    );
  }
}

/** After this many seconds, what was measured before counts for a third. */
const speedSeconds = 30;

/** How many steps a second a run takes, pauses for validation included. */
export class StepSpeed {
  #steps = 0;
  #seconds = 0;
  #lastStep: number;
  #lastSeconds: number | undefined;

  /** @param step steps taken before; a run that begins is at 0 seconds */
  constructor(step: number) {
    this.#lastStep = step;
    this.#lastSeconds = step === 0 ? 0 : undefined;
  }

  /** Takes a step's number and its time in. */
  add(step: number, seconds: number): void {
    if (this.#lastSeconds !== undefined) {
      const passed = Math.max(0, seconds - this.#lastSeconds);
      const decay = Math.exp(-passed / speedSeconds);
      this.#steps = this.#steps * decay + Math.max(0, step - this.#lastStep);
      this.#seconds = this.#seconds * decay + passed;
    }
    this.#lastStep = step;
    this.#lastSeconds = seconds;
  }

  /** Steps per second; nothing before it can be told. */
  get perSecond(): number | undefined {
    return this.#seconds > 0 && this.#steps > 0 ? this.#steps / this.#seconds : undefined;
  }
}
