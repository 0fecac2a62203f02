import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { NameList } from "../../../examples/names/name_list.ts";
import { Random } from "../../../lib/core/random.ts";
import { QorusError } from "../../../lib/native/error.ts";
import { patience, runExample } from "../../support/examples.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";

test(
  "examples: names learns spelling and makes up names that it was not given",
  patience,
  async () => {
    const { code, stdout, stderr } = await runExample("names", "--steps", "40");
    assertEquals([code, stderr], [0, ""]);
    const losses = [...stdout.matchAll(/validation (\d\.\d+)/g)].map(([, loss]) => Number(loss));
    assertEquals(losses.length, 20);
    // All 27 characters as likely: a loss of 3.30. By their frequencies: 2.83.
    assert(losses[9] < 2.7, `perceptron: ${losses[9]}`);
    assert(losses[19] < 2.6, `transformer: ${losses[19]}`);
    const list = new NameList(undefined, new Random(1));
    const invented = stdout.split("\n").filter((line) => line.includes(", ") && !/\d/.test(line));
    assertEquals(invented.length, 2);
    for (const name of invented.flatMap((line) => line.split(", "))) {
      assertMatch(name, /^[a-z]+$/);
      assert(!list.has(name), name);
    }
  },
);

test(
  "examples: names says in one line what is wrong with its arguments and files",
  patience,
  async () => {
    using folder = new TemporaryFolder();
    const missing = folder.file("none.txt");
    const ran = await runExample("names", missing);
    assertEquals([ran.code, ran.stderr], [1, `error: ${missing}: there is no such file\n`]);
    const wrong = await runExample("names", "--steps", "many");
    assertEquals(wrong.code, 2);
    assertMatch(wrong.stderr, /^error: --steps is "many", expected a whole number; usage: .*\n$/);
  },
);

test("examples: lists of names are checked", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("names.txt");
  const failure = (bytes: string | Uint8Array, part: string) => {
    writeFileSync(path, bytes);
    assertEquals(
      assertThrows(() => new NameList(path, new Random(1)), QorusError, part).code,
      "invalid_file",
    );
  };
  failure("", "has 0 names");
  failure(`anna\n${"x".repeat(41)}\n`, "line 2 has 41 characters");
  failure(Uint8Array.of(0xff, 0xfe, 0x41), "no text in UTF-8");

  const names = Array.from({ length: 30 }, (_, i) => `é${String.fromCharCode(97 + i % 26)}${i}`);
  writeFileSync(path, names.join("\r\n"));
  const list = new NameList(path, new Random(1));
  assertEquals([list.training.length, list.validation.length], [27, 3]);
  assertEquals([...list.training, ...list.validation].toSorted(), names.toSorted());
  for (const name of names) {
    const ids = list.encode(name);
    assertEquals([ids[0], ids.at(-1)], [0, 0]);
    assertEquals(list.decode(ids.slice(1, -1)), name);
    assert(ids.every((id) => id < list.vocabSize));
  }
});
