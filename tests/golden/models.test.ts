import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { configure, counters, libraryInfo } from "../../lib/core/context.ts";
import { noGrad } from "../../lib/core/gradient.ts";
import { scope } from "../../lib/core/scope.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { crossEntropy } from "../../lib/ops/losses.ts";
import * as optim from "../../lib/optim/mod.ts";
import { assertClose } from "../support/close.ts";
import { GoldenFile } from "../support/golden.ts";
import { type GoldenModel, goldenModels, stepCount } from "../support/golden_models.ts";

const golden = new GoldenFile("models");
/** Steps after which all memory has been taken: gradients and the optimizer's states are there. */
const warmUpSteps = 2;

/** PyTorch's state dict of a model. */
function stateOf(prefix: string): Map<string, Tensor> {
  return new Map(golden.names(prefix).map((name) => [name, golden.tensor(prefix + name)]));
}

/** Trains from PyTorch's initial weights; gives the losses and the allocations after warm-up. */
function train(row: GoldenModel): { losses: number[]; allocations: number } {
  using _ = scope();
  using model = row.make();
  model.loadStateDict(stateOf(`${row.name}/start/`));
  using optimizer = row.optimizer(model);
  const schedule = row.schedule?.(optimizer);
  const [x, y] = [golden.tensor(`${row.name}/x`), golden.tensor(`${row.name}/y`)];
  const [batchCount] = x.shape;
  const losses: number[] = [];
  let before = 0;
  for (let i = 0; i < stepCount; i++) {
    using _ = scope();
    const batch = (all: Tensor) => {
      const start = i % batchCount;
      return all.slice(0, start, start + 1).view(all.shape.slice(1));
    };
    if (i === warmUpSteps) before = counters().allocationCount;
    const logits = model.forward(batch(x));
    const loss = crossEntropy(logits.view([-1, logits.shape.at(-1)!]), batch(y).view([-1]));
    optimizer.zeroGrad();
    loss.backward();
    if (row.clip !== undefined) optim.clipGradNorm(model.parameters(), row.clip);
    optimizer.step();
    schedule?.step();
    losses.push(loss.item());
  }
  return { losses, allocations: counters().allocationCount - before };
}

for (const row of goldenModels) {
  test(`golden: ${row.name} trains as in PyTorch, without allocations, on any threads`, () => {
    const { threads } = libraryInfo();
    try {
      configure({ threads: 1 });
      const alone = train(row);
      configure({ threads: 2 });
      const shared = train(row);
      const expected = golden.stored(`${row.name}/expected_losses`).numbers;
      assertEquals(expected.length, stepCount);
      for (const [i, loss] of alone.losses.entries()) {
        const difference = Math.abs(loss - expected[i]);
        assert(difference <= 1e-3 * expected[i], `step ${i}: ${loss}, expected ${expected[i]}`);
      }
      assertEquals(shared.losses, alone.losses);
      assertEquals([alone.allocations, shared.allocations], [0, 0]);
    } finally {
      configure({ threads });
    }
  });

  test(`golden: ${row.name} with weights that PyTorch trained gives the same outputs`, () => {
    using _ = scope();
    using model = row.make();
    model.loadStateDict(stateOf(`${row.name}/trained/`));
    model.eval();
    const x = golden.tensor(`${row.name}/x`);
    const first = x.slice(0, 0, 1).view(x.shape.slice(1));
    const result = noGrad(() => model.forward(first));
    const { shape, numbers } = golden.stored(`${row.name}/expected_output`);
    assertEquals(result.shape, [...shape]);
    assertClose(result.read(), numbers);
  });
}

test("golden: no model is forgotten", () => {
  assertEquals([...golden.cases].sort(), goldenModels.map(({ name }) => name).sort());
});
