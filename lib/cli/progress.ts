/**
 * A progress bar on stderr, on terminals only.
 *
 * @module
 */

import { formatBar } from "../train/progress/format.ts";
import { type Terminal, terminal } from "../train/progress/terminal.ts";
import { writeMessage } from "./output.ts";

const barCharacters = 30;
const redrawMilliseconds = 50;

/** A bar that is redrawn in place and removed at the end. */
export class ProgressBar implements Disposable {
  readonly #terminal: Terminal;
  #drawn = false;
  #last = -Infinity;

  /** Starts a bar; nothing is drawn yet. */
  constructor(drawnOn: Terminal = terminal(writeMessage)) {
    this.#terminal = drawnOn;
  }

  /** Draws the bar, at most 20 times a second. `share` is from 0 to 1. */
  update(share: number, text: string): void {
    const now = performance.now();
    const { interactive, color, columns } = this.#terminal;
    if (!interactive || (share < 1 && now - this.#last < redrawMilliseconds)) return;
    this.#last = now;
    this.#drawn = true;
    const bar = formatBar(share, barCharacters);
    const percent = `${Math.floor(share * 100)}%`.padStart(4);
    const room = Math.max(0, columns - barCharacters - percent.length - 3);
    const label = text.length > room ? text.slice(0, room) : text;
    this.#terminal.write(`\r\x1b[K${color ? `\x1b[36m${bar}\x1b[0m` : bar} ${percent} ${label}`);
  }

  /** Removes the bar. */
  [Symbol.dispose](): void {
    if (this.#drawn) this.#terminal.write("\r\x1b[K");
    this.#drawn = false;
  }
}
