/**
 * Who is in a story.
 *
 * @module
 */

import { animalNames, childNames, drawAnyName } from "./names.ts";
import type { Choices } from "./random.ts";
import type { Forms } from "./template.ts";

const list = (text: string): readonly string[] => text.trim().split(/\s*\|\s*|\s+/);

const animals = list(
  `rabbit|fox|bear|mouse|squirrel|hedgehog|frog|duck|turtle|owl|deer|cat|dog|pig|lamb|beaver
   |badger|otter|penguin|elephant|lion|monkey|goat|bird|mole|raccoon|panda|koala|kangaroo|seal`,
).filter((name) => name !== "");
const fantasyKinds = {
  she: list("princess fairy witch dragon unicorn"),
  he: list("prince knight wizard dragon elf"),
};
const traits = {
  child: list("little young small kind curious clever brave cheerful happy shy playful"),
  animal: list("little young small brown gray clever curious shy brave playful tiny friendly"),
  fantasy: list("little young kind brave curious friendly small shy clever"),
};

/** What kind of being someone is. */
export type Group = "child" | "animal" | "fantasy";

/** `she` or `he`. */
export type Gender = "she" | "he";

/** Someone in a story. */
export interface Character {
  readonly group: Group;
  readonly gender: Gender;
  /** Name, kind and pronouns, for slots. */
  readonly forms: Forms;
}

const pronouns: Readonly<Record<Gender, Forms>> = {
  she: { he: "she", him: "her", his: "her", himself: "herself" },
  he: { he: "he", him: "him", his: "his", himself: "himself" },
};

/**
 * Someone of a group whose name and kind are none of those that are taken.
 *
 * @param manyNames with any name, made-up ones among them
 */
export function drawCharacter(
  group: Group,
  choices: Choices,
  taken: readonly Character[],
  manyNames: boolean,
): Character {
  // Two of one gender share their pronouns, which makes them harder to tell apart.
  const isGirl = taken.length === 0
    ? choices.chance(0.5)
    : taken[0].gender === "he" === choices.chance(0.7);
  const gender = isGirl ? "she" : "he";
  for (;;) {
    const simplest = (group === "child" ? childNames : animalNames)[gender];
    const one = manyNames ? drawAnyName(simplest, gender, choices) : choices.pick(simplest);
    const kind = drawKind(group, gender, choices);
    if (taken.some(({ forms }) => forms.one === one)) continue;
    if (group !== "child" && taken.some(({ forms }) => forms.kind === kind)) continue;
    const trait = choices.pick(traits[group]);
    const title = group === "child" ? one : `${one} the ${kind}`;
    const forms = { ...pronouns[gender], one, kind, trait, title, full: `${trait} ${kind}` };
    return { group, gender, forms };
  }
}

function drawKind(group: Group, gender: Gender, choices: Choices): string {
  if (group === "animal") return choices.pick(animals);
  if (group === "fantasy") return choices.pick(fantasyKinds[gender]);
  return gender === "she" ? "girl" : "boy";
}

const relatives = {
  she: list("mom mom mom mother mother grandma grandma aunt"),
  he: list("dad dad dad father father grandpa grandpa uncle"),
};

/** A grown-up who belongs to the hero: `one` is what the hero calls them. */
export function drawAdult(choices: Choices): Forms {
  const gender = choices.chance(0.55) ? "she" : "he";
  return { ...pronouns[gender], one: choices.pick(relatives[gender]) };
}

const professions = {
  she: list("teacher farmer baker neighbor librarian gardener nurse painter"),
  he: list("teacher farmer baker neighbor librarian gardener sailor carpenter"),
};

/** A grown-up whom the hero meets: `one` is the profession. */
export function drawStranger(choices: Choices): Forms {
  const gender = choices.chance(0.5) ? "she" : "he";
  return { ...pronouns[gender], one: choices.pick(professions[gender]) };
}

/** A brother or sister of the hero. */
export function drawSibling(
  choices: Choices,
  taken: readonly Character[],
  manyNames: boolean,
): Forms {
  const group = taken[0].group === "child" ? "child" : "animal";
  const { gender, forms } = drawCharacter(group, choices, taken, manyNames);
  const kind = gender === "she" ? "sister" : "brother";
  const age = choices.pick(["little", "little", "big"]);
  return { ...forms, kind, title: `${age} ${kind} ${forms.one}` };
}
