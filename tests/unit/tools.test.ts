import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { commandArguments, commands } from "../../tools/support/command_arguments.mjs";
import { bunCounts, denoCounts, withoutColors, zigCounts } from "../../tools/test/summaries.mjs";

test("npm start: without a command the arguments are those of generate", async () => {
  assertEquals(commandArguments([]), ["generate"]);
  assertEquals(commandArguments(["Once"]), ["generate", "Once"]);
  assertEquals(commandArguments(["--model", "info"]), ["generate", "--model", "info"]);
  assertEquals(commandArguments(["info", "--json"]), ["info", "--json"]);
  assertEquals(commandArguments(["--help"]), ["--help"]);
  for (const name of commands) {
    const { command } = await import(`../../lib/cli/${name}.ts`);
    assertEquals(command.name, name);
  }
});

test("npm test: counts of the Zig runner", () => {
  const summary = (rest: string) => zigCounts(`noise\nBuild Summary: 3/3 steps succeeded${rest}\n`);
  assertEquals(summary("; 85/85 tests passed"), { passed: 85, failed: 0, skipped: 0 });
  assertEquals(summary("; 3/4 tests passed (1 skipped)"), { passed: 3, failed: 0, skipped: 1 });
  assertEquals(summary(" (1 failed); 2/4 tests passed (1 skipped, 1 failed)"), {
    passed: 2,
    failed: 1,
    skipped: 1,
  });
  assertEquals(summary(" (1 failed); 2/4 tests passed (1 crashed)"), {
    passed: 2,
    failed: 2,
    skipped: 0,
  });
  assertEquals(summary(" (3 failed)"), undefined);
  assertEquals(zigCounts("error: no such step"), undefined);
});

test("npm test: counts of Bun's runner", () => {
  const text =
    "(pass) 9 pass\n\n 7 pass\n 1 skip\n 2 fail\n 1 error\nRan 10 tests across 2 files.\n";
  assertEquals(bunCounts(text), { passed: 7, failed: 2, skipped: 1 });
  assertEquals(bunCounts(" 7 pass\n 0 fail\n"), { passed: 7, failed: 0, skipped: 0 });
  assertEquals(bunCounts("error: no files\n"), undefined);
});

test("npm test: counts of Deno's runner", () => {
  const colored = "\x1b[0m\x1b[32mok\x1b[0m | 7 passed | 0 failed \x1b[38;5;245m(29ms)\x1b[0m\n";
  assertEquals(denoCounts(withoutColors(colored)), { passed: 7, failed: 0, skipped: 0 });
  assertEquals(denoCounts("FAILED | 1 passed (3 steps) | 2 failed | 4 ignored (1s)\n"), {
    passed: 1,
    failed: 2,
    skipped: 4,
  });
  assertEquals(denoCounts("error: No test modules found\n"), undefined);
});
