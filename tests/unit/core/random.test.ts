import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import {
  manualSeed,
  Random,
  random,
  type RandomState,
  randomState,
  setRandomState,
} from "../../../lib/core/random.ts";
import { QorusError } from "../../../lib/native/error.ts";

/** Numbers of all kinds that a generator gives. */
function draw(generator: Random): number[] {
  return [generator.bits(), generator.normal(), generator.uniform(), generator.below(7)];
}

test("random: a restored generator goes on as it did, also between two of a pair", () => {
  const generator = new Random(5);
  for (let count = 0; count < 4; count++) {
    const state: RandomState = JSON.parse(JSON.stringify(generator.state()));
    assertEquals("spare" in state, count % 2 === 1);
    const expected = [draw(generator), draw(generator)];
    const other = new Random(99);
    other.normal();
    other.restore(state);
    assertEquals([draw(other), draw(other)], expected);
    generator.restore(state);
    generator.normal();
  }
});

test("random: the shared generator's state is taken and given back", () => {
  manualSeed(3);
  random().normal();
  const state = randomState();
  const expected = draw(random());
  manualSeed(4);
  setRandomState(state);
  assertEquals(draw(random()), expected);
});

test("random: what is no state is refused and changes nothing", () => {
  const generator = new Random(5);
  const before = generator.state();
  const refused: unknown[] = [
    {},
    { words: [1, 2, 3] },
    { words: [0, 0, 0, 0] },
    { words: [1, 2, 3, -4] },
    { words: [1, 2, 3, 0.5] },
    { words: [1, 2, 3, 2 ** 32] },
    { words: "1234" },
    { words: [1, 2, 3, 4], spare: NaN },
    { words: [1, 2, 3, 4], spare: "1" },
  ];
  for (const state of refused) {
    assertThrows(() => generator.restore(state as RandomState), QorusError, "four words");
  }
  assertEquals(generator.state(), before);
});
