import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { TemporaryFolder } from "../support/temporary_folder.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const path = (name: string) => JSON.stringify(join(root, name));

/** Multiplies matrices on three threads and posts their sum. */
const worker = `
import { configure } from ${path("lib/core/context.ts")};
import { full } from ${path("lib/core/creation.ts")};
import { scope } from ${path("lib/core/scope.ts")};
import { matmul } from ${path("lib/ops/matmul.ts")};

configure({ threads: 3 });
let sum = 0;
for (let i = 0; i < 40; i++) {
  using _ = scope();
  const product = matmul(full([150, 200], 0.5), full([200, 160], 2)).read();
  for (const value of product) sum += value;
}
self.postMessage(sum);
`;

/** Starts workers one after the other; each has ended before the next one loads the library. */
const main = `
const sums = [];
for (let i = 0; i < 8; i++) {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  sums.push(await new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
  }));
  worker.terminate();
  await new Promise((resolve) => setTimeout(resolve, 50));
}
console.log(JSON.stringify(sums));
`;

test("workers: the next one can use the library, its threads and the thread it gets", () => {
  using folder = new TemporaryFolder();
  writeFileSync(folder.file("worker.ts"), worker);
  writeFileSync(folder.file("main.ts"), main);
  const config = join(root, "deno.json");
  const runtime = "Deno" in globalThis ? ["run", "--no-check", "-A", "--config", config] : [];
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [...runtime, folder.file("main.ts")],
    { cwd: root, env: { ...process.env, NO_COLOR: "1" }, encoding: "utf8", timeout: 30_000 },
  );
  assertEquals(status, 0, stderr);
  assertEquals(JSON.parse(stdout), Array(8).fill(40 * 150 * 160 * 200));
});
