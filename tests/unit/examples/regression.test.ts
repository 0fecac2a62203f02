import { readFileSync } from "node:fs";
import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { patience, runExample } from "../../support/examples.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";

test("examples: regression finds the curve and draws it", patience, async () => {
  using folder = new TemporaryFolder();
  const svg = folder.file("fit.svg");
  const { code, stdout, stderr } = await runExample("regression", "--svg", svg, "--steps", "300");
  assertEquals([code, stderr], [0, ""]);
  const distances = [...stdout.matchAll(/, (\d\.\d+) from the curve/g)].map(([, d]) => Number(d));
  assertEquals(distances.length, 5);
  // A flat line is 0.45 away.
  assert(distances[4] < 0.15, stdout);
  const picture = readFileSync(svg, "utf8");
  assertMatch(picture, /^<svg /);
  for (const name of ["samples", "curve", "after 15 steps", "after 300 steps"]) {
    assert(picture.includes(name), name);
  }
});

test("examples: regression says where it cannot write", patience, async () => {
  using folder = new TemporaryFolder();
  const ran = await runExample("regression", "--svg", folder.path, "--steps", "5");
  assertEquals(ran.code, 1);
  assert(ran.stderr.startsWith(`error: ${folder.path}: `), ran.stderr);
  assertEquals(ran.stderr.trimEnd().split("\n").length, 1);
});
