import { test } from "node:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { JsonLinesLog } from "../../lib/train/logs/json_lines_log.ts";
import { runCommandLine } from "../support/command_line.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { elementsOf, parseXml } from "../support/xml.ts";

/** Plotting needs no native library. */
const options = { environment: { QORUS_LIB: "/nowhere/libqorus.so" } };

function writeRun(path: string, scale: number): void {
  using log = new JsonLinesLog(path);
  log.open(0);
  for (let step = 1; step <= 100; step += 1) {
    const at = { step, epoch: 1, seconds: step };
    log.write({ kind: "train", ...at, values: { loss: scale / step } });
    if (step % 25 !== 0) continue;
    const values = { loss: scale / step + 1, accuracy: step / 200 };
    log.write({ kind: "validation", ...at, values });
  }
}

test("plot: writes an SVG beside the run, and curves to the terminal", async () => {
  using folder = new TemporaryFolder();
  const run = folder.file("run.jsonl");
  writeRun(run, 4);
  const { code, stdout, stderr } = await runCommandLine(["plot", run], options);
  assertEquals(code, 0, stderr);
  assertMatch(stderr, /run\.svg: [\d,]+ bytes\n$/);
  const lines = stdout.trimEnd().split("\n");
  assertEquals(lines.length, 3);
  assertMatch(lines[0], /^ {2}train loss +█[▁-█]+ +4\.000 → 0\.04000 +step 100$/);
  assertMatch(lines[2], /^ {2}validation accuracy +▁[▁-█]+█ +0\.1250 → 0\.5000 +step 100$/);
  for (const line of lines) assert(line.length <= 80, line);
  const picture = parseXml(readFileSync(folder.file("run.svg"), "utf8"));
  assertEquals(elementsOf(picture, "title")[0].text, run.slice(0, -".jsonl".length));
});

test("plot: several runs to stdout, the terminal's curves to stderr", async () => {
  using folder = new TemporaryFolder();
  const runs = [folder.file("adam.jsonl"), folder.file("sgd.jsonl")];
  runs.forEach((path, i) => writeRun(path, i + 1));
  const given = [
    "plot",
    ...runs,
    "--metric",
    "accuracy, loss",
    "--log",
    "--smooth",
    "5",
    "-o",
    "-",
  ];
  const { code, stdout, stderr } = await runCommandLine([...given, "--title", "<both>"], options);
  assertEquals(code, 0, stderr);
  const picture = parseXml(stdout);
  assertEquals(elementsOf(picture, "title")[0].text, "<both>");
  const texts = elementsOf(picture, "text").map(({ text }) => text);
  assert(texts.indexOf("accuracy (logarithmic)") < texts.indexOf("loss (logarithmic)"));
  const names = elementsOf(picture, "tspan").map(({ text }) => text);
  assert(names.includes("adam train") && names.includes("sgd validation"), names.join());
  assertEquals(stderr.trimEnd().split("\n").length, 6);
  assert(!existsSync(folder.file("adam.svg")));
});

test("plot: arguments that do not fit end with 2, runs that cannot be plotted with 1", async () => {
  using folder = new TemporaryFolder();
  const run = folder.file("run.jsonl");
  writeRun(run, 1);
  const ends = async (code: number, part: string, ...given: string[]) => {
    const result = await runCommandLine(["plot", ...given], options);
    assertEquals([result.code, result.stdout], [code, ""], result.stderr);
    assert(result.stderr.startsWith("error: ") && result.stderr.includes(part), result.stderr);
  };
  const before = readFileSync(run);
  const broken = folder.file("broken.jsonl");
  writeFileSync(broken, '{"kind":"train"}\n');
  await Promise.all([
    ends(2, "expected the log of a run"),
    ends(2, "--smooth", run, "--smooth", "0"),
    ends(2, "is a run; expected another file", run, "-o", run),
    ends(2, "--metric", run, "--metric", "loss,,accuracy"),
  ]);
  await Promise.all([
    ends(1, "there are loss, accuracy", run, "--metric", "f1"),
    ends(1, `${broken}: line 1: has no step`, run, broken),
    ends(1, "no such file", folder.file("none.jsonl")),
    ends(1, "no such file", run, "-o", folder.file("no/such/folder.svg")),
  ]);
  assertEquals(readFileSync(run), before);
});
