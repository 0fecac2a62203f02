/**
 * Damages valid files in every way a test can think of.
 *
 * @module
 */

import { statSync, truncateSync, writeFileSync } from "node:fs";
import { QorusError } from "../../lib/native/error.ts";
import type { Checkpoint } from "../../lib/formats/types.ts";
import { AssertionError } from "./assert.ts";
import { seededRandom } from "./random.ts";

/** Opens the file under test; of what it returns, only the places of tensors are looked at. */
type Opener = () => Pick<Checkpoint, "tensors">;

/** How often a reader took a damaged file, and how often it refused. */
export interface HostileOutcome {
  accepted: number;
  refused: number;
}

function tryOpen(open: Opener, what: string, outcome: HostileOutcome): void {
  let checkpoint: ReturnType<Opener>;
  try {
    checkpoint = open();
  } catch (error) {
    if (!(error instanceof QorusError) || error.code === "internal" || error.path === undefined) {
      throw new AssertionError(`${what}: ${error instanceof Error ? error.stack : error}`);
    }
    outcome.refused += 1;
    return;
  }
  outcome.accepted += 1;
  for (const { name, path, offset, byteLength } of checkpoint.tensors.values()) {
    const inside = offset >= 0 && byteLength >= 0 && offset + byteLength <= statSync(path).size;
    if (!inside) throw new AssertionError(`${what}: ${name} lies outside of its file`);
  }
}

/** Cuts the file shorter, byte by byte down to nothing; every length must be refused. */
export function truncateEverywhere(
  path: string,
  bytes: Uint8Array,
  open: Opener,
): HostileOutcome {
  const outcome: HostileOutcome = { accepted: 0, refused: 0 };
  writeFileSync(path, bytes);
  for (let length = bytes.byteLength - 1; length >= 0; length -= 1) {
    truncateSync(path, length);
    tryOpen(open, `cut to ${length} bytes`, outcome);
  }
  writeFileSync(path, bytes);
  return outcome;
}

const edgeValues = [0, 1, 0x7f, 0x80, 0xff];

function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  const integer = (below: number) => Math.floor(random() * below);
  // Heads are where the numbers are; most of the damage goes there.
  const at = integer(random() < 0.8 ? Math.min(bytes.length, 2048) : bytes.length);
  const copy = bytes.slice();
  switch (integer(6)) {
    case 0:
      copy[at] ^= 1 << integer(8);
      return copy;
    case 1:
      copy[at] = integer(256);
      return copy;
    case 2:
      return copy.fill(edgeValues[integer(edgeValues.length)], at, at + 1 + integer(8));
    case 3:
      for (let i = at; i < Math.min(at + 4, copy.length); i += 1) copy[i] = integer(256);
      return copy;
    case 4:
      return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1 + integer(16))]);
    default:
      copy.copyWithin(at, integer(bytes.length), integer(bytes.length));
      return copy;
  }
}

/**
 * Opens `count` mutations of a file, the same ones for the same seed.
 *
 * Every one must be opened or refused with a `QorusError` that names a path. `repair` may change
 * the mutated bytes, to get past a checksum.
 */
export function mutateRandomly(
  path: string,
  bytes: Uint8Array,
  open: Opener,
  options: { count: number; seed: number; repair?: (bytes: Uint8Array) => Uint8Array },
): HostileOutcome {
  const outcome: HostileOutcome = { accepted: 0, refused: 0 };
  const random = seededRandom(options.seed);
  for (let i = 0; i < options.count; i += 1) {
    const mutated = mutate(bytes, random);
    writeFileSync(path, options.repair === undefined ? mutated : options.repair(mutated));
    tryOpen(open, `mutation ${i} of seed ${options.seed}`, outcome);
  }
  writeFileSync(path, bytes);
  return outcome;
}
