/**
 * Stories of food, family, parties and bed time.
 *
 * @module
 */

import type { Plot } from "./plot.ts";

/** Food, family, parties, bed time. */
export const homePlots: readonly Plot[] = [
  {
    name: "baking",
    things: { nextCake: "cake" },
    setting: "weather",
    text: `
/ {OneDay}, {hero} and {his} {adult} wanted to bake a {cake}.
/ {OneDay}, {hero} was {hungry}. "Can we make a {cake}?" {he} {asked} {his} {adult}. "{Yes}!"
  {replied}
  {his} {adult}.
/ It was a rainy day. "Let us bake a {cake}," {said} {his} {adult}. {hero} was {excited}.

/ They took flour, eggs, sugar and milk. {hero} put everything into a big bowl.
/ {hero} broke the eggs {carefully}. Then {he} put in the flour and the sugar.
/ First they washed their hands. Then {hero} stirred and stirred.

/ {Suddenly}, {he} had to sneeze. Achoo! There was flour everywhere, even on {his} nose.
/ Oops! An egg fell on the floor. "I am sorry," {said} {hero}. "That can happen," {said} {his}
  {adult}.
/ {hero} licked the spoon. "Mmm, {delicious}!" {he} {said}.

/ They put the {cake} into the hot oven. "Now we must wait," {said} {his} {adult}.
/ The {cake} went into the oven. {hero} sat in front of it and watched it grow.
/ While the {cake} was in the oven, they cleaned the kitchen {together}.

/ {Soon}, the whole house smelled {nice}. The {cake} was ready!
/ {Finally}, the {cake} came out of the oven. It was golden and warm.
/ Ding! The {cake} was ready. It looked {delicious}.

/ {hero} took a piece to {friend.title}. "We made it ourselves," {he} {said}. "It is {delicious}!"
  {said}
  {friend}.
/ They ate the {cake} with some {drink}. "This is the best {cake} in the world," {said} {hero}.
/ {friend.title} smelled it, too, and came to the door. "Come in," {said} {hero}. They ate the
  {cake}
  {together}.

/ {hero} was {proud}, because {he} had helped to make it.
/ "Next time, I want to bake a {nextCake}," {said} {hero}. {His} {adult} laughed.
/ In the end, there was only one little piece left for {his} {adult}.
/`,
  },
  {
    name: "trying a vegetable",
    things: { food: "vegetable" },
    text: `
/ {hero} did not like {food.many}. {He} had never tried them.
/ {OneDay}, there were {food.many} for dinner. {hero} made a face.
/ "I do not eat {food.many}!" {said} {hero} {oneDay}. "They look funny."

/ "Just try one," {said} {his} {adult}. But {hero} shook {his} head. "No, no, no!"
/ {hero} pushed the plate away. "Please try one little bite," {said} {his} {adult}.
/ "{vegetableFact}," {said} {his} {adult}. But {hero} did not want to listen.

/ Then {friend.title} came to eat with them. {friend} ate one {food} after the other. "Mmm,
  {delicious}!"
  {said} {friend}.
/ {His} {adult} had an idea. They went into the garden and picked some {food.many} {together}.
/ {hero} looked at the {food} on {his} plate. It was {food.adjective}. {He} touched it with {his}
  finger.

/ {hero} was {curious}. {He} closed {his} eyes and took a very small bite.
/ "Okay, but only one bite," {said} {hero}. {He} put a tiny piece in {his} mouth.
/ {hero} held {his} nose and took a bite.

/ {He} opened {his} eyes wide. It was {delicious}!
/ "Oh!" {he} {said}. "It is not bad. It is good!"
/ It was {food.adjective} and tasted {nice}. "{Wow}! I like it!" {said} {hero}.

/ {He} ate it all up. "Can I have some more {food.many}, please?" {he} {asked}. {His} {adult}
  laughed.
/ From that day on, {he} loved {food.many}. {hero} learned that it is good to try new things.
/ After that, {hero} always tried new food before {he} said no.`,
  },
  {
    name: "soup for everyone",
    setting: "weather",
    text: `
/ {OneDay}, {hero} wanted to make {soup}. {He} put a big pot on the stove.
/ It was a cold day. {hero} and {his} {adult} cooked a big pot of {soup}.
/ {OneDay}, {hero} cooked {soup} all by {himself}.

/ Knock, knock! {friend.title} stood at the door. "It is so cold outside. May I come in?" {asked}
  {friend}.
/ It smelled so good that {friend.title} came to the door. "May I have some?" {asked} {friend}.
/ There was a knock at the door. It was {friend.title}. "I am {hungry}," {said} {friend}.

/ "{Yes}," {replied} {hero}. "Come in and sit down." Then there was another knock. It was an old
  {stranger}.
  "May I have some soup, too?"
/ "Come in!" {said} {hero}. Then a {bird.full} came to the window. It was cold and {hungry}, too.
/ "There is enough for two," {said} {hero}. Knock, knock! A {stranger} stood outside in the cold
  wind.

/ {hero} looked into the pot. Was there enough for everyone? {He} put in some more water and another
  {vegetable}.
/ "There will not be enough," {said} {friend}. "Then we will make some more," {said} {hero}.
/ "I have a {vegetable}," {said} {friend}. "Let us put it in, too." Now there was more {soup}.

/ They all sat around the table and ate. The {soup} was hot and {delicious}.
/ "Be careful, it is hot," {said} {hero}. They blew on their spoons and ate.
/ Everybody got a big bowl of {soup} and a piece of bread.

/ They told stories and laughed, and nobody was cold any more.
/ Outside it was cold, but inside it was warm. {hero} was {happy}.
/ "Thank you, {hero}," they all said. "That was {delicious}!"
/ In the end, the pot was empty, and everybody was full and {happy}.

/ {hero} learned that food tastes best when you share it.
/
/`,
  },
  {
    name: "a birthday",
    things: { present: "gift" },
    setting: "weather",
    text: `
/ It was {hero}'s birthday. {He} woke up early and was {excited}.
/ Today was a special day. It was {hero}'s birthday!
/ {hero} had {his} birthday. {He} jumped out of bed and {ran} into the kitchen.

/ But nobody was there. The house was very quiet. "Did they forget my birthday?" {he} thought.
/ "Good morning," {said} {his} {adult}, and nothing more. {hero} was {sad}. Had {his} {adult}
  forgotten it?
/ {He} went to {friend.title}. "I have no time today," {said} {friend}, and closed the door.
  {hero} was {sad}.

/ {hero} sat down in the garden all alone. A tear ran down {his} face.
/ {He} {walked} through the house. There was no cake, no gift and no song.
/ {He} waited all morning, but nothing happened.

/ In the afternoon, {his} {adult} called, "{hero}, please come inside!" {He} opened the door. It
  was dark.
/ Then {he} heard a sound behind the door. {He} opened it {carefully}.
/ {Suddenly}, {he} heard music. {He} followed it to the [kitchen|living room|back of the house].

/ "Surprise!" {cried} all {his} friends. "Happy birthday, {hero}!" There was a big {cake} with
  candles.
/ "Happy birthday!" they all cried. There were balloons and flowers and a {cake.full}.
/ "Surprise, surprise!" Everybody was there. They sang a song for {him}.

/ {friend} gave {him} a {present.full}. "{Wow}! Thank you!" {said} {hero}.
/ {His} {adult} gave {him} a box. In it was a {present.full}. It was just what {he} had wished for.
/ {He} opened {his} gifts. The best one was a {present.full} from {friend}.

/ {hero} blew out the candles and made a wish. They ate the {cake} and danced.
/ They played games until it was dark. It was the best birthday ever.
/ "I thought that you forgot it," {said} {hero}. "We could never forget your birthday," {said}
  {his} {adult}.
/ {hero} was {happy}. "I have the best friends in the world," {he} {said}.`,
  },
  {
    name: "cleaning up",
    text: `
/ {hero}'s room was a big mess. There were toys and clothes everywhere.
/ {OneDay}, {his} {adult} looked into {hero}'s room. "What a mess!" {adult.he} {said}. "Please
  clean it up."
/ {hero} did not like to clean {his} room. {OneDay}, {he} could not even see the floor any more.

/ "I do not want to clean up," {said} {hero}. "I want to play!"
/ "Later," {said} {hero}. But then {he} could not find {his} {toy}. It was somewhere in the mess.
/ {hero} wanted to play with {his} {toy}, but where was it?

/ {His} {adult} had an idea. "Let us make a game of it," {said} {his} {adult}. "How fast can you
  put ten
  things away?"
/ "If you clean up, you will find it," {said} {his} {adult}. So {hero} began.
/ {friend.title} came to help. "{Together} it will be fast," {said} {friend}. They turned on some
  music.

/ {He} put the books on the shelf and the blocks in the box. One, two, three, four, five!
/ They put the clothes in the closet and the cars in the box. They sang while they worked.
/ {hero} picked up a sock, a book, a ball and another sock.

/ {Suddenly}, {he} saw something under a shirt. It was {his} {toy}! "There you are!" {he} {cried}.
/ Under the bed {he} found {his} {toy.full}. {He} had not seen it for a long time.
/ And there, behind the box, was {his} {toy.full}!

/ {Soon}, the room was clean. "It looks {nice}," {said} {his} {adult}. {hero} was {proud}.
/ Now there was a lot of room to play. {hero} was {happy}.
/ "{Wow}, I can see the floor!" {said} {hero}, and everybody laughed.

/ After that, {he} put {his} things away every evening.
/ "Cleaning is not so bad," {said} {hero}.
/
/`,
  },
  {
    name: "helping at home",
    text: `
/ {OneDay}, {his} {adult} was {tired}. There was so much to do!
/ {OneDay}, {hero} saw that {his} {adult} worked very hard.
/ {OneDay}, {his} {adult} wanted to {job}. "Can I help you?" {asked} {hero}.

/ "I can help you {job}," {said} {hero}. "{Yes}, thank you," {replied} {his} {adult}.
/ {hero} wanted to help. "I will {job}," {he} {said}.
/ "Can you {job}?" {asked} {his} {adult}. "{Yes}, I can!" {replied} {hero}.

/ It was not easy at first. {hero} made a little mess, but {he} tried again.
/ {hero} worked {carefully}. {He} did not stop, even when {he} was {tired}.
/ {hero} began {job.doing}. {He} sang a song, and the work was fun.

/ Then {friend.title} came. "Come and play with me!" {said} {friend}. "I cannot play now. I am
  {job.doing},"
  {said} {hero}. "Then I will help you," {said} {friend}.
/ {hero} wanted to go and play, but {he} had made a promise. So {he} went on.
/ After a while, {he} wanted to stop. But then {he} thought of {his} {adult} and went on.

/ {Finally}, everything was done. "I {job.did} all by myself!" {said} {hero}.
/ {Soon}, the work was done. {His} {adult} came and was {surprised}.
/ When {he} was done, {he} called {his} {adult}. "Look what I did!" {he} {said}.

/ "Thank you, {hero}," {said} {his} {adult}. "You are a big help." {hero} was {proud}.
/ "You did a good job," {said} {his} {adult} and gave {him} {hug}.
/ {His} {adult} {smiled}. "Now we have time to play {game} {together}," {adult.he} {said}. And
  they did.

/ {hero} learned that work is fun when you do it with a smile.
/ That night, {he} slept very well.
/ Then they sat in the sun and had some {drink}.
/`,
  },
  {
    name: "afraid of the dark",
    setting: "night",
    text: `
/ {hero} was afraid of the dark. Every night {he} wanted to have the light on.
/ {OneNight}, {hero} was in bed. It was very dark, and {he} could not sleep.
/ {OneNight}, {hero} heard {sound}. It came from the dark.

/ {Suddenly}, there was a noise. It was {sound}. {hero} was {scared}.
/ {He} heard {sound}. "Who is there?" {he} whispered. {He} held {his} {comfort} tightly.
/ "There is a monster in my room!" {he} thought. {He} pulled the blanket over {his} head.

/ "Help!" {cried} {hero}. {His} {adult} came into the room. "What is wrong, {dear}?" {adult.he}
  {asked}.
/ {He} {ran} to {his} {adult}. "I am afraid," {he} {said}. "Let us look {together}," {said} {his}
  {adult}.
/ {His} {adult} came with a little lamp. "Do not be afraid," {said} {his} {adult} {warmly}. "I am
  here."

/ They looked under the bed. There was only an old sock. They looked in the closet. There were
  only clothes.
/ They took the lamp and looked everywhere. There was no monster.
/ Hand in hand, they went to look where the noise came from.

/ It was only {sound.was}. {hero} had to laugh.
/ "Look," {said} {his} {adult}. It was only {sound.was}.
/ And what was it? It was {sound.was}!

/ {His} {adult} gave {him} {hug} and a little night light. "Good night, {hero}," {adult.he} {said}.
/ "The dark is nothing bad," {said} {his} {adult}. "The stars only shine when it is dark."
/ {hero} took {his} {comfort} and closed {his} eyes. "I am brave," {he} {said}.

/ {hero} was not afraid any more, and {soon} {he} fell asleep.
/ From then on, {he} was not afraid of the dark any more.
/ {He} dreamed of [stars|the moon|a friendly monster|flying] all night long.`,
  },
  {
    name: "a bedtime story",
    setting: "night",
    text: `
/ It was time for bed, but {hero} was not tired.
/ {OneNight}, {hero} could not sleep. {He} turned this way and that way.
/ "Time for bed, {hero}!" {said} {his} {adult}. "But I am not tired," {said} {hero}.

/ "Please tell me a story," {said} {hero}. "{Yes}," {replied} {his} {adult}, and sat down on the
  bed.
/ {He} {asked} for a glass of water. Then {he} {asked} for {hug}. Then {he} {asked} for a story.
/ "Count some sheep," {said} {his} {adult}. One, two, three. But {hero} only got more awake.

/ {His} {adult} took a book about {subject} and began to read. {hero} listened with big eyes.
/ {His} {adult} told {him} a story about {subject}. It was long and {beautiful}.
/ So {his} {adult} opened a big book. It was about {subject}.

/ "And then?" {asked} {hero}. {His} {adult} read page after page.
/ {hero} could see it all in front of {him}. {His} eyes got heavy.
/ The voice of {his} {adult} was soft and warm. {hero} yawned.

/ "One more page, please," {said} {hero}. But before the page was over, {he} was asleep.
/ When the story was over, {hero} was asleep.
/ {His} eyes closed, little by little. Outside, the moon was shining.

/ {His} {adult} gave {him} a kiss and turned off the light. "Good night, {hero}," {adult.he}
  whispered.
/ In {his} dream, {hero} met {subject} and flew over the sea.
/ {His} {adult} {smiled}, pulled up the blanket and went out on tiptoe.
/ That night, {hero} dreamed about {subject}.`,
  },
  {
    name: "saving coins",
    things: { wish: "gift" },
    text: `
/ {OneDay}, {hero} saw a {wish.full} {shop.where}. {He} wanted to have it very much.
/ {OneDay}, {hero} and {his} {adult} were {shop.where}. {hero} saw a {wish.full}. "Can I have it,
  please?"
  {he} {asked}.
/ {hero} wanted to have a {wish.full}. But it cost ten coins, and {he} had only two.

/ "You can save your coins," {said} {his} {adult}. {hero} put a jar next to {his} bed.
/ "If you work for it, you can buy it," {said} {his} {adult}. {hero} thought about it.
/ {hero} took an old jar. "I will save all my coins in it," {he} {said}.

/ {He} helped the {stranger} and got a coin. {He} helped {his} {adult} to {job} and got another
  coin. Clink!
/ Every week, {he} put a coin into the jar. Clink, clink! There were more and more.
/ {He} made {drink} and sold it in front of the house. Everybody liked it. Clink, clink!

/ It took a long time. {friend} said, "Let us buy some candy!" But {hero} {said}, "No, I am saving
  my coins."
/ Sometimes {he} wanted to buy candy. But then {he} thought of the {wish} and waited.
/ {He} counted {his} coins every evening. Six, seven, eight.

/ {Finally}, the jar was full. {hero} {ran} to the shop and bought the {wish}.
/ One day, there were ten coins in the jar. {hero} was {excited}.
/ {Finally}, {he} had enough coins. {He} bought the {wish.full} all by {himself}.

/ {hero} was {proud}. {He} had worked for it, and that made it very special.
/ "I am proud of you," {said} {his} {adult}. "You did not give up."
/ {He} took very good care of {his} {wish}, and {he} shared it with {his} friend {friend}.
/ On the way home, {he} showed the {wish} to everyone and {smiled}.`,
  },
  {
    name: "a little brother or sister",
    heroes: ["child", "animal"],
    text: `
/ {hero} had a {sibling.title}. {sibling} wanted to do everything that {hero} did.
/ {OneDay}, {hero} was playing with {his} {toy}. {His} {sibling.title} wanted to play, too.
/ {hero} had a {sibling.title}. {OneDay}, {he} had to take care of {sibling.him}.

/ "You cannot do that," {said} {hero}. "You are too small." {sibling} began to cry.
/ "Me, too!" {said} {sibling}. {sibling.He} followed {hero} everywhere. {hero} was {angry}.
/ "Go away," {said} {hero}. "I want to play alone." {sibling} was {sad}.

/ Then it was very quiet. Where was {sibling}? {hero} {looked} in the kitchen and in the garden.
/ After a while, {hero} looked around. {sibling} was gone! {hero} was {scared}.
/ {hero} played alone. But it was too quiet. "{sibling}? Where are you?" {he} {asked}.

/ {Finally}, {he} found {sibling} {hidingPlace}. "I am too small," {said} {sibling} in a sad voice.
/ There was {sibling}, {hidingPlace}. {sibling.His} face was wet with tears.
/ {He} {looked} everywhere. {Finally}, {he} heard somebody cry {hidingPlace}. It was {sibling}.

/ {hero} felt sorry. "I am sorry," {he} {said}. "I was small once, too. Come, I will show you how
  to do it."
/ "Do not cry," {said} {hero}. "We can play {game} {together}."
/ {hero} gave {sibling} {hug}. "You can help me," {he} {said}. "I need a good helper."

/ {sibling} {smiled}. They played {together} all day.
/ {sibling} laughed and clapped {sibling.his} hands. It was fun to play with {sibling.him}!
/ {Together} they built a house of pillows and sat in it like a king and a queen.

/ "I am glad that I have you," {said} {hero}.
/ {His} {adult} saw them and {smiled}. "You take good care of {sibling}," {adult.he} {said}.
/ From then on, {hero} often let {sibling} play with {him}.`,
  },
];
