/**
 * What those in a story are called.
 *
 * @module
 */

import type { Choices } from "./random.ts";
import { capitalized } from "./template.ts";

const list = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Lists of names for each gender. */
type Names = Readonly<Record<"she" | "he", readonly string[]>>;

/** Names of children in the simplest stories. */
export const childNames: Names = {
  she: list(
    `Lily Mia Anna Emma Lucy Rosie Sara Ella Nora Ruby Molly Zoe Amy Ivy Clara Daisy Grace Julia
     Kate Luna Maya Nina Olive Penny Sophie Tara Alice Bella Jane Sue`,
  ),
  he: list(
    `Tom Ben Max Sam Leo Jack Tim Finn Noah Oscar Adam Billy Charlie Dan Eli Fred George Henry Hugo
     Jake Joe Kai Luke Mark Nick Owen Peter Ravi Theo Walt`,
  ),
};

/** Names of animals in the simplest stories. */
export const animalNames: Names = {
  she: list("Dot Honey Pearl Hazel Tilly Coco Fern Poppy Willow Mimi Suki Bonnie Ginger Pippa"),
  he: list("Pip Bruno Barney Rusty Otto Benny Chip Teddy Nico Felix Milo Toby Buddy Monty"),
};

/** Other names that people give to children and pets. */
const otherNames: Names = {
  she: list(
    `Sophia Olivia Isabella Ava Charlotte Amelia Harper Evelyn Abigail Emily Elizabeth Sofia Avery
     Madison Scarlett Victoria Aria Chloe Camila Layla Riley Hannah Lillian Addison Aubrey Eleanor
     Stella Natalie Leah Savannah Audrey Brooklyn Claire Skylar Anne Maria Martha Betty Sally Polly
     Jenny Wendy Heidi Greta Ingrid Freya Astrid Yuki Mei Aisha Fatima Priya Leila Rosa Carmen Ines
     Elena Katya Olga Tess Tina Rita Vera Wanda Paula Helen Laura Linda Susan Mary Cleo Bree Dora
     Eva Fiona Gina Iris June Kira Lena Lola Lulu Nelly Petra Robin Sandy Trixie Una Vicky Whiskers
     Fluffy Snowflake Cinnamon Misty Blossom Peaches Patches`,
  ),
  he: list(
    `Liam William James Oliver Benjamin Elijah Lucas Mason Logan Alexander Ethan Jacob Michael
     Daniel Matthew David Joseph Carter Wyatt John Gabriel Julian Isaac Anthony Dylan Lincoln Thomas
     Andrew Joshua Christopher Nathan Aaron Ian Colin Simon Paul Eric Frank Greg Harry Ivan Jim Ken
     Larry Martin Ned Patrick Quentin Robert Steve Ted Victor Walter Xavier Yusuf Zach Ali Omar
     Hassan
     Raj Arjun Kenji Hiro Wei Juan Carlos Diego Pablo Pedro Luis Marco Luca Sven Lars Olaf Nils Emil
     Bob Bill Andy Roy Ron Ross Scott Alfie Archie Duncan Edgar Floyd Gus Rex Rover Fido Shadow
     Tiger
     Boots Socks Whiskers Smoky Bandit Scout Ziggy`,
  ),
};

const onsets = list(
  "b br c ch cl d dr f fl g gl h j k kl l m n p pl qu r s sk sl sn st th tr v w y z",
);
const vowels = list("a e i o u a e i o ai ee oo ea");
const codas = list("lm rn x z");
const endings: Names = {
  she: list("a a ia ina elle y ie ette ora"),
  he: list("o o us in ur y en ick ard"),
};

/** A name that nobody has. */
function inventName(gender: "she" | "he", choices: Choices): string {
  const syllable = choices.pick(onsets) + choices.pick(vowels);
  if (choices.chance(0.15)) return capitalized(syllable + choices.pick(codas));
  const second = choices.chance(0.2) ? choices.pick(onsets) + choices.pick(vowels) : "";
  const middle = choices.pick(["", "b", "d", "l", "m", "n", "r", "t", "v", "z"]);
  const stem = second === "" && middle === "" ? syllable + "n" : syllable + second + middle;
  return capitalized(stem + choices.pick(endings[gender]));
}

/**
 * A name out of many: one of the simplest, another that people have, or one made up. Whoever reads
 * such stories has to look who is meant, and cannot know all names by heart.
 */
export function drawAnyName(
  simplest: readonly string[],
  gender: "she" | "he",
  choices: Choices,
): string {
  const share = choices.below(100);
  if (share < 45) return choices.pick(simplest);
  return share < 85 ? choices.pick(otherNames[gender]) : inventName(gender, choices);
}
