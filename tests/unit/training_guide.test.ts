import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { TemporaryFolder } from "../support/temporary_folder.ts";

const root = new URL("../../", import.meta.url);
const guide = readFileSync(new URL("docs/training.md", root), "utf8");

/** Programs of the guide: all code of a section together, and files that name themselves. */
function programs(): { files: Map<string, string>; sections: Map<string, string> } {
  const files = new Map<string, string>();
  const sections = new Map<string, string>();
  for (const section of guide.split(/^## /m)) {
    const title = section.slice(0, section.indexOf("\n"));
    for (const [, code] of section.matchAll(/^```ts\n(.*?)^```$/gms)) {
      const name = /^\/\/ (\w+\.ts)\n/.exec(code)?.[1];
      if (name !== undefined) files.set(name, code);
      else sections.set(title, (sections.get(title) ?? "") + code);
    }
  }
  return { files, sections };
}

/** Imports that find the library from a folder that is not the repository's. */
function located(code: string): string {
  return code.replaceAll('"@qorus/qorus"', JSON.stringify(new URL("mod.ts", root).href));
}

function run(
  given: readonly string[],
  folder: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...given], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => stdout += chunk);
    child.stderr.on("data", (chunk) => stderr += chunk);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

const isDeno = "Deno" in globalThis;
const config = ["--config", fileURLToPath(new URL("deno.json", root))];
const { files, sections } = programs();

/** A folder with the guide's files. */
function guideFolder(): TemporaryFolder {
  const folder = new TemporaryFolder();
  for (const [name, code] of files) writeFileSync(folder.file(name), located(code));
  return folder;
}

test("the guide to training has programs in its sections", () => {
  assertEquals([...files.keys()], ["spirals.ts"]);
  assert(sections.size >= 8, [...sections.keys()].join());
});

for (const [title, code] of sections) {
  test(`the guide to training: "${title}" runs`, async () => {
    using folder = guideFolder();
    writeFileSync(folder.file("program.ts"), located(code));
    const given = isDeno ? ["run", "-A", "--no-check", ...config, "program.ts"] : ["program.ts"];
    const { code: exitCode, stderr, stdout } = await run(given, folder.path);
    assertEquals(exitCode, 0, stderr);
    // What a program is said to print.
    const lines = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, line]) => line);
    for (const line of lines) {
      assert(stdout.includes(line.replaceAll(", ", " ")), `${stdout} lacks ${line}`);
    }
  });
}

// Only Deno checks types.
test("the guide to training: types are right", { skip: !isDeno }, async () => {
  using folder = guideFolder();
  const names = [...sections.values()].map((code, i) => {
    writeFileSync(folder.file(`program_${i}.ts`), located(code));
    return `program_${i}.ts`;
  });
  const { code, stderr } = await run(["check", "-q", ...config, ...names], folder.path);
  assertEquals(code, 0, stderr);
});
