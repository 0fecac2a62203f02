/**
 * Stories of weather, seasons and the garden.
 *
 * @module
 */

import type { Plot } from "./plot.ts";

/** Weather, seasons, garden. */
export const outdoorPlots: readonly Plot[] = [
  {
    name: "a rainy day",
    things: { fun: "indoorGame" },
    setting: "weather",
    text: `
/ {OneDay}, {hero} wanted to go outside and play. But it was raining.
/ It rained and rained. {hero} looked out of the window. "I want to go outside," {he} {said}
  {sadly}.
/ {OneDay}, dark clouds came and it began to rain. {hero} could not play in the garden.

/ "Rain, rain, go away!" {said} {hero}. But the rain did not stop.
/ {hero} was {sad}. "What can I do?" {he} {asked}. "It is so boring!"
/ "I do not like the rain," {said} {hero}. "The plants like it," {said} {his} {adult}. "They are
  thirsty."

/ {His} {adult} had an idea. "Let us {fun}," {adult.he} {said}. {hero} liked the idea.
/ Then {friend.title} came with a big umbrella. "Let us {fun}," {said} {friend}. So they did.
/ "We can {fun}," {said} {his} {adult}. They did, and {hero} had a lot of fun.

/ They laughed so much that {hero} forgot all about the rain.
/ Time went by, and {hero} was not sad any more.
/ It was so much fun that {hero} did not hear the rain any more.

/ {Suddenly}, the sun came out. "Look! A rainbow!" {cried} {hero}. It was [red, orange, yellow,
  green,
  and blue|so big and so bright|the most beautiful rainbow of all].
/ Then the rain stopped. {hero} put on {his} [red|yellow|blue|green] boots and ran outside.
  Splash! {He}
  jumped into a puddle.
/ {Finally}, the rain stopped. There were big puddles everywhere. {hero} jumped into each of them.
  Splash,
  splash!

/ "I like rainy days now," {said} {hero} and {smiled}.
/ {hero} was wet and muddy and {happy}.
/ {His} {adult} laughed, and they jumped and danced {together}.
/ When {he} came in again, {his} {adult} gave {him} a warm towel and some hot chocolate.`,
  },
  {
    name: "a storm at night",
    setting: "night",
    text: `
/ {OneNight}, there was a big storm. The wind blew and the rain fell on the roof.
/ {OneNight}, {hero} was in bed when a storm came. Boom! went the thunder.
/ {OneNight}, {hero} woke up. There was a bright light in the sky, and then a loud boom.

/ {hero} was {scared}. {He} pulled the blanket over {his} head.
/ Boom! The thunder was so loud that the windows shook. {hero} began to cry.
/ {hero} held {his} {comfort} very tightly. {He} was {scared}.

/ {He} {ran} to {his} {adult}. "I am afraid of the storm," {he} {said}. "Come here, {dear},"
  {said} {his}
  {adult}.
/ {His} {adult} came in with a little light. "Do not be afraid," {adult.he} {said} {warmly}. "It
  is only
  the thunder."
/ "Are you awake?" {asked} {his} {adult}. "I am scared," {said} {hero}. {His} {adult} sat down on
  the bed.

/ "The clouds are just very loud today," {said} {his} {adult}. "They cannot come into the house."
/ "Let us count," {said} {his} {adult}. "After the light we count until the thunder comes." One,
  two,
  three, boom! One, two, three, four, five, boom! The storm went away.
/ {His} {adult} sang a soft song and held {hero}'s hand. The thunder did not sound so loud any more.

/ {Soon}, the storm was over. It was quiet, and the moon came out.
/ {Finally}, the thunder was far away. Only the rain went drip, drop, drip, drop.
/ {hero} closed {his} eyes. The storm went away, and {he} fell asleep.

/ In the morning, the sun was shining, and everything smelled fresh.
/ {NextDay}, {hero} said, "I was brave last night!" "Yes, you were very brave," {said} {his}
  {adult}.
/ {hero} was not afraid of storms any more. {He} just counted and {smiled}.
/ "Good night, storm," {said} {hero}, and slept until the morning.`,
  },
  {
    name: "the snowman",
    things: { clothes: "warmClothes" },
    setting: "weather",
    text: `
/ {OneDay}, {hero} woke up, and everything was white. It had snowed all night!
/ It was winter. {OneDay}, big white snowflakes fell from the sky. {hero} was {excited}.
/ "Snow! Snow!" {cried} {hero} {oneDay}. The garden was all white.

/ {He} put on {his} {clothes.full} and {his} boots and {ran} outside. {friend.title} came, too.
  "Let us
  make a snowman!" {said} {friend}.
/ {hero} and {his} {adult} went outside. "Let us build a snowman," {said} {his} {adult}.
/ {He} called {his} friend {friend}. {Together} they wanted to build a big snowman.

/ They rolled a big ball of snow, then a smaller one, and then a very small one for the head.
/ First they made a big ball. Then they put a smaller ball on top of it. It was hard work!
/ They pushed and rolled the snow until they had three big balls.

/ They gave the snowman a carrot for a nose and two stones for eyes.
/ "He needs a face," {said} {hero}. They took a carrot for the nose and buttons for the eyes.
/ For the eyes they took [nuts|black stones|buttons], for the nose a long carrot, and for the arms
  two sticks.

/ "He looks cold," {said} {hero}, and gave the snowman {his} {clothes}. Now he looked {beautiful}.
/ Then {hero} put {his} {clothes.full} on the snowman. "Now you are not cold," {he} {said}.
/ "Hello, Mister Snowman!" {said} {hero}. It looked as if the snowman smiled.

/ {NextDay}, the sun was warm, and the snowman got smaller and smaller. {hero} was {sad}. "Do not
  worry,"
  {said} {his} {adult}. "Next winter he will come back."
/ They danced around the snowman and sang songs. Then they went in and drank hot chocolate.
/ That night, {hero} looked out of the window. The snowman stood in the moonlight. "Good night,"
  whispered {hero}.
/ Every day, {hero} came and said hello to the snowman, until spring came.`,
  },
  {
    name: "the wind takes a hat",
    things: { clothes: "headClothes" },
    setting: "weather",
    text: `
/ {OneDay}, {hero} went for a walk with {his} new {clothes}. It was very windy.
/ {hero} had a {clothes.full}. {He} wore it every day. {OneDay}, a strong wind blew.
/ {OneDay}, {hero} and {his} {adult} were walking {place.where}. {hero} wore {his} {clothes.full}.

/ {Suddenly}, the wind took the {clothes}. Away it flew!
/ Whoosh! The wind blew so hard that the {clothes} flew up into the air.
/ "Whoosh!" went the wind, and the {clothes} was gone.

/ "Stop! Come back!" {cried} {hero}. {He} {ran} after it, over the [bridge|hill|grass] and around
  the
  [trees|house|pond]. But the {clothes} was faster.
/ {hero} ran and ran. The {clothes} flew over a fence, over a garden and over a cow.
/ {hero} jumped, but {he} could not catch it. "My {clothes}!" {he} {cried}.

/ Then the wind stopped, and the {clothes} fell down {place.where}. A {bird.full} sat down in it.
  "What
  a nice nest!" it said.
/ The {clothes} landed on the head of a [cow|goat|horse|donkey]. {hero} had to laugh.
/ {friend.title} saw the {clothes} and jumped up high. "I got it!" {cried} {friend}.
/ {Finally}, the {clothes} landed in a puddle. It was wet and muddy.

/ "Thank you for stopping, wind," {said} {hero}. {He} took the {clothes} and put it back on.
/ "That is my {clothes}," {said} {hero}. "May I have it back, please?" And so {he} got it back.
/ {hero} took {his} {clothes} and held it very tightly.

/ On windy days, {hero} now holds {his} {clothes} with both hands.
/ "The wind only wanted to play," {said} {his} {adult}. {hero} {smiled}.
/ When {he} came home, {his} {adult} [washed it|put a string on it], and it was as good as new.
/ After that, {he} flew a kite on windy days. The wind liked that, too.`,
  },
  {
    name: "a seed grows",
    setting: "weather",
    text: `
/ {OneDay}, {his} {adult} gave {hero} a tiny seed. "What is it?" {asked} {hero}. "Plant it and you
  will
  see," {said} {his} {adult}.
/ {OneDay}, {hero} found a little seed. {He} wanted to know what it was.
/ It was spring. {hero} and {his} {adult} went into the garden to plant some seeds.

/ {hero} dug a hole in the ground and put the seed into it. Then {he} gave it some water.
/ They made a little hole, put the seed in and covered it with soft brown earth.
/ {He} put the seed in a pot with earth. "Grow, little seed," {he} {said}.

/ {NextDay}, {hero} looked at it. There was nothing. "Why does it not grow?" {he} {asked}. "You
  have to be
  patient," {said} {his} {adult}.
/ {hero} watered it every day. One day, two days, three days. Nothing happened.
/ {hero} waited and waited. {He} wanted to dig it up, but {his} {adult} said, "It needs time,
  water and
  sun."

/ One day, there was a little green leaf! "{Wow}! It is growing!" {cried} {hero}.
/ Then, one day, something green came out of the ground. {hero} was {excited}.
/ After some time, a tiny green plant looked out of the earth. "Hello, little plant!" {said} {hero}.

/ It grew and grew. The sun gave it light, and {hero} gave it water. It became a {plant.full}.
/ Every day it grew a little more. {Finally}, it was a {plant.full}.
/ {hero} sang to it every day. By summer, it was a {plant.full}.

/ "I made this!" {said} {hero}. {He} was {proud}. "You took good care of it," {said} {his} {adult}.
/ {hero} showed the {plant} to {his} friend {friend}. "It was so small, and now it is so big!"
  {said} {hero}.
/ Everyone who came by looked at the {plant} and {smiled}. {hero} was {proud}.

/ {hero} learned that good things take time.
/ At the end of summer, it gave {hero} many new seeds.
/
/`,
  },
  {
    name: "visiting the moon",
    things: { spot: "highPlace" },
    setting: "night",
    text: `
/ {OneNight}, {hero} looked out of the window and saw the big round moon.
/ {OneNight}, {hero} could not sleep, because the moon was so bright.
/ {hero} loved the moon. {OneNight}, it was very big and round.

/ "I want to touch the moon," {said} {hero}. {He} [stood on a chair|climbed on the bed] and
  reached up,
  but the moon was too far away.
/ "Hello, moon!" {said} {hero}. "Will you play with me?" But the moon did not say a word.
/ "I wish that I could fly up to the moon," {said} {hero}.

/ {He} went outside and climbed {spot}. But the moon was still too high.
/ {He} called {his} friend {friend}. They climbed {spot}, but they could not reach the moon.
/ {hero} closed {his} eyes. In {his} dream, {he} flew up, up, up on a soft cloud.

/ {His} {adult} came and asked, "What are you doing?" "I want to get the moon," {said} {hero}.
/ Then a wise old owl said, "Nobody can touch the moon. But I can show you something." "{Yes},"
  {replied}
  {hero}.
/ A star blinked at {him}. "The moon is far away," the star said, "but it can see you."

/ They went to the pond, and there was the moon! It was shining in the water. {hero} put {his}
  hand in the
  water and touched it.
/ {He} filled a bowl with water and put it on the grass. "Look into it," {said} {his} {adult}. And
  there
  was the moon!
/ In the still water of the lake, {hero} saw a second moon. "Now I can touch it!" {he} {cried}.

/ {hero} was {happy}. "Good night, moon," {he} whispered, and fell asleep.
/ From then on, the moon shone into {his} room every night, and {hero} was never lonely.
/ {hero} yawned. "Good night, my moon," {he} {said}. The moon {smiled} and watched over {him} all
  night.`,
  },
  {
    name: "autumn leaves",
    things: { spot: "outdoorHiding" },
    setting: "weather",
    text: `
/ It was autumn. The leaves were red, yellow and brown, and they fell from the trees.
/ One day in autumn, {hero} helped {his} {adult} in the garden. There were leaves everywhere.
/ {OneDay}, the wind blew all the leaves from the trees. {hero} liked the colors.

/ {hero} took a rake and made a big pile of leaves. It was hard work.
/ {hero} and {friend.title} made a big, big pile of leaves.
/ {hero} and {his} {adult} raked and raked, and the pile got bigger and bigger.

/ "May I jump into it?" {asked} {hero}. "{Yes}!" {replied} {his} {adult}.
/ {hero} looked at the pile. Then {he} had a funny idea.
/ "One, two, three!" {hero} ran and jumped into the pile. The leaves flew everywhere!

/ {Suddenly}, the pile moved! {hero} was {surprised}. Who was in there?
/ Then they heard a sound in the leaves. "Who is there?" {asked} {hero}.
/ "Wait!" said a small voice. Something was in the leaves!

/ A little hedgehog looked out. "I want to sleep here until spring," it said.
/ It was a hedgehog! It was looking for a warm bed for the winter.
/ Out came a hedgehog with a leaf on its nose. It looked very sleepy.

/ "Sorry, little hedgehog," {said} {hero}. {He} made a new pile {spot}, just for the hedgehog.
/ "You can have this pile," {said} {hero}. {He} {carefully} put more leaves on top to keep it warm.
/ {hero} brought it some [apples|water|food] and did not jump into the leaves any more.

/ "Good night, hedgehog," whispered {hero}. "See you in spring!"
/ When spring came, the hedgehog came out and said good morning to {hero}.
/ {hero} was {happy} to have a friend in the garden.`,
  },
  {
    name: "the sand castle",
    heroes: ["child", "animal"],
    things: { thing: "smallThing" },
    setting: "weather",
    text: `
/ {OneFineDay}, {hero} went to the beach with {his} {adult}. The sand was warm and the sea was blue.
/ {OneFineDay}, {hero} and {friend.title} were at the beach. They took off their shoes and ran to
  the water.
/ It was summer. {hero} went to the beach and took a bucket and a shovel with {him}.

/ {hero} wanted to build a sand castle. {He} filled {his} bucket with wet sand.
/ "I will build the biggest castle in the world!" {said} {hero}. {He} dug and dug.
/ They built a castle with [four towers|a high wall|a deep moat] and put a {thing.full} on top of
  it.

/ The castle got bigger and bigger. {hero} was {proud} of it.
/ {hero} put shells on the walls. It was a {beautiful} castle.
/ "Look at my castle!" {said} {hero}. "It is {beautiful}," {said} {his} {adult}.

/ {Suddenly}, a big wave came. Whoosh! The castle was gone.
/ But then the water came closer and closer. A big wave washed the castle away.
/ Whoosh! A wave came and took the castle with it.

/ "My castle!" {cried} {hero}. {He} was {sad}. {He} had worked so hard.
/ {hero} began to cry. "All my work is gone," {he} {said}.
/ {hero} kicked the sand. {He} was {angry} with the sea.

/ "We can build a new one," {said} {his} {adult}, "a little farther away from the water."
/ "The sea likes your castle, too," {said} {his} {adult}. "Let us build it again, not so close to
  the waves."
/ Then {he} had an idea. "I will build it up there, where the waves cannot come," {he} {said}.

/ They worked {together}, and the new castle was even bigger than the first one.
/ {Soon}, a new castle stood there, and the waves could not reach it.
/ This time the castle did not fall. {hero} was {happy}.

/ {hero} learned that you can always try again.
/ When the sun went down, {he} waved to {his} castle and went home.
/ "It is even better than before!" {said} {hero}.`,
  },
  {
    name: "the picnic",
    text: `
/ {OneFineDay}, {hero} and {his} {adult} wanted to have a picnic {place.where}.
/ It was a {beautiful} day. "Let us have a picnic!" {said} {hero} to {his} friend {friend}.
/ {OneFineDay}, {hero}, {friend} and {his} {adult} went to {place} for a picnic.

/ They packed {treat.many}, {fruit.many} and some {drink} into a big basket.
/ In the basket there were {treat.many}, {drink} and a big bag of {fruit.many}.
/ {hero} carried the basket with the {treat.many}. It was heavy!

/ They put a blanket on the grass and sat down. Everything smelled so good!
/ They found a nice place under a tree and put down their blanket.
/ "I am so hungry," {said} {hero}. {He} opened the basket.

/ {Suddenly}, some ants came, one after the other. They wanted to eat the {treat.many}, too!
/ Then a {wild.full} came out of the bushes and looked at the {treat.many} with big eyes.
/ Then dark clouds came. Drip, drop! It began to rain.
/ But a {bird.full} flew down and took a {treat} from the basket!

/ "Oh no!" {said} {hero}. But then {he} laughed. "[Today we have a party with guests|This is a funny
  picnic|Everybody wants to come to our picnic]!"
/ At first {hero} was {angry}. Then {he} said, "There is enough for everyone."
/ {His} {adult} {smiled}. "Do not worry," {adult.he} {said}. "We will make the best of it."

/ They ate and drank and told funny stories.
/ They shared the {treat.many} and the {fruit.many}, and everybody had enough.
/ They moved to a dry place under a big tree and ate all the {treat.many} there.

/ It was the best picnic ever.
/ "Can we do this again tomorrow?" {asked} {hero}. "{Yes}," {replied} {his} {adult}.
/ With full tummies they went home, tired and {happy}.`,
  },
];
