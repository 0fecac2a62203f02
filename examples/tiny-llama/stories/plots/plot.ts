/**
 * What a plot is.
 *
 * @module
 */

import type { Group } from "../characters.ts";

/** One of the stories that can be told, with everything in it that may vary. */
export interface Plot {
  /** Unique among the plots. */
  readonly name: string;
  /** Who can be its hero. Default: anyone. */
  readonly heroes?: readonly Group[];
  /** Things of the story: slot names, and the kind of thing that is drawn for each. */
  readonly things?: Readonly<Record<string, string>>;
  /** The plot says itself what the weather is like, or begins at night. */
  readonly setting?: "weather" | "night";
  /**
   * Templates (see template.ts): an empty line between beats, `/` in front of each alternative of a
   * beat. An alternative without text leaves the beat out.
   */
  readonly text: string;
}

/** Alternatives of each beat. */
export function beatsOf(text: string): readonly (readonly string[])[] {
  return text.trim().split(/\n\s*\n/).map((beat) =>
    beat.trim().split(/(?:^|\n)\s*\/(?: |(?=\n)|$)/).slice(1).map((template) => template.trim())
  );
}
