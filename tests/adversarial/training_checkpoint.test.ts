/** Damaged checkpoints of training: refused with a QorusError, and no part is changed. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { Checkpoint } from "../../lib/formats/types.ts";
import { randomState } from "../../lib/core/random.ts";
import { QorusError } from "../../lib/native/error.ts";
import { loadCheckpoint, saveCheckpoint } from "../../lib/train/checkpoint/checkpoint.ts";
import { mutateRandomly, truncateEverywhere } from "../support/hostile.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";
import { TinyRun } from "../support/tiny_run.ts";

/** What a run computes with, as text: every bit of its tensors and all its numbers. */
function stateOf({ parts, biasSum }: TinyRun): string {
  const { model, optimizer, schedule, data, others } = parts;
  const { tensors, ...numbers } = optimizer!.stateDict();
  const states = [schedule, data, ...Object.values(others!)].map((part) => part!.stateDict());
  const values = [...model.stateDict().values(), ...tensors.values(), biasSum].map((tensor) => {
    const { buffer } = tensor.read();
    return createHash("sha256").update(new Uint8Array(buffer)).digest("hex");
  });
  return JSON.stringify([values, numbers, states, randomState()]);
}

/** A saved run, and another one that a damaged file is loaded into. */
class Victim implements Disposable {
  readonly folder = new TemporaryFolder();
  readonly path = this.folder.file("run.safetensors");
  readonly run: TinyRun = new TinyRun({ hidden: 1, seed: 2 });
  readonly bytes: Uint8Array;
  #before: string;

  constructor() {
    using saved = new TinyRun({ hidden: 1 });
    saved.train(9);
    saveCheckpoint(this.path, saved.parts, saved.progress);
    this.bytes = new Uint8Array(readFileSync(this.path));
    this.run.train(3);
    this.#before = stateOf(this.run);
  }

  /** Loads the file. */
  load(): Pick<Checkpoint, "tensors"> {
    loadCheckpoint(this.path, this.run.parts);
    return { tensors: new Map() };
  }

  /** Loads the file; where it is refused, nothing may have changed. */
  loadWholeOrNot(): Pick<Checkpoint, "tensors"> {
    try {
      this.load();
    } catch (error) {
      this.assertUnchanged();
      throw error;
    }
    this.#before = stateOf(this.run);
    return { tensors: new Map() };
  }

  /** Throws unless the run is as it was before the last file that was loaded whole. */
  assertUnchanged(): void {
    assertEquals(stateOf(this.run), this.#before);
  }

  [Symbol.dispose](): void {
    this.run[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }
}

test("checkpoint cut at every byte is refused and changes nothing", () => {
  using victim = new Victim();
  const { path, bytes } = victim;
  const { accepted, refused } = truncateEverywhere(path, bytes, () => victim.load());
  assertEquals([accepted, refused], [0, bytes.length]);
  victim.assertUnchanged();
});

test("checkpoint with 1,000 mutations is refused and changes nothing", () => {
  using victim = new Victim();
  const { path, bytes } = victim;
  let same = 0;
  const open = () => {
    // A mutation can leave the bytes as they are.
    if (!readFileSync(path).equals(bytes)) return victim.load();
    same++;
    return { tensors: new Map<never, never>() };
  };
  const outcome = mutateRandomly(path, bytes, open, { count: 1000, seed: 21 });
  assertEquals(outcome, { accepted: same, refused: 1000 - same });
  assert(same < 100, `${same} mutations changed nothing`);
  victim.assertUnchanged();
});

/** Puts the checksum right, so that what is behind it is tested. */
function withChecksum(bytes: Uint8Array): Uint8Array {
  const text = '{"__metadata__":{"sha256":"';
  const offset = 8 + text.length;
  if (bytes.length < offset + 64) return bytes;
  const repaired = bytes.slice();
  repaired.fill(0x30, offset, offset + 64);
  const digits = createHash("sha256").update(repaired).digest("hex");
  repaired.set(new TextEncoder().encode(digits), offset);
  return repaired;
}

test("checkpoint with 600 mutations under a right checksum is loaded whole or not at all", () => {
  using victim = new Victim();
  const { path, bytes } = victim;
  const options = { count: 600, seed: 22, repair: withChecksum };
  const outcome = mutateRandomly(path, bytes, () => victim.loadWholeOrNot(), options);
  assert(outcome.accepted > 0 && outcome.refused > 300, JSON.stringify(outcome));
});

test("checkpoint with a wrong state under a right checksum is refused and changes nothing", () => {
  using victim = new Victim();
  const text = new TextDecoder("latin1").decode(victim.bytes);
  const changes: [find: RegExp, replacement: (found: string) => string, field: string][] = [
    [/words\\":\[\d+,\d{10}/, (found) => found.replace(/\d{10}$/, "9".repeat(10)), "random"],
    [/words/, () => "Words", "random"],
    [/step\\":9/, () => 'step\\":x', "qorus.state"],
    [/epoch\\":1/, () => 'epoch\\":-', "qorus.state"],
    [/"0.weight\\":9/, () => '"0.weight\\":{', "qorus.state"],
    [/exp_avg"/, () => 'exp_avx"', "exp_avg is missing"],
    [/position\\":\d/, () => 'position\\":9', "data"],
    [/AdamW/, () => "AdanW", "optimizer"],
    [/OneCycleLR/, () => "TwoCycleLR", "schedule"],
    [/lastEpoch\\":9/, () => 'lastEpocH\\":9', "schedule"],
    [/qorus.checkpoint":"1/, () => 'qorus.checkpoint":"2', "Update Qorus"],
  ];
  for (const [find, replacement, field] of changes) {
    const changed = text.replace(find, replacement);
    assert(changed !== text && changed.length === text.length, String(find));
    writeFileSync(victim.path, withChecksum(Uint8Array.from(changed, (c) => c.charCodeAt(0))));
    const error = assertThrows(() => victim.loadWholeOrNot(), QorusError);
    assert(error.message.startsWith(victim.path) && error.message.includes(field), error.message);
  }
});
