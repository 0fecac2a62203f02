/**
 * Where progress is shown.
 *
 * @module
 */

import process from "node:process";
import { writeText } from "../../core/write_text.ts";

/** A terminal, or what stands in its place: a file, a pipe, a test. */
export interface Terminal {
  /** Whether lines can be rewritten in place. */
  readonly interactive: boolean;
  /** Whether there may be colors. */
  readonly color: boolean;
  /** Characters per line at the moment. */
  readonly columns: number;
  /** Takes text and control sequences. */
  write(text: string): void;
}

/**
 * This process's stderr. NO_COLOR (no-color.org) turns colors off, and TERM=dumb the rewriting of
 * lines.
 *
 * @param write what writes to it
 */
export function terminal(write: (text: string) => void = writeError): Terminal {
  const { stderr, env } = process;
  const interactive = stderr.isTTY === true && env.TERM !== "dumb";
  return {
    interactive,
    color: interactive && !env.NO_COLOR,
    // A terminal may be resized; one that does not tell its width says 0.
    get columns() {
      return stderr.columns || 80;
    },
    write,
  };
}

function writeError(text: string): void {
  writeText(2, text);
}
