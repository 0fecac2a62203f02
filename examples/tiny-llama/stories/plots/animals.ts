/**
 * Stories in which animals need help, or make trouble.
 *
 * @module
 */

import type { Plot } from "./plot.ts";

/** Animals. */
export const animalPlots: readonly Plot[] = [
  {
    name: "a lost baby animal",
    things: { baby: "babyAnimal" },
    text: `
/ {OneDay}, {hero} {walked} {place.where}. {Suddenly}, {he} heard a small sound.
/ {OneDay}, {hero} was playing {place.where} when {he} heard somebody cry.
/ {OneDay}, {hero} saw something small {place.where}. It did not move.

/ It was a little {baby}. It {baby.sound} and looked very sad.
/ {He} looked under a bush and saw a tiny {baby}. It was all alone and {baby.sound}.
/ It was a {baby}! It was lost and {scared}.

/ "Hello, little {baby}," {said} {hero} {warmly}. "Where is your mother?"
/ "Do not be afraid," {said} {hero}. "I will help you find your mother."
/ "Are you lost?" {asked} {hero}. The {baby} {baby.sound} again.

/ {hero} took the {baby} in {his} arms and {walked} to find the mother {baby.mother}.
/ They {walked} {together}. "Have you seen a {baby.mother}?" {hero} {asked} a {bird.full}. "Yes,"
  {said}
  the {bird}. "Go that way!"
/ {hero} showed the {baby} to {his} {adult}. "The mother {baby.mother} will miss it," {said} {his}
  {adult}. "Let us look for her."

/ They looked [for a long time|here and there|near the path]. {Finally}, they saw a big
  {baby.mother}
  {baby.home}.
/ {Soon}, they came to a place where a {baby.mother} lived {baby.home}. She was looking for her
  {baby}!
/ There, {baby.home}, was a {baby.mother}. She looked {sad}, because her {baby} was gone.

/ The {baby} {ran} to its mother. How happy they were!
/ When the {baby} saw its mother, it {baby.sound} with joy and {ran} to her.
/ "Here is your {baby}," {said} {hero}. The mother {baby.mother} was {happy}.

/ {hero} waved goodbye. "Do not get lost again, little {baby}!" {he} {said}.
/ {hero} went home with a warm feeling in {his} heart.
/ {hero} was {proud}. {He} had helped the little {baby} to find its way home.
/ From then on, {hero} visited the {baby} {baby.home} every week.`,
  },
  {
    name: "hungry birds in winter",
    setting: "weather",
    text: `
/ It was a cold winter day. Snow lay on [the roofs|the trees|the ground]. {hero} looked out of the
  window.
/ One day in winter, {hero} saw a little {bird} in the snow.
/ It was winter, and everything was white and cold. A {bird.full} sat [in a tree|on the fence|in
  front of the window].

/ The {bird} looked cold and {hungry}. There was nothing to eat in the snow.
/ The {bird} looked for food, but the snow was too deep.
/ "Why is the {bird} so sad?" {asked} {hero}. "It cannot find food in the snow," {said} {his}
  {adult}.

/ {hero} wanted to help. {He} got some [seeds|bread crumbs|nuts and seeds|corn] and put them [on the
  windowsill|in the snow|on a plate outside].
/ "We must help!" {said} {hero}. {He} {ran} to the kitchen and got some [seeds|nuts|bread].
/ {hero} and {his} {adult} built a little bird house and put [seeds|corn|nuts] in it.

/ At first the {bird} was {scared}. Then it came closer, hop, hop, hop, and began to eat.
/ The {bird} came and ate and ate. {Soon}, other birds came, too.
/ They waited [behind the window|very quietly]. {Finally}, the {bird} came and ate it all up.

/ The {bird} sang a {beautiful} song to say thank you. {hero} was {happy}.
/ Every day {hero} gave the birds some food. They were not hungry any more.
/ "Look, it likes the food!" {said} {hero}. The {bird} {cried}, "Tweet, tweet!"

/ When spring came, the {bird} built a nest [in the garden|near the window|in the apple tree].
/ All winter long, {hero} and the {bird} were friends.
/ In spring, the {bird} came back with its family and sang for {hero} every morning.
/ {hero} learned that even a small gift can help a lot.`,
  },
  {
    name: "a caught animal goes free",
    text: `
/ {OneDay}, {hero} {walked} {place.where}. {Suddenly}, {he} heard a cry for help.
/ {OneDay}, {hero} found a {wild.full} {place.where}. It was stuck {trap}!
/ {OneDay}, {hero} heard a strange sound {place.where}.

/ A {wild.full} was stuck {trap}. It could not get out.
/ The {wild} was stuck {trap} and could not move. It looked {scared}.
/ There was a {wild} {trap}. It pulled and pulled, but it could not get free.

/ "Please help me," {said} the {wild}. "{Yes}," {replied} {hero}. "I will help you."
/ "Oh, you poor {wild}," {said} {hero}. "Do not be afraid. I will get you out."
/ {hero} was a little afraid, too. But {he} wanted to help the {wild}.

/ {hero} pulled and pulled, but {he} was not strong enough. So {he} called {his} friend
  {friend.title}.
  {Together} they pulled as hard as they could.
/ {He} {carefully} [used a long stick|made the hole bigger|lifted the {wild} up].
/ {He} worked {carefully}. It took a long time, but {hero} did not give up.

/ {Finally}, the {wild} was free! It jumped for joy.
/ Pop! The {wild} was free. "Thank you!" it {cried}.
/ The {wild} was free again. It looked at {hero} with big eyes.

/ "Thank you, {hero}! I will never forget this," {said} the {wild}. Then it {ran} back to its
  family.
/ The {wild} ran around {hero} three times. Then it was gone between the trees. {hero} waved and
  {smiled}.
/ Some days later, {hero} got lost in the woods. Who came to show {him} the way home? It was the
  {wild}!
/ The next day, there were some nuts and berries in front of the door. They were a gift from the
  {wild}.

/ {hero} was {happy} that {he} had helped.
/ If you help others, they will help you, too.
/ {hero} told {his} {adult} all about it at dinner.
/`,
  },
  {
    name: "a naughty pet",
    heroes: ["child"],
    text: `
/ {hero} had a {pet}. Its name was {petName}. {petName} was always hungry.
/ {hero} had a funny {pet} named {petName}. {petName} liked to eat everything.
/ In {hero}'s house there lived a {pet} named {petName}. The {pet} was very [naughty|funny|clever].

/ One day, {his} {adult} made a {cake.full} and put it on the table.
/ One day, {hero} and {his} {adult} baked a {cake.full} for the neighbor. They put it near the
  window.
/ One day, there was a {cake.full} in the kitchen. It smelled so good!

/ When they came back, the {cake} was gone! "Who ate the {cake}?" {asked} {his} {adult}.
/ Then they went into the garden. When they came back, half of the {cake} was gone!
/ "Where is the {cake}?" {cried} {hero}. The plate was empty.

/ "It was not me," {said} {hero}. They looked at the floor. There were little crumbs everywhere.
/ {hero} saw crumbs on the floor. {He} followed the crumbs to the [garden|sofa|door].
/ They heard a sound under the table. "{pet.noise}!" There sat {petName}.

/ There was {petName} with cream on its nose. "{pet.noise}!" {pet.sound} {petName}.
/ There they found {petName}. The {pet} was so full that it could not move.
/ {petName} looked up and {pet.sound}. There were crumbs all over its face.

/ {hero} laughed and laughed. "You silly {pet}!" {he} {said}. {His} {adult} had to laugh, too.
/ "{petName}! That was not for you!" {said} {hero}. The {pet} looked so sad that {hero} gave it
  {hug}.
/ {His} {adult} was a little {angry}, but then everybody laughed. "Next time, I will put the
  {cake} on
  the top shelf," {said} {his} {adult}.

/ So they baked a new {cake}. This time {petName} had to wait outside.
/ After that, {hero} gave {petName} a {pet.food} every day, and the {pet} never took a {cake} again.
/ Then {petName} got a {pet.food}, and the others ate some fruit.`,
  },
  {
    name: "the egg",
    text: `
/ {OneDay}, {hero} found an egg {place.where}. It was [white|blue|brown|white with brown spots].
/ {OneDay}, {hero} was {place.where}. There, in the grass, was a little egg.
/ {OneDay}, {hero} saw something round {place.where}. "Is it a ball?" {he} thought. No, it was an
  egg!

/ "Where is your mother?" {asked} {hero}. But nobody was there. The egg was cold.
/ {hero} looked for a nest, but {he} did not see one. "You must be cold," {he} {said} to the egg.
/ "We cannot leave it alone," {said} {friend.title}, who was with {him}. "It must be warm."

/ {He} took the egg home {carefully} and put it [in a warm blanket|in a soft hat|next to the
  stove|in
  a basket with straw].
/ {hero} made a soft nest of [wool|grass|leaves] and put the egg into it. {He} kept it warm.
/ {hero} told {his} {adult} about the egg. They put it under a lamp to keep it warm.

/ {He} waited one day, two days, three days. Nothing happened.
/ Every day, {hero} looked at the egg and talked to it. {He} had to wait for a long time.
/ {hero} waited and waited. "When will it come out?" {he} {asked}. "Be patient," {said} {his}
  {adult}.

/ One day, there was a sound. Crack! The egg moved and broke open.
/ Then one day {he} heard a sound. Tap, tap, tap! There was a hole in the egg.
/ {Finally}, the egg began to shake. Crack! Crack!

/ Out came a tiny {bird}. It looked at {hero} and said, "Peep!"
/ A little {bird} looked out of the egg. It was wet and small. "Peep, peep!" it said.
/ A tiny head came out, and then a little wing. It was a baby {bird}!

/ "Hello, little {bird}," {said} {hero}. {He} was {happy}. They became good friends.
/ {hero} took good care of the {bird} until it was big and could fly.
/ The little {bird} thought that {hero} was its mother and followed {him} everywhere.
/ When the {bird} was big, it flew up into the sky. But every [morning|spring] it came back to
  visit {hero}.`,
  },
  {
    name: "the caterpillar",
    text: `
/ {OneDay}, {hero} found a fat green caterpillar {place.where}. It was eating a leaf.
/ {OneDay}, {hero} saw a little caterpillar on a leaf {place.where}.
/ {hero} sat {place.where} {oneDay}. A small caterpillar came by, very slowly.

/ "Hello," {said} {hero}. "You are so slow!" "I know," {said} the caterpillar. "I wish that I
  could fly."
/ "You are so small," {said} {hero}. "But I am always hungry," {said} the caterpillar and ate
  another
  leaf.
/ {hero} gave it a fresh leaf. The caterpillar ate and ate and grew and grew.

/ Every day, {hero} came to see the caterpillar and brought it a green leaf.
/ {NextDay}, {hero} came back and brought some leaves. They became friends.
/ They met every day and talked about [the sky|the flowers|the world|the sun and the moon].

/ But one day the caterpillar was gone. There was only a small brown thing that did not move. {hero}
  was {sad}.
/ Then the caterpillar said, "I am so tired. I must sleep now." It made itself a little bed and
  closed
  its eyes. {hero} missed {his} friend.
/ One day, the caterpillar was not there. "Where is my friend?" {asked} {hero}. "Wait and see,"
  {said}
  {his} {adult}.

/ {hero} waited for many days. Then something {beautiful} happened. The brown thing broke open,
  and out
  came a butterfly!
/ After many days, a butterfly with {color} wings flew to {hero} and sat down on {his} nose.
/ One day, a {beautiful} butterfly flew by. "Do you know me?" it {asked}. "I was a caterpillar!"

/ "You can fly!" {cried} {hero}. "You are so beautiful!" The butterfly danced in the air.
/ "Is it you?" {asked} {hero}. "{Yes}!" {replied} the butterfly. "Now I can fly!"
/ {hero} was {surprised}. {His} friend had wings now! The butterfly flew around {him} three times.

/ {hero} learned that good things take time.
/ All summer long, they played {together} among the flowers.
/ And {hero} ran after the butterfly, laughing with joy.
/`,
  },
  {
    name: "a cat in a tree",
    heroes: ["child"],
    text: `
/ {OneDay}, {hero} heard a cat in the garden. "Meow! Meow!" It was [in a {tree.full}|high up in a
  tree].
/ {hero} had a cat named {petName}. {OneDay}, {petName} climbed up a {tree.full}.
/ {OneDay}, {hero} could not find {his} cat {petName}. Then {he} heard a sad "Meow!" from a tree.

/ The cat wanted to come down, but it was {scared}. The tree was so {tall}!
/ The cat sat on a branch and could not come down. It was too high.
/ "Come down, kitty!" {said} {hero}. But the cat did not dare to jump.

/ {hero} held up [a fish|some milk|a ball of string]. But the cat did not come.
/ {hero} tried to climb the tree, but the first branch was too high.
/ "I will get help," {said} {hero} and {ran} to {his} {adult}.

/ {His} {adult} came with a ladder and climbed up, step by step. "Come here, little cat," {said}
  {his}
  {adult} {warmly}.
/ They called a firefighter, who came in a big red truck with a very long ladder. The firefighter
  took the
  cat and climbed down.
/ A neighbor brought a big blanket. They held it under the tree. "Jump!" {cried} {hero}. And the cat
  jumped!

/ {Finally}, the cat was safe. {hero} held it in {his} arms. "Purr, purr," said the cat.
/ The cat was safe! It licked {hero}'s hand to say thank you.
/ {hero} was {happy}. "Do not climb so high again," {he} {said}. "Meow," said the cat.

/ Then the cat drank some milk and fell asleep [in the sun|on the sofa|on {his} bed].
/ That night, the cat slept next to {hero}.
/ But what did the cat do {nextDay}? It climbed up the tree again!
/`,
  },
];
