/**
 * Stories of friends: sharing, quarrels, help.
 *
 * @module
 */

import type { Plot } from "./plot.ts";

/** Friends. */
export const friendPlots: readonly Plot[] = [
  {
    name: "sharing a toy",
    things: { toy: "sharedToy" },
    text: `
/ {OneFineDay}, {hero} got a {toy.full} from {his} {adult}. {He} took it to {place} to play.
/ {OneFineDay}, {hero} was playing with a {toy.full} {place.where}.
/ {hero} had a {toy.full}. {OneFineDay}, {he} played with it {place.where}.

/ {friend.title} saw the {toy} and came over. "Can I play with it, too?" {asked} {friend}.
/ Then {friend.title} came. "That is a {nice} {toy}," {said} {friend}. "May I have a turn?"
/ {His} friend {friend} wanted to play, too. "Please, can I have a turn?" {asked} {friend}.

/ "No!" {said} {hero}. "It is my {toy}." {He} did not want to share.
/ {hero} shook {his} head. "No, it is mine!" {he} {said}, and held on to the {toy}.
/ "No, go away!" {said} {hero}. "I want to play alone."

/ {friend} was {sad} and went away. {friend.He} sat down under a tree.
/ {friend} began to cry. {friend.He} had nothing to play with.
/ {friend} looked down and walked away slowly.

/ {hero} played with the {toy}, but it was no fun to play alone. {He} looked at {friend}, who was so
  sad.
/ {Soon}, {hero} felt lonely. The {toy} was not so much fun any more. {He} thought about {friend}.
/ {His} {adult} saw it all and said, "It is more fun to play with a friend." {hero} thought about
  it.

/ {hero} went to {friend}. "I am sorry," {he} {said}. "Let us play with the {toy} {together}."
/ "I am sorry, {friend}," {said} {hero}. "You can have a turn now. Here is the {toy}."
/ {He} {ran} to {friend} and gave {friend.him} the {toy}. "I am sorry that I was not nice," {he}
  {said}. "You can play with it, too."

/ {friend} {smiled}. "Thank you!" {friend.he} {said}. They took turns and laughed a lot.
/ {friend} was {happy}. They played {together} all afternoon. It was much more fun than before!
/ Now they both were happy. They played {together} until [the sun went down|it was time to eat].

/ {hero} learned that sharing makes everything more fun.
/ From that day on, {hero} always shared {his} toys.
/ "Sharing is fun," {said} {hero}. And {friend} {smiled}.
/`,
  },
  {
    name: "a quarrel",
    text: `
/ {hero} and {friend} were best friends. They played {together} every day.
/ {hero} had a best friend. {friend.His} name was {friend}. They liked to play {game}.
/ {OneDay}, {hero} and {friend.title} were {game.playing} {place.where}.

/ But one day they had a fight. "I want to go first!" {said} {hero}. "No, I want to go first!"
  {said}
  {friend}.
/ "You are not playing right!" {said} {hero}. "Yes, I am!" {said} {friend}. Both of them were
  {angry}.
/ One day, {friend} did not want to play {game}. "That game is silly," {said} {friend}. Then
  {hero} got
  {angry}.
/ Both of them wanted to win. They began to shout and to push.

/ {hero} went home and [slammed the door|sat in {his} room|kicked a stone]. {He} did not want to
  talk
  to {friend} any more.
/ "I do not want to be your friend any more!" {said} {hero}. Then {he} ran home.
/ They both went home without a word. {hero} was {sad}.

/ At home, {hero} told {his} {adult} what had happened. "Friends fight sometimes," {said} {his}
  {adult}. "But good friends say sorry."
/ At home it was very quiet. {hero} did not want to play alone. {He} missed {friend}.
/ That night, {hero} could not sleep. {He} thought about {friend} and felt bad.

/ {NextDay}, {hero} went to {friend}'s house. "I am sorry," {said} {hero}. "I am sorry, too," {said}
  {friend}.
/ {NextDay}, {hero} made a card for {friend}. On the card {he} drew two friends. "I am sorry," {he}
  {said}, and gave {friend} the card.
/ {NextDay}, {hero} found {friend} {place.where}. "I was not nice to you," {said} {hero}. "Can we be
  friends again?" "{Yes}!" {replied} {friend}.

/ They gave each other {hug}. Then they were {game.playing} again, and {friend} could go first.
/ They smiled at each other. "Let us play {game}," {said} {friend}. "And this time, you go first!"
/ Then everything was good again. They played {game} until it got dark.

/ {hero} was glad to have {his} friend back.
/ A good friend is better than winning a game.
/ And they were best friends for ever after.
/`,
  },
  {
    name: "a new friend",
    text: `
/ {OneDay}, {hero} moved to a new [town|house|street]. {He} did not know anyone there.
/ {hero} was new in [town|the village|the street]. {He} had no friends yet.
/ {hero} often played alone. {He} wished for a friend.

/ {He} went to {place} and saw other [children|little ones] play. {hero} wanted to play, too, but
  {he}
  was too shy to ask.
/ One day, {he} sat {place.where} and watched the clouds. {He} felt lonely.
/ "Nobody wants to play with me," {said} {hero} to {his} {adult}. "Go outside and say hello," {said}
  {his} {adult}.

/ Then {friend.title} came up to {him}. "Hello! My name is {friend}. What is your name?"
/ {Suddenly}, {friend.title} came and {smiled}. "Hi, I am {friend}," {friend.he} said. "Who are
  you?"
/ There {he} saw {friend.title}, who sat all alone, too. {hero} took a deep breath and said,
  "Hello, do
  you want to play with me?"

/ "I am {hero}," {he} {said} in a small voice. "Do you want to play {game} with me?" {asked}
  {friend}.
/ "My name is {hero}," {he} {said}. "Do you like {game.playing}?" {asked} {friend}. {hero} nodded.
/ "{Yes}!" {replied} {friend}. "Let us play {game}!"

/ They played {game} all day. They ran and laughed. {hero} was not shy any more.
/ {Soon}, they were {game.playing} and laughing {together}. {hero} forgot to be shy.
/ They had so much fun! {friend} showed {hero} [a secret path|the best hiding place|a nest in a
  tree].

/ "Will you come back tomorrow?" {asked} {friend}. "{Yes}!" {replied} {hero}. {He} had found a
  friend.
/ When {hero} came home, {he} {cried}, "I have a new friend!" {His} {adult} was {happy}.
/ After that, {hero} and {friend} met {place.where} every day. They became best friends.
/ That night, {hero} went to bed with a big smile. {He} had a friend now.`,
  },
  {
    name: "a friend is hurt",
    text: `
/ {OneFineDay}, {hero} and {friend.title} were running {place.where}.
/ {hero} and {friend.title} liked to race. {OneFineDay}, they raced {place.where}.
/ {OneFineDay}, {hero} and {his} friend {friend} played {place.where}.

/ {Suddenly}, {friend} fell down and hurt {friend.his} knee. "Ouch!" {cried} {friend}.
/ {friend} did not see a big stone. {friend.He} tripped and fell. {friend.His} knee hurt a lot.
/ Then {friend} slipped in the mud and fell. {friend.He} began to cry.

/ {hero} stopped and {ran} to {friend}. "Are you okay?" {he} {asked}. "No, it hurts," {said}
  {friend}.
/ {hero} did not laugh. {He} sat down next to {friend} and held {friend.his} hand.
/ "Do not cry," {said} {hero}. "I will help you."

/ {He} helped {friend} to stand up. They walked home slowly, step by step.
/ {hero} {ran} to get {his} {adult}. {His} {adult} came with a [bandage|wet cloth] and put it on the
  knee of {friend}.
/ {He} [washed the knee with water|put a bandage on the knee|blew on the knee]. "Now it will get
  better," {he} {said}.

/ At home they each got a {treat.full}. {Soon}, {friend} felt better.
/ Then {hero} gave {friend} {his} {treat}. "A {treat} helps when you are sad," {he} {said}.
/ {friend} stopped crying. "Thank you, {hero}," {friend.he} {said}. "It does not hurt so much now."

/ "You are a good friend," {said} {friend}. {hero} felt {proud}.
/ {friend} {smiled} again. "You are my best friend," {friend.he} {said}.
/ {NextDay}, they played {together} again. But this time they looked out for stones.
/ They did not race any more that day. They looked at the clouds and told each other stories.`,
  },
  {
    name: "the race",
    things: { prize: "treat" },
    text: `
/ {OneFineDay}, there was a big race {place.where}. {hero} and {friend.title} wanted to win it.
/ {OneFineDay}, {hero} said to {friend.title}, "I am faster than you!" "No, I am faster," {said}
  {friend}. So
  they had a race {place.where}.
/ Every year there was a race {place.where}. The first prize was a {prize.full}. {hero} wanted to
  win.

/ "Ready, set, go!" {cried} {his} {adult}. {hero} {ran} as fast as {he} could.
/ "One, two, three, go!" They ran and ran. {hero} was [first|in front|very fast].
/ They stood side by side. Then they ran. The wind blew in their faces.

/ {Suddenly}, {hero} heard a cry. {friend} had fallen down!
/ Then {friend} tripped over a [root|stone|stick] and fell. "Ouch!" {cried} {friend}.
/ But then {hero} looked back. {friend} sat on the ground and held {friend.his} foot.

/ {hero} could run on and win. But {he} stopped and went back to help.
/ {hero} thought of the prize. Then {he} thought of {his} friend. {He} turned around and {ran} back.
/ "I will not leave you," {said} {hero}. {He} took {friend}'s hand and helped {friend.him} up.

/ They walked to the end {together}. They were the last ones, but everyone clapped.
/ Hand in hand they came to the end. All the others [clapped and cheered|cried, "Hooray!"]
/ They were the last to finish, but they were not sad.

/ "You did not win the race," {said} {his} {adult}, "but you were a very good friend." {hero} felt
  {proud}.
/ "You are the best friend in the world," {said} {friend}. And they shared a {prize.full}.
/ They both got a {prize.full}. {hero} learned that helping is better than winning.`,
  },
  {
    name: "a present for a friend",
    text: `
/ {OneDay}, {hero} wanted to make something for {his} friend {friend}.
/ Tomorrow was the birthday of {friend.title}. {hero} had no money to buy a gift. "I will make
  something," {he} thought.
/ {friend.title} was sad that day. {hero} wanted to make {friend.him} smile.

/ {He} took [paper|colors|scissors and glue|a big box] and sat down at the table. "What can I make?"
  {he} thought. Then {he} had an idea.
/ {He} thought for a long time. Then {he} said, "I know! I will make a {craft}."
/ {He} asked {his} {adult}, "What can I make for {friend}?" "How about a {craft}?" {said} {his}
  {adult}.

/ {He} worked all [day|morning|afternoon]. {He} made a {craft} {craft.made}.
/ {He} cut and glued and painted. {Soon}, there was a {craft} {craft.made}.
/ At first it did not look right. {hero} tried again, and {finally} {he} had made a {craft}. It was
  {craft.made}.

/ {NextDay}, {he} took the {craft} to {friend}. "This is for you," {he} {said}. "I made it."
/ Then {he} {walked} to {friend} and gave {friend.him} the {craft}. "Surprise!" {he} {cried}.
/ {hero} hid the {craft} behind {his} back. "Close your eyes," {he} {said} to {friend}. "Now open
  them!"

/ "{Wow}! It is {beautiful}!" {said} {friend}. "Thank you!"
/ {friend} was {surprised}. "You made this for me?" {friend.he} {asked}. {friend.He} was {happy}.
/ {friend} opened {friend.his} eyes wide. "This is the best gift of all," {friend.he} {said}.

/ {friend} gave {hero} {hug}. Both of them were {happy}.
/ {hero} {smiled}. Making a gift was even better than getting one.
/ {friend} put the {craft} next to {friend.his} bed and looked at it every night.`,
  },
  {
    name: "hide and seek",
    things: { spot: "outdoorHiding" },
    text: `
/ {OneFineDay}, {hero} and {friend.title} played hide and seek {place.where}.
/ "Let us play hide and seek!" {said} {friend.title} {oneDay}. "{Yes}!" {replied} {hero}. They
  went to {place}.
/ {hero} loved to play hide and seek. {OneFineDay}, {he} played it with {friend.title}
  {place.where}.

/ {hero} closed {his} eyes and counted to ten. "One, two, three, four, five, six, seven, eight,
  nine,
  ten! Here I come!"
/ {hero} counted to ten. {friend} {ran} away to hide.
/ It was {hero}'s turn to count. "Ready or not, here I come!" {he} {cried}.

/ {He} {looked} behind the trees, but nobody was there. {He} {looked} [on the other side|in the
  bushes|behind the wall]. No {friend}!
/ {hero} looked and looked. "Where are you, {friend}?" {he} {asked}. It was very quiet.
/ {He} looked up into a tree. There was only a {bird.full}. "Have you seen {friend}?" {asked}
  {hero}. The {bird} only sang a song.

/ {Suddenly}, {he} heard a sound. [Achoo! Somebody had sneezed|Somebody laughed softly|There was a
  giggle].
/ Then {he} saw something move {spot}. Was it {friend}?
/ {hero} was ready to give up. Then {he} saw [a shoe|a foot|a bit of color] {spot}.

/ {hero} tiptoed closer and looked {spot}. "I found you!" {he} {cried}.
/ There was {friend}, {spot}! "I see you!" {said} {hero}, and both of them laughed.
/ {friend} sat {spot} and laughed. "You found me!" {said} {friend}.

/ "Now it is my turn to hide," {said} {hero}. They played until [it was dark|the sun went down|their
  tummies were empty].
/ "That was a very good hiding place," {said} {hero}. They played again and again.
/ Then they sat down in the grass and shared an apple. It was a {nice} day.`,
  },
  {
    name: "a sick friend",
    text: `
/ {OneDay}, {friend.title} did not come out to play. {hero} was {curious}. "Where is {friend}?"
  {he} {asked}.
/ {OneDay}, {hero} waited for {his} friend {friend}, but {friend} did not come.
/ {hero} wanted to play with {friend.title}. But {friend} was sick and had to stay in bed.

/ "{friend} is sick today," {said} {his} {adult}. {hero} was {sad}.
/ {hero} {walked} to {friend}'s house. {friend} was in bed and had a red nose. "I have a cold,"
  {said} {friend}.
/ "{friend} has a cold and must rest," {said} {his} {adult}. {hero} wanted to help.

/ "What can I do for {friend}?" {asked} {hero}. "We can make some {soup}," {said} {his} {adult}.
  They cut
  and stirred {together}.
/ {hero} had an idea. {He} made some warm {soup} with {his} {adult}. It smelled so good!
/ {He} went home and cooked {soup} with {his} {adult}. {He} also picked some {flower.many} in the
  garden.

/ Then {hero} took the {soup} to {friend}. "This will make you feel better," {he} {said}.
/ {hero} carried the {soup} {carefully}. "Here is something warm for you," {he} {said} to {friend}.
/ {hero} gave {friend} the {soup} and some {flower.many}. {friend} {smiled} for the first time
  that day.

/ {friend} ate it all up. "Mmm, that is {delicious}," {friend.he} {said}. "I feel better already."
/ While {friend} ate the {soup}, {hero} told {friend.him} a funny story. They laughed and laughed.
/ "Thank you for coming," {said} {friend}. "It was so boring in bed." {hero} read {friend.him} a
  book.

/ A few days later, {friend} was well again, and they could play {together}.
/ {NextDay}, {friend} felt much better. {friend.He} never forgot how kind {hero} had been.
/ {Soon}, {friend} was not sick any more. The first thing they did was [run in the meadow|climb a
  tree|fly a kite].`,
  },
];
