import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Characters } from "../../../examples/char-rnn/characters.ts";
import { QorusError } from "../../../lib/native/error.ts";
import { patience, runExample } from "../../support/examples.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";

test(
  "examples: char-rnn learns a text, saves its weights and goes on with a text",
  patience,
  async () => {
    using folder = new TemporaryFolder();
    const [text, model] = [folder.file("text.txt"), folder.file("model.safetensors")];
    writeFileSync(text, "abcdefgh".repeat(400));
    const small = ["--hidden", "32", "--steps", "62", "--length", "40"];
    const learned = await runExample("char-rnn", text, ...small, "--save", model);
    assertEquals(learned.code, 0, learned.stderr);
    assertMatch(learned.stdout, /^3200 characters, 8 different ones\n/);
    const losses = [...learned.stdout.matchAll(/validation (\d+\.\d+)/g)].map(([, l]) => Number(l));
    assertEquals(losses.length, 5);
    // Without knowing what comes behind what: log(8) = 2.08.
    assert(losses[4] < 0.3, learned.stdout);

    const written = await runExample(
      "char-rnn",
      "--load",
      model,
      "--start",
      "cde",
      "--length",
      "13",
    );
    assertEquals([written.code, written.stdout], [0, "cdefghabcdefghab\n"], written.stderr);
    const unknown = await runExample("char-rnn", "--load", model, "--start", "xyz");
    assertEquals(unknown.code, 1);
    assertMatch(unknown.stderr, /^error: the model does not know the character "x".*\n$/);
  },
);

test("examples: char-rnn says what is wrong with files and arguments", patience, async () => {
  using folder = new TemporaryFolder();
  const short = folder.file("short.txt");
  writeFileSync(short, "too short");
  const tooShort = await runExample("char-rnn", short);
  assertEquals(tooShort.code, 1);
  assertMatch(tooShort.stderr, /^error: .*\n$/);
  const wrong = await runExample("char-rnn", "--load", short);
  assertEquals(wrong.code, 1);
  assertMatch(wrong.stderr, /^error: .*short\.txt.*\n$/);
  const both = await runExample("char-rnn", short, "--load", short);
  assertEquals([both.code, both.stdout], [1, ""]);
  assertMatch(both.stderr, /^error: give either .*\n$/);
});

test("examples: characters of a text have numbers in the order of their code points", () => {
  const characters = Characters.of("b😀a\nb");
  assertEquals([...characters.codes], [10, 97, 98, 0x1f600]);
  const ids = characters.encode("a😀b");
  assertEquals([...ids], [1, 3, 2]);
  assertEquals(Array.from(ids, (id) => characters.decode(id)).join(""), "a😀b");
  assertEquals(characters.first, "\n");
  assertEquals(Characters.of("ba").first, "a");
  const error = assertThrows(() => characters.encode("ax"), QorusError, 'character "x"');
  assertEquals(error.code, "out_of_range");
});
