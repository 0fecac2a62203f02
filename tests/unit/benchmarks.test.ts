import { test } from "node:test";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type Case, cases, choose } from "../../bench/ops/cases.ts";
import { judged as judgedOperation, type Result } from "../../bench/ops/results.ts";
import { targetsOf } from "../../bench/ops/targets.ts";
import { countVerdicts, judge, summaryLine } from "../../bench/support/verdicts.ts";
import { targetText, verdictText } from "../../bench/support/verdicts.ts";
import type { Turn } from "../../bench/training/contender.ts";
import { judged as judgedTraining } from "../../bench/training/results.ts";
import { UsageError } from "../../lib/cli/arguments.ts";

test("benchmarks: verdicts say what was to be reached, and count", () => {
  const verdicts = [
    ...judge("speed", 1.2, { least: 1.3 }),
    ...judge("speed", 1.3, { least: 1.3 }),
    ...judge("latency", 31, { most: 30, unit: "us" }),
    ...judge("speed", undefined, { least: 1 }),
    ...judge("speed", 1, {}),
  ];
  assertEquals(verdicts.map(({ reached }) => reached), [false, true, false]);
  assertEquals(targetText(verdicts.slice(1)), "speed >= 1.3, latency <= 30 us");
  assertEquals(verdictText(verdicts), "MISSED: speed, latency");
  assertEquals(verdictText(verdicts.slice(1, 2)), "reached");
  assertEquals(verdictText([]), "");
  assertEquals(countVerdicts(verdicts), {
    reached: 1,
    targets: 3,
    by: { speed: { reached: 1, targets: 2 }, latency: { reached: 0, targets: 1 } },
  });
  assertEquals(summaryLine(verdicts), "1 of 3 targets reached: speed 1 of 2, latency 0 of 1");
  assertEquals(summaryLine([]), "no targets are set for what was measured");
});

test("bench/ops: cases are chosen by group and by name, and differ in their names", () => {
  assertEquals(new Set(cases.map(({ name }) => name)).size, cases.length);
  assertEquals(choose([]), cases);
  assertEquals(new Set(choose(["recurrent"]).map(({ op }) => op)), new Set(["lstm", "gru"]));
  assertEquals(choose(["192x192x192 NT", "mean"]).length, 4);
  for (const word of ["gelo", ""]) {
    assertThrows(() => choose(["gelu", word]), UsageError, `--only: "${word}" is given`);
  }
  const strided = cases.find(({ name }) => name === "resnet 64 to 128, 32x32 / 2: forward")!;
  assertEquals(strided.flops, 2 * 32 * 16 * 16 * 64 * 128 * 9);
});

function operation(name: string, given: Partial<Result> = {}): Result {
  const item: Case = cases.find((it) => it.name === name)!;
  const qorus = { way: "qorus", microseconds: [2000, 4000, 4000] };
  const others = [
    { way: "ready", microseconds: [4000, 4000, 4000] },
    { way: "fresh", microseconds: [9000, 9000, 9000] },
  ];
  return { item, threads: 1, qorus, others, productGigaflops: [], multipliesBf16: true, ...given };
}

test("bench/ops: large operations are judged by ratio and by bandwidth", () => {
  const { best, ratios, verdicts, bandwidthShare } = judgedOperation(
    operation("relu forward [4096, 4096]", { memoryGigabytesPerSecond: 40 }),
  );
  assertEquals(best, "ready");
  assertEquals(ratios, [2, 1, 1]);
  // 2 x 64 MiB in 4 ms.
  assertAlmostEquals(bandwidthShare!, 100 * 2 * 2 ** 26 / 4e6 / 40, 1e-9);
  assertEquals(verdicts.map(({ of, reached }) => [of, reached]), [
    ["best", true],
    ["fresh", false],
    ["bandwidth", true],
  ]);
  const small = judgedOperation(operation("relu forward [64, 512]"));
  assertEquals(small.verdicts.map(({ of }) => of), ["best"]);
});

test("bench/ops: products in bf16 have a target where the processor multiplies bf16", () => {
  const [item] = choose(["bf16-products"]);
  assertEquals(targetsOf(item, true), { best: 0.95 });
  assertEquals(targetsOf(item, false), {});
});

test("bench/training: speed is judged beside eager and tuned, memory beside the smallest", () => {
  const turn = (milliseconds: number, mebibytes: number): Turn => ({
    milliseconds,
    processorMilliseconds: milliseconds,
    loss: 1,
    peakBytes: mebibytes * 2 ** 20,
    stepsPerSecond: 1000 / milliseconds,
    productGigaflops: 100,
  });
  const side = (variant: string, turns: readonly Turn[]) => {
    return { variant, name: variant, kernels: "", runtime: "", parameters: 1, turns };
  };
  const { best, ratio, ratioToCompiled, peakRatio, verdicts } = judgedTraining({
    workload: "mlp",
    threads: 1,
    precision: "f32",
    steps: 1,
    qorus: side("Qorus", [turn(10, 100), turn(10, 100)]),
    pytorch: [
      side("PyTorch eager", [turn(20, 90), turn(20, 90)]),
      side("PyTorch tuned", [turn(16, 120), turn(16, 120)]),
      side("PyTorch compile", [turn(8, 130), turn(8, 130)]),
    ],
    loadAverage: 1,
    profile: [],
  });
  assertEquals([best, ratio, ratioToCompiled], ["PyTorch tuned", 1.6, 0.8]);
  assertEquals(peakRatio, 0.9);
  assertEquals(verdicts.map(({ of, reached }) => [of, reached]), [
    ["speed", true],
    ["peak memory", false],
  ]);
});
