/**
 * Stories of things that are lost, broken or found.
 *
 * @module
 */

import type { Plot } from "./plot.ts";

/** Lost, broken and found things. */
export const lostPlots: readonly Plot[] = [
  {
    name: "a lost toy at home",
    things: { spot: "hidingPlace" },
    text: `
/ {OneDay}, {hero} wanted to play with {his} {toy.full}. But the {toy} was gone!
/ {hero} had a {toy.full}. It was {his} favorite toy. But {oneDay} {he} could not find it.
/ {OneDay}, {hero} woke up and [looked for|wanted to hold] {his} {toy.full}, but it was not there.
/ {hero} loved {his} {toy.full} very much. {OneDay}, the {toy} was [gone|lost|not in its place].

/ "Where is my {toy}?" {hero} {asked}. {He} {looked} everywhere, but {he} could not find it.
/ {He} {looked} [in every room|in the big box|on every chair|under the rug], but the {toy} was
  not there. {hero} was {sad}.
/ {hero} began to cry. "I lost my {toy}," {he} {said} {sadly}.
/ {hero} was {sad}. {He} {looked} here and there, but there was no {toy}.

/ {His} {adult} came in. "Why are you sad, {dear}?" {adult.he} {asked}. "I cannot find my {toy},"
  {said} {hero}.
/ {His} {adult} heard {him}. "Do not cry," {said} {his} {adult}. "We will look for the {toy}
  {together}."
/ "[Can|Will] you help me, please?" {hero} {asked} {his} {adult}. "{Yes}," {replied} {his} {adult}.
  "Let us look for it {together}."
/ {hero} told {his} {adult} about the {toy}. "Let us think," {said} {his} {adult}. "Where did you
  play with it last?"

/ They looked [in the kitchen|in the hall|in the garden] first, but [there was nothing|they only
  found a [old sock|little spoon|book|dusty shoe]].
/ {hero} thought and thought. Then {he} had an idea!
/ First they looked behind the plants. Then they looked under the chairs. No {toy}!
/

/ {Finally}, {hero} looked {spot}. There was the {toy.full}!
/ Then {hero} looked {spot}. "{Wow}! I found it!" {he} {cried}. The {toy} was there!
/ {Suddenly}, {he} saw something {toy.adjective} {spot}. It was the {toy}!
/ "Did you look {spot}?" {asked} {his} {adult}. {hero} looked, and there it was! {He} had found
  the {toy}.

/ {hero} was {happy}. {He} gave {his} {adult} {hug}. "Thank you for helping me," {he} {said}.
/ {hero} hugged {his} {toy} [tightly|and laughed]. "I will never lose you again," {he} {said}.
/ {hero} {smiled}. From that day on, {he} always put {his} {toy} [back in its place|in a safe place]
  [at night|after playing].
/ {hero} jumped up and down with joy. Then {he} played with {his} {toy} [all day long|until it was
  time for bed].`,
  },
  {
    name: "a lost toy outside",
    things: { spot: "outdoorHiding" },
    text: `
/ {OneFineDay}, {hero} took {his} {toy.full} outside to play {place.where}.
/ {OneFineDay}, {hero} went to {place} with {his} {toy.full}. {He} [ran and jumped|played for a long
  time|had a lot of fun].
/ {hero} was playing {place.where} with {his} {toy.full}. {He} saw [a little bird|some flowers|a
  brown dog] on the way.

/ {He} saw a {beautiful} butterfly and ran after it. When {he} came back, the {toy} was gone.
/ After some time {he} felt hungry and went home to eat. But {he} forgot {his} {toy}! When {he}
  came back, it was not there.
/ Then it was time to go home. But where was the {toy}? {hero} could not see it.
/ {Suddenly}, a strong wind blew. When {hero} opened {his} eyes again, the {toy} was gone.

/ "Oh no! My {toy}!" {cried} {hero}. {He} was {sad}.
/ {hero} looked up and down, but {he} could not find the {toy}. {He} sat down and cried.
/ {hero} was {sad}. "I want my {toy} back," {he} {said} {sadly}.

/ {friend.title} came by. "What is wrong?" {asked} {friend}. "I lost my {toy}," {said} {hero}. "I
  will help you find it," {said} {friend}.
/ {His} friend {friend} saw that {he} was sad. "Do not worry," {said} {friend}. "Two can see more
  than one. Let us look {together}."
/ "Can you help me?" {hero} {asked} {his} friend {friend}. "{Yes}!" {replied} {friend}.

/ They looked behind the trees and [in the tall grass|near the water|under the bench]. Then
  {friend} looked {spot}. "{Wow}! Here it is!" {friend.he} {cried}.
/ {friend} {looked} on one side and {hero} {looked} on the other side. {Finally}, {hero} found the
  {toy} {spot}.
/ They looked for a long time. {Finally}, {friend} saw something {toy.adjective} {spot}. It was
  the {toy}!

/ "Thank you, {friend}! You are a good friend," {said} {hero}. They played with the {toy} {together}
  [until the sun went down|all afternoon|all day].
/ {hero} was {happy}. {He} let {friend} play with the {toy}, too. They had a lot of fun {together}.
/ {hero} gave {friend} {hug}. "I am so lucky to have a friend like you," {he} {said}.
/ {hero} and {friend} laughed. Then they went home, and {hero} held {his} {toy} [in {his} arms|very
  tightly] all the way.`,
  },
  {
    name: "the lost thing of a grown-up",
    things: { lost: "adultThing", spot: "hidingPlace" },
    text: `
/ {OneDay}, {hero} saw that {his} {adult} was [looking for something|not happy|in a hurry].
/ {OneDay}, {his} {adult} walked up and down in the house. {hero} was {curious}.
/ {OneDay}, {his} {adult} could not find {adult.his} {lost.full}.

/ "What are you looking for?" {hero} {asked}. "I lost my {lost}," {said} {his} {adult}.
/ "My {lost} is gone," {said} {his} {adult}. "I need it [today|for my work|very much]."
/ "Have you seen my {lost}?" {asked} {his} {adult}. "No," {said} {hero}. "But I will help you look."

/ {hero} wanted to help. {He} {looked} in the kitchen. {He} {looked} in the hall. The {lost} was not
  there.
/ "I can find it!" {said} {hero}. {He} {looked} [high and low|in every room|here and there].
/ {hero} thought hard. "Where did you have it yesterday?" {he} {asked}. {His} {adult} did not know.

/ Then {hero} {looked} {spot}. Something was there! It was the {lost}!
/ {Suddenly}, {hero} saw something {spot}. "I found it!" {he} {cried}. It was the {lost.full}.
/ {Finally}, {hero} looked {spot}. There was the {lost.full}!

/ {His} {adult} was {happy}. "Thank you, {hero}," {adult.he} {said}. "You have very good eyes."
/ "What would I do without you?" {said} {his} {adult}, and gave {hero} {hug}.
/ {His} {adult} {smiled}. "You are a great helper," {adult.he} {said}. {hero} felt {proud}.

/ Then they [laughed|ate a cookie|had some tea|went for a walk] {together}.
/ {hero} felt good, because {he} had helped.
/ After that, {his} {adult} always put the {lost} on the little table by the door.
/`,
  },
  {
    name: "telling the truth",
    things: { broken: "fragile" },
    text: `
/ {OneDay}, {hero} was playing with {his} {toy} in the house. {His} {adult} had said, "Please play
  outside." But {hero} did not listen. A {broken.full} stood on the
  table.
/ {OneDay}, {hero} [ran|danced|jumped] around in the living room. On the table stood a
  {broken.full}.
/ {His} {adult} had a {broken.full}. {OneDay}, {hero} played next to it.
/ {OneDay}, {hero} wanted to look at the {broken.full} of {his} {adult}. {He} climbed on a chair to
  reach it.

/ {Suddenly}, the {broken} fell down. Crash! It broke into [many|little|a hundred] pieces.
/ Crash! The {broken} fell on the floor and broke.
/ {He} did not look, and bumped into the table. The {broken} fell down and broke.

/ {hero} was {scared}. "What [should I do|do I say] now?" {he} thought. {He} wanted to hide [under
  the bed|behind the sofa|in the closet].
/ {hero} felt {sad}. {He} thought, "My {adult} will be angry with me." But {he} knew what was right.
/ "Oh no," {said} {hero}. {His} heart beat fast. {He} wanted to run away.

/ But then {he} went to {his} {adult}. "I broke the {broken}," {he} {said} {sadly}. "I am so sorry."
/ {His} {adult} came in. "What happened?" {adult.he} {asked}. {hero} looked down. "It was me," {he}
  {said}. "I broke it. I am sorry."
/ {hero} took a deep breath. {He} walked to {his} {adult} and told {adult.him} the truth.

/ {His} {adult} was not angry. "Thank you for telling me the truth," {adult.he} {said}. "That was
  brave."
/ "A {broken} is only a {broken}," {said} {his} {adult} {warmly}. "I am glad that you told me the
  truth."
/ {His} {adult} gave {him} {hug}. "Everyone makes mistakes," {adult.he} {said}. "It is good that
  you told me."

/ {Together} they [picked up the pieces|cleaned the floor|glued the {broken} together]. {hero} felt
  much better.
/ They cleaned up {together}. After that, {hero} [was more careful|only played outside|always told
  the truth].
/ {hero} learned that it is always best to tell the truth.`,
  },
  {
    name: "stuck in a tree",
    things: { toy: "flyingToy" },
    setting: "weather",
    text: `
/ {OneDay}, {hero} played with {his} {toy.full} {place.where}.
/ {OneDay}, {hero} and {friend.title} were {place.where} with a {toy.full}.
/ It was a windy day. {hero} took {his} {toy.full} and went to {place}.

/ {He} threw it [up|high into the air], and it flew [higher and higher|up and up]. Then it got stuck
  in a {tree.full}.
/ {Suddenly}, the wind took the {toy} and carried it into a {tree.full}. It was stuck!
/ The {toy} went up, up, up, and did not come down again. It was stuck in a {tree.full}.

/ {hero} jumped and jumped, but {he} could not reach it. The tree was too [high|tall].
/ {hero} shook the tree, but the {toy} did not fall down. {He} was {sad}.
/ "Oh no! My {toy}!" {cried} {hero}. {He} tried to climb the tree, but {he} was too small.

/ A {bird} saw this and said, "I can help you!" The {bird} flew up and pushed the {toy} with its
  beak.
/ {friend} had an idea. "Let us get a ladder," {friend.he} {said}. They asked {his} {adult}, who
  brought a long ladder and climbed up {carefully}.
/ {friend} found a long stick. "Sit on my back," {said} {friend}. {hero} climbed up and pushed the
  {toy} with the stick.
/ A tall {stranger} came by and saw it. "Let me help you," {said} the {stranger}, and reached up
  with
  a long arm.

/ {Finally}, the {toy} came down! {hero} caught it and {smiled}. "Thank you!" {he} {said}.
/ Down came the {toy}! {hero} was {happy}. "Thank you so much!" {he} {cried}.
/ The {toy} fell right into {hero}'s arms. "Hooray!" {he} {cried}. "Thank you!"

/ After that, {hero} always played [far away from the trees|in the open field].
/ Then they all laughed and played {together} until [the sun went down|it was time to go home].
/ {hero} learned that it is good to ask for help.`,
  },
  {
    name: "a broken toy is repaired",
    text: `
/ {hero} had a {toy.full}. {He} played with it every day. But {oneDay} it broke.
/ {OneDay}, {hero} dropped {his} {toy.full} on the hard floor. Now it was broken.
/ {OneDay}, {hero} was playing with {his} {toy.full} when {he} heard a crack. A piece had come off!

/ {hero} was {sad}. "My {toy} is broken," {he} {said} {sadly}.
/ {hero} held the pieces in {his} hands and cried. "I cannot play with it any more," {he} {said}.
/ "Oh no!" {cried} {hero}. {He} did not know what to do.

/ {He} took the {toy} to {his} {adult}. "Can you fix it, please?" {he} {asked}.
/ {His} {adult} looked at the {toy}. "Do not be sad," {adult.he} {said}. "I think we can fix it."
/ {His} {adult} saw the broken {toy}. "Let me see," {adult.he} {said} {warmly}. "We need some glue."

/ They sat down at the table with [glue and tape|some tools|a needle and thread]. {His} {adult}
  showed
  {him} what to do. {hero} held the pieces {together}.
/ {His} {adult} took some [glue|tape|string] and worked {carefully}. {hero} helped and watched.
/ It took [a long time|all afternoon|an hour], but they did not give up.

/ {Finally}, the {toy} was whole again. It looked as good as new!
/ {Soon}, the {toy} was fixed. "{Wow}! Thank you!" {cried} {hero}.
/ {Finally}, the {toy} was not broken any more. {hero} was {happy}.

/ {He} gave {his} {adult} {hug}. From then on, {he} was very careful with {his} toys.
/ "Now I know how to fix things, too," {said} {hero}. {He} felt {proud}.
/ {hero} played with the {toy} all day and took good care of it.`,
  },
  {
    name: "somebody else's treasure",
    things: { thing: "smallThing" },
    text: `
/ {OneDay}, {hero} went for a walk {place.where}. {Suddenly}, {he} saw something on the ground.
/ {OneDay}, {hero} was {place.where} when {he} saw something shine in the grass.
/ {OneDay}, {hero} found something {place.where}.

/ It was a {thing.full}! It was so beautiful. {hero} picked it up and put it in {his} pocket.
/ It was a {thing.full}. "{Wow}! How {beautiful}!" {said} {hero}. {He} wanted to keep it.
/ {He} bent down to see it. It was a {thing.full}.

/ On the way home, {he} met {friend.title}. {friend} was crying. "What is wrong?" {asked} {hero}.
/ Then {he} heard somebody cry. It was {friend.title}. "Why are you so sad?" {asked} {hero}.
/ Then {friend.title} came along and looked at the ground. "What are you looking for?" {asked}
  {hero}.

/ "I lost my {thing}," {said} {friend}. "My {friendAdult} gave it to me."
/ "I cannot find my {thing}," {said} {friend} in a sad voice. "I have looked everywhere."
/ "My {thing} is gone," {said} {friend}. "It is very special to me."

/ {hero} held the {thing} in {his} hand. {He} liked it so much! But {he} knew what was right.
/ {hero} thought for a moment. {He} wanted to keep the {thing}, but it was not {his} {thing}.
/ {hero} looked at {friend}, and then {he} opened {his} hand. "Is this your {thing}?" {he} {asked}.

/ {He} gave the {thing} to {friend}. "Here it is," {he} {said}. "I found it {place.where}."
/ "I found it," {said} {hero}, and gave the {thing} to {friend}.

/ "Thank you, thank you!" {cried} {friend} and gave {hero} {hug}. {hero} was {happy}, too.
/ {friend} was {happy}. "You are very kind," {friend.he} {said}. They became good friends.
/ {friend} jumped for joy. {hero} felt warm inside. It was better to be kind than to have a
  {thing}.`,
  },
];
