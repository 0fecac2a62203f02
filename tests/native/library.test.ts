import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { libraryInfo } from "../../lib/core/context.ts";
import { abiVersion } from "../../lib/native/abi.gen.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const isDeno = "Deno" in globalThis;

interface Outcome {
  /** Code of the error that was thrown, or `ok`. */
  code: string;
  message: string;
}

/** Opens the library in a process of its own, of the same runtime, with these variables. */
function open(
  folder: TemporaryFolder,
  environment: Record<string, string>,
  options: { permissions?: string[]; configure?: string } = {},
): Outcome {
  const file = folder.file("open.ts");
  writeFileSync(
    file,
    `import { configure, libraryInfo } from ${JSON.stringify(join(root, "lib/core/context.ts"))};
try {
  configure(${options.configure ?? "{}"});
  const { isa, threads } = libraryInfo();
  console.log(JSON.stringify({ code: "ok", message: isa + " " + threads }));
} catch (error) {
  console.log(JSON.stringify({ code: error.code ?? error.name, message: error.message }));
}
`,
  );
  const runtime = isDeno
    ? ["run", "--no-check", "--config", join(root, "deno.json"), ...(options.permissions ?? ["-A"])]
    : [];
  const { stdout, stderr } = spawnSync(process.execPath, [...runtime, file], {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1", ...environment },
    encoding: "utf8",
  });
  const line = stdout.trim();
  assert(line.startsWith("{"), `no result: ${stdout}${stderr}`);
  return JSON.parse(line);
}

test("library: a missing file is named, with what to do", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("libqorus.so");
  const { code, message } = open(folder, { QORUS_LIB: path });
  assertEquals(code, "native_library");
  assertStringIncludes(message, "was not found");
  assertStringIncludes(message, path);
  assertStringIncludes(message, "npm run build");
});

test("library: a file that is no library cannot be loaded", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("libqorus.so");
  writeFileSync(path, "This is text.\n");
  const { code, message } = open(folder, { QORUS_LIB: path });
  assertEquals(code, "native_library");
  assertStringIncludes(message, `${path} cannot be loaded`);
  assertStringIncludes(message, `${process.platform}-${process.arch}`);
});

test("library: a truncated library cannot be loaded", () => {
  using folder = new TemporaryFolder();
  const path = folder.file("libqorus.so");
  // Shorter than its header; with more of it the system's loader ends the process itself.
  writeFileSync(path, readFileSync(libraryInfo().libraryPath).subarray(0, 60));
  const { code, message } = open(folder, { QORUS_LIB: path });
  assertEquals(code, "native_library");
  assertStringIncludes(message, `${path} cannot be loaded`);
});

test("library: one without the exports is of another version", {
  skip: process.platform === "linux" ? false : "uses a file of Linux",
}, () => {
  using folder = new TemporaryFolder();
  // A library that every Linux process has mapped.
  const path = readFileSync("/proc/self/maps", "utf8").match(/\/\S*libc\.so\S*|\/\S*ld-\S*/)?.[0];
  assert(path !== undefined);
  const { code, message } = open(folder, { QORUS_LIB: path });
  assertEquals(code, "native_library");
  assertStringIncludes(message, `${path} is of another version`);
});

test("library: another interface version is told from the expected one", {
  skip: process.arch === "x64" ? false : "changes instructions of x86-64",
}, () => {
  using folder = new TemporaryFolder();
  const path = folder.file("libqorus.so");
  const library = new Uint8Array(readFileSync(libraryInfo().libraryPath));
  writeFileSync(path, withVersion(library, abiVersion + 41));
  const { code, message } = open(folder, { QORUS_LIB: path });
  assertEquals(code, "native_library");
  const expected = `has interface version ${abiVersion + 41}, expected ${abiVersion}`;
  assertStringIncludes(message, expected);
});

test("library: QORUS_ISA must be an instruction set, and one of this processor", () => {
  using folder = new TemporaryFolder();
  const unknown = open(folder, { QORUS_ISA: "v5" });
  assertEquals(unknown.code, "invalid_argument");
  assertStringIncludes(unknown.message, "v5 is no instruction set, expected one of baseline, v3");
  const foreign = process.arch === "arm64" ? "v3" : "dotprod";
  const unsupported = open(folder, { QORUS_ISA: foreign });
  assertEquals(unsupported.code, "unsupported");
  assertStringIncludes(unsupported.message, `cannot run QORUS_ISA=${foreign}`);
  assertStringIncludes(open(folder, { QORUS_ISA: "baseline" }).message, "baseline");
});

test("library: QORUS_THREADS must be a number of threads", () => {
  using folder = new TemporaryFolder();
  const bad = open(folder, { QORUS_THREADS: "many" });
  assertEquals(bad.code, "invalid_argument");
  assertStringIncludes(bad.message, "many is no whole number from 1 to 256");
  const good = open(folder, { QORUS_THREADS: "3", QORUS_ISA: "baseline" });
  assertEquals(good, { code: "ok", message: "baseline 3" });
});

test("library: more memory than there are addresses is refused with the option's name", () => {
  using folder = new TemporaryFolder();
  const { code, message } = open(folder, {}, { configure: "{ scratchBytes: 2 ** 50 }" });
  assertEquals(code, "out_of_memory");
  assertStringIncludes(message, "lower scratchBytes");
});

test("library: Deno without permission says which one", {
  skip: isDeno ? false : "only Deno has permissions",
}, () => {
  using folder = new TemporaryFolder();
  const permissions = ["--allow-read", "--allow-env", "--allow-write", "--allow-sys"];
  const { code, message } = open(folder, {}, { permissions });
  assertEquals(code, "permission");
  assertStringIncludes(message, "--allow-ffi");
});

/**
 * The library with another number in every function that does nothing but return the version's:
 * `q_abi_version` is one, and the only one called before the check. In x86-64 that is
 * `mov eax, 1`, perhaps `pop rbp`, `ret`.
 */
function withVersion(library: Uint8Array, version: number): Uint8Array {
  let count = 0;
  for (let i = 0; i + 7 < library.length; i++) {
    const [mov, a, b, c, d, next, last] = library.subarray(i, i + 7);
    const returns = next === 0xc3 || (next === 0x5d && last === 0xc3);
    if (mov !== 0xb8 || a !== abiVersion || b + c + d !== 0 || !returns) continue;
    library[i + 1] = version;
    count += 1;
  }
  assert(count > 0, "q_abi_version was compiled to something else");
  return library;
}
