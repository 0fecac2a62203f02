import { test } from "node:test";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { empty, tensor } from "../../lib/core/creation.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import * as optim from "../../lib/optim/mod.ts";
import { assertClose } from "../support/close.ts";
import { GoldenFile } from "../support/golden.ts";

const golden = new GoldenFile("optimizers");
const stepCount = 20;
const names = ["matrix", "vector", "scalar"];

/** The parameters at their start, in scratch. */
function startParameters(): Map<string, Tensor> {
  return new Map(names.map((name) => [name, golden.tensor(`start/${name}`)]));
}

/** Sets the gradients of a step; `skipped` has none in every third. */
function setGradients(parameters: Map<string, Tensor>, step: number, skipped?: string): void {
  for (const [name, parameter] of parameters) {
    const { numbers } = golden.stored(`gradients/${name}`);
    const size = parameter.size;
    const values = numbers.slice(step * size, (step + 1) * size);
    parameter.grad = name === skipped && step % 3 === 1
      ? undefined
      : tensor(values, { shape: parameter.shape });
  }
}

function assertParameters(parameters: Map<string, Tensor>, name: string): void {
  for (const [key, parameter] of parameters) {
    const { numbers } = golden.stored(`${name}/expected_${key}`);
    assertClose(parameter.read(), numbers);
  }
}

type Make = (
  parameters: Iterable<[string, Tensor]>,
) => optim.SGD | optim.Adam | optim.RMSprop | optim.Lion;

const optimizers: Record<string, Make> = {
  sgd: (p) => new optim.SGD(p, { lr: 0.1 }),
  sgd_decay: (p) => new optim.SGD(p, { lr: 0.1, weightDecay: 0.05 }),
  sgd_momentum: (p) => new optim.SGD(p, { lr: 0.05, momentum: 0.9 }),
  sgd_dampening: (p) => new optim.SGD(p, { lr: 0.05, momentum: 0.9, dampening: 0.3 }),
  sgd_nesterov: (p) =>
    new optim.SGD(p, { lr: 0.05, momentum: 0.8, nesterov: true, weightDecay: 0.01 }),
  adam: (p) => new optim.Adam(p, { lr: 0.01 }),
  adam_decay: (p) =>
    new optim.Adam(p, { lr: 0.02, betas: [0.8, 0.95], epsilon: 1e-4, weightDecay: 0.1 }),
  adamw: (p) => new optim.AdamW(p, { lr: 0.01 }),
  adamw_decay: (p) => new optim.AdamW(p, { lr: 0.02, betas: [0.8, 0.95], weightDecay: 0.3 }),
  rmsprop: (p) => new optim.RMSprop(p, { lr: 0.01 }),
  rmsprop_centered: (p) =>
    new optim.RMSprop(p, { lr: 0.01, alpha: 0.9, centered: true, epsilon: 1e-3 }),
  rmsprop_momentum: (p) => new optim.RMSprop(p, { lr: 0.01, momentum: 0.9, weightDecay: 0.02 }),
  rmsprop_all: (p) =>
    new optim.RMSprop(p, { lr: 0.01, alpha: 0.9, momentum: 0.5, centered: true, epsilon: 1e-3 }),
  lion: (p) => new optim.Lion(p, { lr: 0.01, betas: [0.9, 0.99], weightDecay: 0.1 }),
};

for (const [name, make] of Object.entries(optimizers)) {
  const skipped = name === "lion" ? undefined : "vector";
  test(`golden: optimizer ${name}, ${stepCount} steps`, () => {
    using _ = scope();
    const parameters = startParameters();
    using optimizer = make(parameters);
    for (let step = 0; step < stepCount; step++) {
      setGradients(parameters, step, skipped);
      optimizer.step();
    }
    assertParameters(parameters, name);
  });

  test(`golden: optimizer ${name} goes on from its state`, () => {
    using _ = scope();
    const parameters = startParameters();
    using first = make(parameters);
    for (let step = 0; step < 9; step++) {
      setGradients(parameters, step, skipped);
      first.step();
    }
    using second = make(parameters);
    second.loadStateDict(first.stateDict());
    for (let step = 9; step < stepCount; step++) {
      setGradients(parameters, step, skipped);
      second.step();
    }
    assertParameters(parameters, name);
  });
}

test("golden: groups with options of their own", () => {
  using _ = scope();
  const parameters = startParameters();
  const [matrix, vector, scalar] = parameters.values();
  using optimizer = new optim.AdamW([
    { parameters: [matrix], lr: 0.03, weightDecay: 0.2 },
    { parameters: [vector, scalar], weightDecay: 0 },
  ], { lr: 0.01 });
  for (let step = 0; step < stepCount; step++) {
    setGradients(parameters, step);
    optimizer.step();
  }
  assertParameters(parameters, "groups");
});

const clips = {
  clip_norm_two: [1.5, 2],
  clip_norm_one: [10, 1],
  clip_norm_largest: [0.5, Infinity],
  clip_norm_within: [1000, 2],
} as const;

for (const [name, [bound, normType]] of Object.entries(clips)) {
  test(`golden: ${name}`, () => {
    using _ = scope();
    const parameters = startParameters();
    setGradients(parameters, 0);
    const norm = optim.clipGradNorm(parameters, bound, { normType });
    assertClose([norm], golden.stored(`${name}/expected_norm`).numbers);
    assertGradients(parameters, name);
  });
}

test("golden: clip_value", () => {
  using _ = scope();
  const parameters = startParameters();
  setGradients(parameters, 0);
  optim.clipGradValue(parameters.values(), 0.3);
  assertGradients(parameters, "clip_value");
});

function assertGradients(parameters: Map<string, Tensor>, name: string): void {
  for (const [key, { grad }] of parameters) {
    assertClose(grad!.read(), golden.stored(`${name}/expected_${key}`).numbers);
  }
}

/** A schedule, and what to call for step `index`. */
type MakeSchedule = (optimizer: optim.SGD) => (index: number) => void;

function plain(make: (optimizer: optim.SGD) => optim.Scheduler): MakeSchedule {
  return (optimizer) => {
    const schedule = make(optimizer);
    return () => schedule.step();
  };
}

function plateau(options: optim.ReduceLROnPlateauOptions): MakeSchedule {
  return (optimizer) => {
    const schedule = new optim.ReduceLROnPlateau(optimizer, options);
    const { numbers } = golden.stored("plateau/metrics");
    return (index) => schedule.step(numbers[index]);
  };
}

const schedules: Record<string, MakeSchedule> = {
  step_lr: plain((o) => new optim.StepLR(o, { stepSize: 7, gamma: 0.5 })),
  multi_step_lr: plain((o) =>
    new optim.MultiStepLR(o, { milestones: [3, 11, 11, 30], gamma: 0.3 })
  ),
  exponential_lr: plain((o) => new optim.ExponentialLR(o, { gamma: 0.93 })),
  cosine_annealing_lr: plain((o) => new optim.CosineAnnealingLR(o, { tMax: 20, etaMin: 0.001 })),
  cosine_warmup_lr: plain((o) => new optim.CosineWarmupLR(o, { warmupSteps: 8, totalSteps: 51 })),
  linear_lr: plain((o) =>
    new optim.LinearLR(o, { startFactor: 0.2, endFactor: 0.8, totalIters: 13 })
  ),
  linear_lr_defaults: plain((o) => new optim.LinearLR(o)),
  one_cycle_lr: plain((o) => new optim.OneCycleLR(o, { maxLr: [0.4, 0.7], totalSteps: 51 })),
  one_cycle_lr_linear: plain((o) =>
    new optim.OneCycleLR(o, {
      maxLr: 0.4,
      totalSteps: 60,
      pctStart: 0.4,
      annealStrategy: "linear",
      threePhase: true,
      baseMomentum: 0.8,
      maxMomentum: 0.9,
      divFactor: 10,
      finalDivFactor: 100,
    })
  ),
  plateau_min: plateau({ factor: 0.5, patience: 3, cooldown: 2, minLr: 0.01 }),
  plateau_max: plateau({ mode: "max", factor: 0.3, patience: 1, threshold: 0.05 }),
  plateau_absolute: plateau({ thresholdMode: "abs", threshold: 0.1, patience: 2 }),
};

for (const [name, make] of Object.entries(schedules)) {
  test(`golden: schedule ${name}, 50 steps`, () => {
    using _ = scope();
    using optimizer = new optim.SGD(
      [{ parameters: [empty([1])] }, { parameters: [empty([1])], lr: 0.3 }],
      { lr: 0.1, momentum: 0.9 },
    );
    const step = make(optimizer);
    const rates = golden.stored(`${name}/expected_lr`).numbers;
    const momenta = golden.stored(`${name}/expected_momentum`).numbers;
    for (let index = 0; index <= 50; index++) {
      for (const [group, { options }] of optimizer.groups.entries()) {
        const expected = rates[2 * index + group];
        assertAlmostEquals(options.lr, expected, 1e-6 * Math.abs(expected) + 1e-9);
        assertAlmostEquals(options.momentum, momenta[2 * index + group], 1e-6);
      }
      if (index < 50) step(index);
    }
  });
}

test("golden: no optimizer or schedule is forgotten", () => {
  const named = new Set([
    ...["start", "gradients", "groups", "clip_value", "plateau"],
    ...Object.keys(optimizers),
    ...Object.keys(clips),
    ...Object.keys(schedules),
  ]);
  assertEquals([...golden.cases].filter((name) => !named.has(name)), []);
});
