/**
 * Trains for hours, in a process of its own, until it is interrupted.
 *
 *   interrupted_training.ts FOLDER save|leave
 *
 * @module
 */

import process from "node:process";
import { pointBatches, trainQuadrants } from "./training.ts";

const [folder, mode] = process.argv.slice(2);
await trainQuadrants(pointBatches(7, 16), {
  steps: 1e9,
  checkpoint: { folder, resume: true, saveOnInterrupt: mode === "save" },
  onStep: ({ step }) => {
    if (step % 50 === 7) console.error(`step ${step}`);
  },
});
