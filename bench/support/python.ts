/**
 * The Python of the other side.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { UsageError } from "../../lib/cli/arguments.ts";

/** Prints those of its arguments that are no modules. */
const findMissing =
  "import sys, importlib.util as u; print(*[m for m in sys.argv[1:] if not u.find_spec(m)])";

/**
 * Fails early, before anything is measured, where Python or one of the packages is missing.
 *
 * @param python what `--python` says
 * @throws {UsageError} with what to install
 */
export function requirePython(
  python: string,
  packages: readonly string[],
): void {
  const { status, stdout, error } = spawnSync(python, [
    "-c",
    findMissing,
    ...packages,
  ], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const missing = stdout?.trim().replaceAll(" ", ", ") ?? "";
  if (status === 0 && missing === "") return;
  const problem = error !== undefined
    ? `cannot be run: ${error.message}`
    : status !== 0
    ? `ended with ${status}`
    : `has no ${missing}`;
  throw new UsageError(
    `--python: ${python} ${problem}; expected a Python with ${packages.join(", ")}, such as ` +
      `/tmp/venv/bin/python behind \`python3 -m venv /tmp/venv\` and ` +
      `\`/tmp/venv/bin/pip install ${packages.join(" ")}\``,
  );
}
