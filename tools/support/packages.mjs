/**
 * Installs the pinned tools when they are missing or of another version.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { bunPath, readPackage, root, zigPath } from "./paths.mjs";

/** Names of the packages that are not installed in the version that package.json pins. */
function missingPackages() {
  const { dependencies, devDependencies } = readPackage();
  return Object.entries({ ...dependencies, ...devDependencies })
    .filter(([name, version]) => readPackage(name)?.version !== version)
    .map(([name]) => name);
}

/** Whether a command can be started. */
function exists(command) {
  return spawnSync(command, ["--version"], {
    stdio: "ignore",
    shell: process.platform === "win32",
  }).status === 0;
}

/** The command that installs packages: npm, or the runtime itself where there is no npm. */
function installCommand() {
  const npmArguments = ["install", "--no-audit", "--no-fund"];
  if (exists("npm")) return ["npm", npmArguments];
  if (process.versions.bun !== undefined) return [process.execPath, ["install", "--no-save"]];
  if (process.versions.deno !== undefined) {
    return [process.execPath, [
      "install",
      "--node-modules-dir=auto",
      "--allow-scripts",
      "--no-lock",
    ]];
  }
  throw new Error("npm was not found: install it, or use `bun start` or `deno task start`");
}

/** Installs the pinned tools when something is missing; says so on stderr. */
export function ensurePackages() {
  const missing = missingPackages();
  if (missing.length === 0 && existsSync(zigPath()) && bunPath() !== undefined) return;
  const [command, list] = installCommand();
  console.error(`Installing ${missing.join(", ") || "the tools' executables"} ...`);
  const { status } = spawnSync(command, list, {
    cwd: root,
    // Data goes to stdout: what npm prints does not belong there.
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  const left = missingPackages();
  if (status !== 0 || left.length > 0) {
    throw new Error(`installing ${left.join(", ")} failed; see the messages above`);
  }
  if (!existsSync(zigPath())) {
    throw new Error(
      `there is no Zig compiler for ${process.platform}-${process.arch}: ${zigPath()} is missing. ` +
        "If the folder node_modules came from another machine, delete it and try again",
    );
  }
}
