/**
 * How stories begin and end, whatever happens in between.
 *
 * @module
 */

import { beatsOf } from "./plots/plot.ts";

/** What somebody likes to do. */
const loves =
  `[to play outside|to sing songs|to run and jump|to help others|to read books|to look at the
  stars|to climb trees|to play with {his} friends|to draw pictures|to ask questions|to tell
  stories|to
  dance|to make new things|to eat {treat.many}|to laugh|to play in the
  [snow|rain|grass|garden|water]|to sleep in the sun|to
  listen to stories|to play {game}]`;

/** Openings that say who the hero is. */
export const introductions = beatsOf(`
/ Once upon a time[,|,|,|] there was a {hero.full} named {hero}.
/ Once upon a time[,|,|,|] there was a {hero.full} named {hero}. {He} lived {home.where} with
  {his} {adult}.
/ Once upon a time[,|,|,|] there was a {hero.full} named {hero}. {He} loved ${loves}.
/ Once upon a time[,|,|,|] there was a {hero.full}. {His} name was {hero}. {He} liked ${loves}.
/ Once upon a time[,|,|,|] there was a {hero.full} called {hero} who loved ${loves}.
/ Once upon a time[,|,|,|] a {hero.full} named {hero} lived {home.where}.
/ Once upon a time, {home.where}, there lived a {hero.full} named {hero}. {He} liked ${loves}.
/ Once there was a {hero.full} named {hero}. {He} lived {home.where}.
/ Once there was a {hero.full} who loved ${loves}. {His} name was {hero}.
/ There was a {hero.full} named {hero}. {hero} was very {kind}, and {he} loved ${loves}.
/ There once was a {hero.full} named {hero}, who lived {home.where}.
/ A long time ago, there lived a {hero.full} named {hero} {home.where}.
/ Long ago, a {hero.full} named {hero} lived {home.where} with {his} {adult}.
/ {Home.where}, there lived a {hero.full} named {hero}. {He} loved ${loves}.
/ A {hero.full} named {hero} lived {home.where}. {He} was always {joyful}.
/ {hero} was a {hero.full}. {He} lived {home.where} and loved ${loves}.
/ {hero} was a {hero.full} who liked ${loves}.
/ {hero} was a {hero.full}. {He} lived {home.where} with {his} {adult}.
/ The {hero.full} was called {hero}. {He} liked ${loves}.
/ This is the story of {hero}, a {hero.full} who loved ${loves}.
/ Do you know {hero}? {hero} was a {hero.full} who lived {home.where}.
/ A {hero.kind} named {hero} lived with {his} {adult} {home.where}. Every day {he} liked
  ${loves}.`)[
  0
];

/** Openings of stories that happen on one day. */
export const dayOpenings = beatsOf(`
/ It was a {nice} day, and {weather}.
/ It was morning. {Weather}. {hero} was {joyful}.
/ "Good morning, {hero}!" {said} {his} {adult}. {Weather}.
/ "Wake up, {hero}!" {said} {his} {adult}. "It is a {beautiful} day!"
/ {hero} woke up early. {Weather}.
/ {hero} was very {joyful} that day, because {weather}.
/ {Weather}. {hero} looked out of the window and smiled.
/ The day was {beautiful}. {hero} wanted to have some fun.`)[0];

/** Openings of stories that happen on one day, which say who the hero is. */
export const dayIntroductions = beatsOf(`
/ {OneFineDay}, a {hero.full} named {hero} woke up and looked out of the window. {Weather}.
/ {OneFineDay}, a {hero.full} named {hero} [wanted to have some fun|was very {joyful}|got up early].
/ {OneDay}, a {hero.full} called {hero} [could not wait to go outside|ate a {treat} for
  breakfast|sang
  a happy song]. {Weather}.
/ There was a {hero.full} named {hero}. {OneFineDay}, {hero} [was very {joyful}|got up early].`)[0];

/** Further openings of the same kind. */
export const moreIntroductions = beatsOf(`
/ The {hero.full} was very {joyful}. {His} name was {hero}.
/ The {hero.full} [woke up|got up] early. {His} name was {hero}, and {he} loved ${loves}.
/ A {hero.full} was playing {place.where}. {His} name was {hero}.
/ {hero} the {hero.kind} lived {home.where}. {Weather}.
/ A {hero.kind} named {hero} sat {place.where}. {Weather}.
/ {Place.where}, there was a {hero.full} named {hero}. {He} wanted to have some fun.
/ One day there was a {hero.full} named {hero} who was very {joyful}.`)[0];

/** Further openings of stories that happen on one day. */
export const moreOpenings = beatsOf(`
/ {hero} and {friend} went to {place}. They wanted to play together.
/ {hero} and {friend} were {place.where}. {Weather}.
/ {OneFineDay}, {hero} and {friend} went to {place}. [They were very {joyful}|{Weather}].
/ {hero} went to {place} with {his} {adult}. {Weather}.
/ "{Adult}, can I go outside?" asked {hero}. "{Yes}, {dear}," {replied} {his} {adult}.
/ "{Adult}, [may|can] I [have some {drink}|play in the garden], please?" asked {hero}. "{Yes},"
  {replied} {his} {adult}.
/ {hero} had a {toy.full}. {He} loved it very much.
/ The sun was shining, and {hero} was {joyful}.
/ The sun was shining and the birds were singing. {hero} wanted to go outside.
/ {hero} was always {joyful}. {Weather}.`)[0];

/** Openings for a hero who needs no introduction. */
export const shortOpenings = beatsOf(`
/ {hero} and {his} {adult} lived {home.where}.
/ {hero} and {friend} often played together {place.where}.
/ {hero} and {friend} lived {home.where}. They played together every day.
/ {hero} had a big family. They lived {home.where}.
/ {hero} loved ${loves}.
/ {hero} liked ${loves}. So did {his} friend {friend}.
/ {hero} and {friend} were good friends. They liked ${loves.replace("{his} friends", "each other")}.
/ {hero} and {friend} were best friends. They lived {home.where}.
/ Every day, {hero} liked ${loves}.`)[0];

/** Last words that fit every story. */
export const closings = beatsOf(`
/ The end.
/ It was a {nice} day.
/ And they all lived happily ever after.
/ What a {nice} day it was!
/ {hero} {smiled} and thought, "What a {nice} day!"
/ That night, {hero} slept very well.
/ {hero} will never forget that day.
/ At home, {he} told {his} {adult} everything.
/ {His} {adult} was very proud of {him}.
/ {hero} was {happy}.
/ And from that day on, {hero} was always {kind} to others.`)[0];
