/**
 * Folders that live as long as a test.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of the test's own, removed with everything in it at the end of the scope. */
export class TemporaryFolder implements Disposable {
  /** Where it is. */
  readonly path: string = mkdtempSync(join(tmpdir(), "qorus-test-"));

  /** Path of a file in it. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Removes the folder. */
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
