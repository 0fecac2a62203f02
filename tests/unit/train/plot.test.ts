import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { QorusError } from "../../../lib/native/error.ts";
import type { RunRecord } from "../../../lib/train/logs/run_log.ts";
import { lineChart } from "../../../lib/train/plot/chart.ts";
import { downsampled, smoothed } from "../../../lib/train/plot/curve.ts";
import { plotRuns } from "../../../lib/train/plot/plot_runs.ts";
import { runCurves } from "../../../lib/train/plot/run_curves.ts";
import { linearScale, logScale, type Scale } from "../../../lib/train/plot/scale.ts";
import { sparkline } from "../../../lib/train/plot/sparkline.ts";
import { assertClose } from "../../support/close.ts";
import { seededRandom } from "../../support/random.ts";
import { elementsOf, parseXml, type XmlElement } from "../../support/xml.ts";

function labels(scale: Scale): string[] {
  return scale.ticks.map(({ label }) => label);
}

test("axes: round numbers, as many digits as they need", () => {
  assertEquals(labels(linearScale(0, 5000, false, 6)), [
    "0",
    "1,000",
    "2,000",
    "3,000",
    "4,000",
    "5,000",
  ]);
  assertEquals(labels(linearScale(0.22, 0.96, true, 6)), ["0.2", "0.4", "0.6", "0.8", "1.0"]);
  assertEquals(labels(linearScale(-1.2, 1.2, true, 6)), ["−1.0", "−0.5", "0", "0.5", "1.0"]);
  assertEquals(
    labels(linearScale(0, 4e6, false, 5)),
    ["0", "1.0M", "2.0M", "3.0M", "4.0M"].map(
      (label) => label.replace(".0", ""),
    ),
  );
  assertEquals(labels(linearScale(0, 3e-5, false, 3)), ["0", "1e-5", "2e-5", "3e-5"]);
  assertEquals(labels(logScale(0.001, 1000, 8)), [
    "0.001",
    "0.01",
    "0.1",
    "1",
    "10",
    "100",
    "1,000",
  ]);
  assertEquals(labels(logScale(0.5, 10, 6)), ["0.5", "1", "2", "5", "10"]);
  assertEquals(labels(logScale(2, 4, 5)), ["2", "3", "4"]);
});

test("axes: values lie where they belong, for any range", () => {
  const linear = linearScale(10, 20, false, 5);
  assertEquals([10, 15, 20, NaN, Infinity].map(linear.position), [0, 0.5, 1, NaN, NaN]);
  const log = logScale(1, 100, 5);
  assertClose([log.position(10)], [0.5]);
  assert(Number.isNaN(log.position(0)) && Number.isNaN(log.position(-1)));
  const ranges = [[1, 1], [-5, -5], [1, 1 + 1e-15], [5e-324, 1e-323], [-1e300, 1e300]];
  for (const [least, most] of ranges) {
    const positive = (value: number) => Math.max(1e-300, Math.abs(value));
    const log = logScale(positive(least), positive(most), 5);
    for (const scale of [linearScale(least, most, true, 5), log]) {
      assert(scale.ticks.length >= 1 && scale.ticks.length <= 20, `${least} to ${most}`);
      for (const { position } of scale.ticks) assert(position > -1e-6 && position < 1 + 1e-6);
    }
    const share = linearScale(least, most, true, 5).position(least);
    assert(share >= 0 && share <= 1, `${least} to ${most}: ${share}`);
  }
});

test("smoothing: means of neighbors on both sides, gaps left out", () => {
  assertEquals([...smoothed([1, 5, 2], 1)], [1, 5, 2]);
  assertClose([...smoothed([3, 3, 3, 3], 10)], [3, 3, 3, 3]);
  // A straight line stays one, away from its ends.
  const line = smoothed(Array.from({ length: 401 }, (_, i) => i), 20);
  assertClose([line[200]], [200]);
  // By the definition: weights fall by (span - 1) / (span + 1) for each step of distance.
  const values = [4, 1, NaN, 7, 2];
  const expected = values.map((own, i) => {
    if (Number.isNaN(own)) return NaN;
    let [sum, weight] = [0, 0];
    values.forEach((value, j) => {
      if (Number.isNaN(value)) return;
      sum += value * 0.5 ** Math.abs(i - j);
      weight += 0.5 ** Math.abs(i - j);
    });
    return sum / weight;
  });
  assertClose(
    [...smoothed(values, 3)].filter((_, i) => i !== 2),
    expected.filter((_, i) => i !== 2),
  );
  assert(Number.isNaN(smoothed(values, 3)[2]));
});

test("down-sampling: peaks, ends' order and gaps stay", () => {
  const random = seededRandom(1);
  const x = Array.from({ length: 10_000 }, (_, i) => i);
  const y = x.map((i) => i === 5000 ? 99 : i >= 7000 && i < 7100 ? NaN : random());
  const curve = downsampled({ x, y }, 1000);
  assert(curve.x.length <= 1000 && curve.x.length > 900);
  const ys = Array.from(curve.y);
  assert(ys.includes(99) && ys.some(Number.isNaN));
  for (let i = 0; i < curve.x.length; i += 1) {
    assert(i === 0 || curve.x[i] > curve.x[i - 1]);
    assertEquals(curve.y[i], y[curve.x[i]]);
  }
  const short = { x: [1, 2], y: [NaN, 3] };
  assertEquals(downsampled(short, 1000), short);
});

test("sparkline: a curve in blocks", () => {
  assertEquals(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8), "▁▂▃▄▅▆▇█");
  assertEquals(sparkline([4, 2, 1, 0.5], 10), "█▄▂▁");
  assertEquals(sparkline([0, 2, 6, 8], 2), "▁█");
  assertEquals(sparkline([1, NaN, 3, Infinity], 9), "▁ █ ");
  assertEquals(sparkline([5, 5], 9), "▄▄");
  assertEquals(sparkline([], 9), "");
  assertEquals(sparkline([-1e308, 1e308], 9), "▁█");
  assertThrows(() => sparkline([1], 0), QorusError, "width 0");
});

function number(element: XmlElement, name: string): number {
  return Number(element.attributes[name]);
}

/** Checks that everything in a picture lies in its frame, and gives the picture's parts. */
function checkPicture(svg: string): XmlElement {
  const root = parseXml(svg);
  const [width, height] = [number(root, "width"), number(root, "height")];
  assertEquals(root.attributes.viewBox, `0 0 ${width} ${height}`);
  assertEquals(root.attributes.role, "img");
  for (const name of ["title", "desc"]) {
    const texts = root.children.filter((child) => child.name === name);
    assert(texts.length === 1 && texts[0].text !== "", name);
  }
  for (const group of root.children.filter((child) => child.name === "g")) {
    const [, left, top] = /^translate\((\S+) (\S+)\)$/.exec(group.attributes.transform)!;
    for (const element of [...elementsOf(group, "text"), ...elementsOf(group, "svg")]) {
      const [x, y] = [number(element, "x") + Number(left), number(element, "y") + Number(top)];
      assert(x >= 0 && x <= width && y >= 0 && y <= height, `${element.name} at ${x}, ${y}`);
    }
    for (const frame of elementsOf(group, "svg")) {
      assert(Number(left) + number(frame, "x") + number(frame, "width") <= width);
      assert(Number(top) + number(frame, "y") + number(frame, "height") <= height);
      for (const path of elementsOf(frame, "path")) {
        for (const [x] of pathPoints(path)) assert(x >= 0 && x <= number(frame, "width"), `${x}`);
      }
    }
  }
  return root;
}

/** Points of a path of M, l and h0. */
function pathPoints(path: XmlElement): [number, number][] {
  const points: [number, number][] = [];
  let [x, y] = [0, 0];
  for (
    const [, command, first, second] of path.attributes.d.matchAll(
      /([Mlh])(\S+?)(?: (\S+?))?(?=[Mlh]|$)/g,
    )
  ) {
    if (command === "h") continue;
    const [dx, dy] = [Number(first), Number(second)];
    assert(Number.isFinite(dx) && Number.isFinite(dy), path.attributes.d.slice(0, 80));
    [x, y] = command === "M" ? [dx, dy] : [x + dx, y + dy];
    points.push([x, y]);
  }
  return points;
}

function curvesOfClass(root: XmlElement, name: string): XmlElement[] {
  return elementsOf(root, "svg").slice(1).flatMap((frame) =>
    elementsOf(frame, "path").filter((path) => path.attributes.class.split(" ").includes(name))
  );
}

test("line chart: a line and points, where they belong", () => {
  const svg = lineChart({
    title: "Samples & <fit>",
    xLabel: "size",
    yLabel: "price",
    series: [
      { name: "samples", x: [0, 5, 10], y: [0, 20, 10], marks: "points" },
      { name: 'the "fit"', x: [0, 10], y: [0, 20], dashed: true },
    ],
  });
  const root = checkPicture(svg);
  assertEquals(root.attributes["aria-label"], "Samples & <fit>");
  const texts = elementsOf(root, "text").map(({ text }) => text);
  for (const text of ["Samples & <fit>", "price", "size", "0", "5", "10", "15", "20"]) {
    assert(texts.includes(text), `${text} is not in ${texts}`);
  }
  assertEquals(elementsOf(root, "tspan").map(({ text }) => text), ["samples", 'the "fit"']);
  const description = elementsOf(root, "desc")[0].text;
  assert(description.includes("samples: from 0 at size 0 to 10.00 at size 10; lowest 0 at size 0"));
  const [line] = curvesOfClass(root, "q-line");
  const [dots] = curvesOfClass(root, "q-cloud");
  const [start, end] = pathPoints(line);
  const [first, middle, last] = pathPoints(dots);
  assertEquals(first, start);
  assertEquals([last[0], middle[1]], end);
  assertClose([middle[0]], [(start[0] + end[0]) / 2], { absolute: 0.1 });
  assertClose([last[1]], [(start[1] + end[1]) / 2], { absolute: 0.1 });
  assert(line.attributes.class.includes("q-dashed"));
});

test("line chart: gaps, nothing to draw, and huge series", () => {
  const gap = checkPicture(
    lineChart({ series: [{ name: "a", x: [0, 1, 2, 3], y: [1, 2, NaN, 3] }] }),
  );
  assertEquals(curvesOfClass(gap, "q-line")[0].attributes.d.match(/M/g)?.length, 2);
  checkPicture(lineChart({ series: [] }));
  checkPicture(lineChart({ series: [{ name: "", x: [], y: [] }] }));
  checkPicture(lineChart({ series: [{ name: "nan", x: [NaN, 1], y: [1, NaN] }], log: true }));
  const positive = checkPicture(
    lineChart({ series: [{ name: "a", x: [0, 1, 2], y: [-1, 0, 5] }], log: true }),
  );
  assertEquals(pathPoints(curvesOfClass(positive, "q-line")[0]).length, 1);
  const random = seededRandom(3);
  const x = Float64Array.from({ length: 300_000 }, (_, i) => i);
  const y = x.map(() => random());
  const svg = lineChart({
    series: [{ name: "a", x, y, smooth: 100 }, { name: "b", x, y, marks: "points" }],
  });
  checkPicture(svg);
  assert(svg.length < 100_000, `${svg.length} bytes`);
  const wrong = [{ name: "a", x: [1], y: [1, 2] }];
  assertThrows(() => lineChart({ series: wrong }), QorusError, '"a" has 1 x and 2 y values');
});

function records(loss: (step: number) => number, count = 200): RunRecord[] {
  return Array.from({ length: count }, (_, i): RunRecord[] => {
    const at = { step: i + 1, epoch: 1, seconds: i };
    const step: RunRecord = {
      kind: "train",
      ...at,
      values: { loss: loss(i + 1), learning_rate: 1 },
    };
    if (i % 50 !== 49) return [step];
    const values = { loss: loss(i + 1) + 0.5, accuracy: i / count };
    return [step, { kind: "validation", ...at, values }];
  }).flat();
}

test("runs: a panel for each number, training and validation in colors of their own", () => {
  const run = { name: "runs/a", records: records((step) => 5 / step) };
  const root = checkPicture(plotRuns([run]));
  const headings = elementsOf(root, "text").filter((text) => text.attributes["font-weight"]);
  assertEquals(headings.map(({ text }) => text), ["runs/a", "loss", "accuracy"]);
  assertEquals(elementsOf(root, "tspan").map(({ text }) => text.trim()), [
    "train",
    "0.02500",
    "validation",
    "0.5250",
    "validation",
    "0.9950",
  ]);
  assertEquals(curvesOfClass(root, "q-raw").length, 1);
  assertEquals(
    curvesOfClass(root, "q-line").map((path) => path.attributes.class.slice(-1)),
    ["0", "0", "1", "1"],
  );
  const unsmoothed = checkPicture(plotRuns([run], { metrics: ["learning_rate"], smooth: 1 }));
  assertEquals(curvesOfClass(unsmoothed, "q-raw").length, 0);
});

test("runs: several on top of one another, and where a loss was no number", () => {
  const broken = records((step) => step === 20 ? NaN : 9 / step);
  const root = checkPicture(plotRuns([
    { name: "a", records: records((step) => 5 / step) },
    { name: "b", records: broken },
  ], { metrics: ["loss"], log: true }));
  const legend = elementsOf(root, "tspan").map(({ text }) => text.trim());
  assertEquals(legend.filter((_, i) => i % 2 === 0), [
    "a train",
    "a validation",
    "b train",
    "b validation",
  ]);
  assert(legend.includes("0.04500, not finite at step 20"));
  assertEquals(curvesOfClass(root, "q-dashed").length, 2);
  assert(elementsOf(root, "text").some(({ text }) => text === "loss (logarithmic)"));
});

test("runs: curves of what was asked for, epochs where steps say nothing", () => {
  const at = { step: 3, epoch: 1, seconds: 1 };
  const both: RunRecord[] = [
    { kind: "train", ...at, values: { loss: 3 } },
    { kind: "epoch", ...at, values: { loss: 2, f1: 0.5 } },
  ];
  const run = { name: "a", records: both };
  const of = (metrics?: string[]) =>
    runCurves([run], metrics).map((
      { kind, metric, steps, values },
    ) => [kind, metric, steps, values]);
  assertEquals(of(), [["train", "loss", [3], [3]]]);
  assertEquals(of(["f1"]), [["epoch", "f1", [3], [0.5]]]);
  assertThrows(
    () => of(["acc"]),
    QorusError,
    '"acc": no run has a number of that name; there are loss',
  );
  assertThrows(() => plotRuns([{ name: "a", records: [] }]), QorusError, "no numbers to plot yet");
  assertThrows(() => plotRuns([]), QorusError, "no runs");
  const negative: RunRecord[] = [{ kind: "train", ...at, values: { loss: -1 } }];
  assertThrows(
    () => plotRuns([{ name: "a", records: negative }], { log: true }),
    QorusError,
    "no positive numbers",
  );
});
