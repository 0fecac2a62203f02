import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { portableLog, portableSineAndCosine } from "../../../lib/core/portable_math.ts";
import { Random } from "../../../lib/core/random.ts";

test("portable math: as near to the engine's functions as those are to the truth", () => {
  const generator = new Random(3);
  for (let i = 0; i < 100_000; i++) {
    const x = generator.uniform();
    const [sine, cosine] = portableSineAndCosine(x);
    assert(Math.abs(sine - Math.sin(2 * Math.PI * x)) < 1e-15, `sine of ${x} turns`);
    assert(Math.abs(cosine - Math.cos(2 * Math.PI * x)) < 1e-15, `cosine of ${x} turns`);
    const scaled = (1 - x) * 2 ** (i % 60 - 30);
    const log = Math.log(scaled);
    assert(Math.abs(portableLog(scaled) - log) <= 1e-15 * Math.max(1, Math.abs(log)), `${scaled}`);
  }
  assertEquals(portableLog(1), 0);
  assertEquals([0, 0.25, 0.5, 0.75, 1].map((x) => portableSineAndCosine(x).map(Math.round)), [
    [0, 1],
    [1, -0],
    [-0, -1],
    [-1, 0],
    [0, 1],
  ]);
});

test("portable math: normal numbers have the same bits in every engine", () => {
  const generator = new Random(7);
  const numbers = Float64Array.from({ length: 10_000 }, () => generator.normal());
  const digest = createHash("sha256").update(new Uint8Array(numbers.buffer)).digest("hex");
  assertEquals(digest.slice(0, 16), "a62573259cfbf940");
});
