/**
 * A progress bar on stderr, on terminals only.
 *
 * @module
 */

import process from "node:process";
import { writeMessage } from "./output.ts";

/** Where a bar is drawn, and how; see {@linkcode terminalStyle}. */
export interface ProgressStyle {
  /** Whether there is a terminal to draw on. */
  readonly visible: boolean;
  /** Whether it may have colors. */
  readonly color: boolean;
  /** Characters per line. */
  readonly columns: number;
  /** Takes what is drawn. */
  readonly write: (text: string) => void;
}

/** The style for this process's stderr; NO_COLOR (no-color.org) turns colors off. */
export function terminalStyle(): ProgressStyle {
  return {
    visible: process.stderr.isTTY === true,
    color: !process.env.NO_COLOR,
    columns: process.stderr.columns ?? 80,
    write: writeMessage,
  };
}

const barCharacters = 30;
const redrawMilliseconds = 50;

/** A bar that is redrawn in place and removed at the end. */
export class ProgressBar implements Disposable {
  readonly #style: ProgressStyle;
  #drawn = false;
  #last = -Infinity;

  /** Starts a bar; nothing is drawn yet. */
  constructor(style: ProgressStyle = terminalStyle()) {
    this.#style = style;
  }

  /** Draws the bar, at most 20 times a second. `share` is from 0 to 1. */
  update(share: number, text: string): void {
    const now = performance.now();
    const { visible, color, columns, write } = this.#style;
    if (!visible || (share < 1 && now - this.#last < redrawMilliseconds)) return;
    this.#last = now;
    this.#drawn = true;
    const full = Math.round(Math.min(Math.max(share, 0), 1) * barCharacters);
    const bar = "█".repeat(full) + "░".repeat(barCharacters - full);
    const percent = `${Math.floor(share * 100)}%`.padStart(4);
    const room = Math.max(0, columns - barCharacters - percent.length - 3);
    const label = text.length > room ? text.slice(0, room) : text;
    write(`\r\x1b[K${color ? `\x1b[36m${bar}\x1b[0m` : bar} ${percent} ${label}`);
  }

  /** Removes the bar. */
  [Symbol.dispose](): void {
    if (this.#drawn) this.#style.write("\r\x1b[K");
    this.#drawn = false;
  }
}
