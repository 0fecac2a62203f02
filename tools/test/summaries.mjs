/**
 * Reads how many tests passed, failed and were skipped from what the test runners print.
 *
 * @module
 */

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 */

const colors = new RegExp(String.raw`\u001b\[[0-9;]*m`, "g");

/** The text without the control sequences of colors. */
export function withoutColors(text) {
  return text.replace(colors, "");
}

/** The number in the last match of a pattern; undefined when nothing matches. */
function lastNumber(text, pattern) {
  const match = [...text.matchAll(pattern)].at(-1);
  return match === undefined ? undefined : Number(match[1]);
}

/**
 * `Build Summary: 3/3 steps succeeded; 3/4 tests passed (1 skipped)`.
 *
 * @param {string} text
 * @returns {Counts | undefined} undefined when no test was run
 */
export function zigCounts(text) {
  const pattern = /Build Summary:.*; (\d+)\/(\d+) tests passed(?: \((.*)\))?/g;
  const match = [...text.matchAll(pattern)].at(-1);
  if (match === undefined) return undefined;
  const [passed, total] = [Number(match[1]), Number(match[2])];
  const skipped = lastNumber(match[3] ?? "", /(\d+) skipped/g) ?? 0;
  // Tests that failed, crashed, ran out of time or were never reached.
  return { passed, skipped, failed: total - passed - skipped };
}

/**
 * ` 7 pass`, ` 1 skip`, ` 0 fail`, each on a line; a file that cannot be loaded is among the
 * failed.
 *
 * @param {string} text
 * @returns {Counts | undefined} undefined when no test was run
 */
export function bunCounts(text) {
  const passed = lastNumber(text, /^ *(\d+) pass$/gm);
  const failed = lastNumber(text, /^ *(\d+) fail$/gm);
  if (passed === undefined || failed === undefined) return undefined;
  const skipped = lastNumber(text, /^ *(\d+) skip$/gm) ?? 0;
  const todo = lastNumber(text, /^ *(\d+) todo$/gm) ?? 0;
  return { passed, failed, skipped: skipped + todo };
}

/**
 * `ok | 7 passed | 0 failed | 1 ignored (29ms)`; a file that cannot be loaded counts as failed.
 *
 * @param {string} text
 * @returns {Counts | undefined} undefined when no test was run
 */
export function denoCounts(text) {
  const pattern = /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed.*$/gm;
  const match = [...text.matchAll(pattern)].at(-1);
  if (match === undefined) return undefined;
  const skipped = lastNumber(match[0], /(\d+) ignored/g) ?? 0;
  return { passed: Number(match[1]), failed: Number(match[2]), skipped };
}
