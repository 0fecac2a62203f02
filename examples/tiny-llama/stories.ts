/**
 * Simple stories for children, made up by rules: what the model in the box was trained on.
 *
 * A story is drawn from a plot, its characters and things, and for each beat of the plot one of
 * several sentences with choices of their own. There are far more stories than anybody can read.
 *
 * @module
 */

import {
  type Character,
  drawAdult,
  drawCharacter,
  drawSibling,
  drawStranger,
  type Group,
} from "./stories/characters.ts";
import {
  closings,
  dayIntroductions,
  dayOpenings,
  introductions,
  moreIntroductions,
  moreOpenings,
  shortOpenings,
} from "./stories/frames.ts";
import { adventurePlots } from "./stories/plots/adventures.ts";
import { animalPlots } from "./stories/plots/animals.ts";
import { friendPlots } from "./stories/plots/friends.ts";
import { homePlots } from "./stories/plots/home.ts";
import { learningPlots } from "./stories/plots/learning.ts";
import { lostPlots } from "./stories/plots/lost.ts";
import { outdoorPlots } from "./stories/plots/outdoors.ts";
import { beatsOf, type Plot } from "./stories/plots/plot.ts";
import { Choices } from "./stories/random.ts";
import { expand, type Forms } from "./stories/template.ts";
import { things } from "./stories/things.ts";
import { words } from "./stories/words.ts";

/** All that can happen. */
export const plots: readonly Plot[] = [
  ...lostPlots,
  ...friendPlots,
  ...animalPlots,
  ...outdoorPlots,
  ...learningPlots,
  ...homePlots,
  ...adventurePlots,
];

/** Slots that speak of the hero. */
const pronounForms = new Set(["he", "him", "his", "himself"]);
const beats = new Map(plots.map((plot) => [plot, beatsOf(plot.text)]));

/** Who and what is in one story; drawn when first spoken of, then the same to the end. */
class Scene {
  readonly #choices: Choices;
  readonly #plot: Plot;
  readonly #characters: Character[];
  /** Names are any, not only the simplest. */
  readonly manyNames: boolean;
  readonly #drawn = new Map<string, Forms>();

  constructor(plot: Plot, choices: Choices, manyNames: boolean) {
    this.#choices = choices;
    this.#plot = plot;
    this.manyNames = manyNames;
    const hero = drawCharacter(drawGroup(plot.heroes, choices), choices, [], manyNames);
    this.#characters = [hero];
    this.#drawn.set("hero", hero.forms);
  }

  /** The hero needs to be introduced: a name alone does not say what being it is. */
  get needsIntroduction(): boolean {
    return this.#characters[0].group !== "child";
  }

  /** Says which day the story speaks of, wherever it would name one. */
  happensOn(day: string): void {
    for (const name of ["oneDay", "oneFineDay"]) this.#drawn.set(name, { one: day });
  }

  /** A template's text in this scene. */
  write(template: string): string {
    return expand(template, (name, form) => this.#lookup(name, form), this.#choices);
  }

  #lookup(name: string, form: string): string | undefined {
    const synonyms = this.#drawn.has(name) ? undefined : words[name];
    const pronoun = pronounForms.has(name) ? this.#drawn.get("hero")![name] : undefined;
    const found = pronoun ??
      (synonyms !== undefined ? this.#choices.pick(synonyms) : this.#forms(name)?.[form]);
    return found?.includes("{") ? this.write(found) : found;
  }

  #forms(name: string): Forms | undefined {
    let forms = this.#drawn.get(name);
    if (forms === undefined) {
      forms = this.#draw(name);
      if (forms !== undefined) this.#drawn.set(name, forms);
    }
    return forms;
  }

  #draw(name: string): Forms | undefined {
    if (name === "adult") return drawAdult(this.#choices);
    if (name === "stranger") return drawStranger(this.#choices);
    if (name === "sibling") return drawSibling(this.#choices, this.#characters, this.manyNames);
    if (name === "friend") {
      const [{ group }] = this.#characters;
      const friend = drawCharacter(
        group === "fantasy" ? "animal" : group,
        this.#choices,
        this.#characters,
        this.manyNames,
      );
      this.#characters.push(friend);
      return friend.forms;
    }
    const kind = things[this.#plot.things?.[name] ?? name];
    if (kind === undefined) return undefined;
    const taken = new Set([...this.#drawn.values()].map(({ one }) => one));
    for (;;) {
      const forms = this.#choices.pick(kind);
      if (!taken.has(forms.one)) return forms;
    }
  }
}

function drawGroup(groups: readonly Group[] | undefined, choices: Choices): Group {
  const share = choices.below(100);
  const group = share < 60 ? "child" : share < 88 ? "animal" : "fantasy";
  return groups === undefined || groups.includes(group) ? group : choices.pick(groups);
}

/**
 * The story with a number: the same text on every machine.
 *
 * @param index which story, from 0 on
 * @param seed which series of stories; stories of other series are others
 * @param manyNames with any names and some more openings: harder to read
 *
 * @example
 * ```ts
 * for (let index = 0; index < 3; index++) console.log(story(index), "\n");
 * ```
 */
export function story(index: number, seed = 1, manyNames = false): string {
  const choices = new Choices(seed, index);
  const plot = choices.pick(plots);
  const scene = new Scene(plot, choices, manyNames);
  const opening = drawOpening(plot, scene, choices);
  const middle = beats.get(plot)!.map((alternatives) => choices.pick(alternatives));
  const ending = choices.chance(0.35)
    ? [plot.setting === "night" ? "The end." : choices.pick(closings)]
    : [];
  const text = [...opening, ...middle, ...ending].map((template) => scene.write(template));
  return joined(text.filter((part) => part !== ""), choices);
}

/** The template that a story starts with, if any. */
function drawOpening(plot: Plot, scene: Scene, choices: Choices): readonly string[] {
  const isFree = plot.setting === undefined;
  const isOther = isFree && scene.manyNames && choices.chance(0.2);
  const share = choices.below(100);
  if (isOther || (isFree && share < 25)) {
    const introduces = scene.needsIntroduction || share < 10;
    const openings = isOther
      ? (introduces ? moreIntroductions : moreOpenings)
      : (introduces ? dayIntroductions : dayOpenings);
    // Opening first: it names the day that the rest speaks of.
    const opening = scene.write(choices.pick(openings));
    scene.happensOn("that day");
    return [opening];
  }
  if (scene.needsIntroduction || share < 75) return [choices.pick(introductions)];
  return share < 88 ? [choices.pick(shortOpenings)] : [];
}

/** Sentences as paragraphs of one to four beats. */
function joined(parts: readonly string[], choices: Choices): string {
  if (choices.chance(0.4)) return parts.join(" ");
  let text = parts[0];
  let length = 1;
  for (const part of parts.slice(1)) {
    const ends = length >= 4 || (length >= 2 && choices.chance(0.4));
    text += (ends ? "\n\n" : " ") + part;
    length = ends ? 1 : length + 1;
  }
  return text;
}
