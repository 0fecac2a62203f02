import { spawn } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { CheckpointFolder } from "../../../lib/train/checkpoint/folder.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";

const program = fileURLToPath(
  new URL("../../support/interrupted_training.ts", import.meta.url),
);
const runtimeArguments = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];

/** Runs the program and sends SIGINT when it has taken steps. */
function interrupt(folder: string, mode: string): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...runtimeArguments, program, folder, mode], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      if (stderr === "") process.kill(child.pid!, "SIGINT");
      stderr += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stderr }));
  });
}

test("fit: SIGINT saves, says so and exits with 130; the next run goes on", async () => {
  using folder = new TemporaryFolder();
  const steps: number[] = [];
  for (let i = 0; i < 2; i++) {
    const { code, stderr } = await interrupt(folder.path, "save");
    assertEquals(code, 130, stderr);
    assert(stderr.includes(`saved in ${folder.path}`), stderr);
    const [first] = /step \d+/.exec(stderr)!;
    const last = new CheckpointFolder(folder.path).list().at(-1)!.step;
    assert(stderr.includes(`after step ${last}`), stderr);
    assert(last >= Number(first.slice("step ".length)));
    steps.push(last);
  }
  assert(steps[1] > steps[0]);
});

test("fit: SIGINT ends the process at once where that is asked", async () => {
  using folder = new TemporaryFolder();
  const { code, stderr } = await interrupt(folder.path, "leave");
  assert(code !== 0);
  assert(!stderr.includes("saved"), stderr);
});
