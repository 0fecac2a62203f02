/**
 * Stories of learning, courage and school.
 *
 * @module
 */

import type { Plot } from "./plot.ts";

/** Learning, courage, school. */
export const learningPlots: readonly Plot[] = [
  {
    name: "learning a skill",
    text: `
/ {hero} wanted to learn how to {skill}. {OneDay}, {he} asked {his} {adult}, "Can you teach me?"
/ {OneDay}, {hero} saw {his} friend {friend} {skill.doing}. "I want to do that, too," {said} {hero}.
/ {hero} could not {skill}. All the others could. {OneDay}, {he} wanted to try.

/ They went outside. At first {he} was {scared}. "I cannot do it," {he} {said}.
/ {He} tried it {skill.where}. But it did not work. "It is too hard," {said} {hero}.
/ {hero} tried, but {he} fell down. "Ouch!" {he} {said}. Some others laughed.

/ "Do not give up," {said} {his} {adult}. "You only have to practice."
/ "Try again," {said} {friend.title} {warmly}. "I could not do it at first, either."
/ {His} {adult} helped {him} up. "Everyone makes mistakes," {adult.he} {said}. "Try again."

/ {hero} tried again. And again. And again. Each time {he} got a little better.
/ So {hero} practiced every day, in the morning and in the afternoon.
/ {hero} took a deep breath and tried once more. It was a little better this time.
/ {He} fell down three times, but {he} stood up four times.

/ Then, one day, {he} did it! "Look, look!" {he} {cried}. "I can {skill}!"
/ {Finally}, {hero} {skill.did} all by {himself}. Everybody clapped.
/ {Suddenly}, it worked! {hero} {skill.did}, and {he} could not stop laughing.

/ "I am so proud of you," {said} {his} {adult}. {hero} was {happy}.
/ {hero} was {proud}. {He} learned that you can do it if you do not give up.
/ From then on, {skill.doing} was {his} favorite thing to do.
/ {NextDay}, {he} taught a smaller friend how to {skill}.`,
  },
  {
    name: "first day of school",
    heroes: ["child", "animal"],
    setting: "weather",
    text: `
/ It was the first day of school. {hero} put on {his} new {clothes} and took {his} bag.
/ Today, {hero} went to school for the first time. {He} had a new bag and new shoes.
/ {OneDay}, {his} {adult} said, "Wake up, {hero}! Today is your first day of school!"

/ {hero} was {scared}. "What if nobody likes me?" {he} {asked}.
/ {His} tummy felt funny. {He} did not want to go. "I want to stay at home," {he} {said}.
/ {hero} held the hand of {his} {adult} very tightly. The school was so big!

/ "You will find many friends," {said} {his} {adult} {warmly}, and gave {him} {hug}.
/ "It is okay to be a little afraid," {said} {his} {adult}. "I will be here when school is over."
/ "You are brave," {said} {his} {adult}. "You will like it."

/ The teacher was very kind. "Hello, {hero}," the teacher said. "You can sit here, next to
  {friend}."
/ In the classroom, {he} sat next to {friend.title}. "Hi," {said} {friend}. "I am new, too."
/ {hero} sat down. {friend.title} smiled at {him}. "Do you want to use my crayons?" {asked}
  {friend}.

/ They sang songs, counted to ten and [painted pictures|listened to a story|learned the letter A].
/ They learned [a new song|to write their names|to count to twenty]. Then they played {game}
  outside.
/ In the break, {hero} and {friend} shared their food and played {game}.

/ When school was over, {hero} {ran} to {his} {adult}. "It was so much fun!" {he} {cried}.
/ "How was it?" {asked} {his} {adult}. "I have a new friend," {said} {hero}. "Can I go again
  tomorrow?"
/ {hero} did not want to go home. "Already?" {he} {asked}. {His} {adult} laughed.

/ {hero} was not afraid of school any more.
/ That night, {hero} put {his} bag next to {his} bed. {He} was {excited} about the next day.
/ {hero} and {friend} became best friends.
/`,
  },
  {
    name: "painting a picture",
    text: `
/ {OneDay}, {hero} wanted to paint a picture. {He} took [paper and paint|a brush and some
  paint|{his}
  crayons].
/ {hero} liked to paint. {OneDay}, {he} wanted to paint {picture}.
/ {OneDay}, {hero} got a box of paints. There were {color}, {color} and many other colors.

/ {He} painted {picture}. But then {his} hand slipped, and there was a big {color} spot on the
  paper.
/ {He} began to paint {picture}. {Suddenly}, a drop of {color} paint fell on the paper.
/ {He} worked {carefully}. {He} painted {picture}. Then {he} knocked over the water!

/ "Oh no! Now it is ugly," {said} {hero}. {He} wanted to throw it away.
/ {hero} was {sad}. "My picture is not good any more," {he} {said}.
/ "It is all wrong!" {cried} {hero}. {He} was {angry}.

/ {His} {adult} looked at it. "Wait," {adult.he} {said}. "What could this spot be?"
/ "I see something in it," {said} {his} {adult}. "Look again."
/ {friend.title} looked at the picture. "That spot looks like something," {said} {friend}.

/ {hero} looked at the spot. It looked like a {spotThing}! {He} painted [two eyes|some legs|a few
  lines],
  and it was {beautiful}.
/ {hero} thought for a while. Then {he} took {his} brush and made a {spotThing} out of the spot.
/ "It could be a {spotThing}!" {said} {hero}. {He} painted it, and now the picture was even better.

/ {His} {adult} put the picture on the wall. "This is the best picture in the house," {adult.he}
  {said}.
/ "{Wow}! It is {beautiful}," {said} everybody. {hero} was {proud}.
/ {hero} gave the picture to {his} {adult}, who was {happy} and hung it up in the kitchen.

/ {hero} learned that a mistake can become something {beautiful}.
/ From then on, {hero} was not afraid of making mistakes.
/
/`,
  },
  {
    name: "learning to play music",
    things: { music: "instrument" },
    text: `
/ {OneDay}, {hero} got a {music} from {his} {adult}. {He} wanted to play it right away.
/ {OneDay}, {hero} heard somebody play the {music}. It was so beautiful! "I want to play the
  {music}, too,"
  {said} {hero}.
/ {hero} found an old {music} in the house. "May I play it?" {he} {asked}. "{Yes}," {replied}
  {his} {adult}.

/ {He} tried it. "{music.Sound}!" It was very loud. The cat ran away.
/ {He} {music.played} the {music}. "{music.Sound}!" But it did not sound nice.
/ "{music.Sound}," went the {music}. {His} {adult} put {adult.his} hands over {adult.his} ears.

/ "That is too loud!" {said} the neighbor. {hero} was {sad}.
/ {friend.title} laughed. "That is not music," {said} {friend}. {hero} was {sad}.
/ "I will never learn it," {said} {hero} and put the {music} away.

/ "You have to practice every day," {said} {his} {adult}. "Then it will sound better and better."
/ {His} grandma sat down with {him} and showed {him} how to play. Slowly, one note after the other.
/ But {hero} did not give up. {He} went into the garden and practiced there every day.

/ Day after day, {hero} practiced. The sound got better and better.
/ {hero} practiced one little song until {he} knew it by heart.
/ The birds in the garden listened to {him}. {Soon}, they sang with {him}.

/ One day, there was a party. {hero} {music.played} the {music}, and everybody danced.
/ On {his} birthday, {hero} {music.played} the {music} for everybody. It was {beautiful}. They
  clapped and
  clapped.
/ Then, one day, the neighbor came again. "What {beautiful} music!" the neighbor said. "Please
  play some
  more!"

/ {hero} was {proud}. Practice had made {him} good at it.
/ "I did not give up," {said} {hero} and {smiled}.
/ {hero} bowed and {smiled}. It was the best day ever.`,
  },
  {
    name: "building something together",
    text: `
/ {OneDay}, {hero} wanted to build a big {building}.
/ {OneDay}, {hero} and {friend.title} wanted to build a {building} {together}.
/ "I will build the best {building} in the world," {said} {hero} {oneDay}.

/ {He} put one {building.part} on top of the other. But then everything fell down. Crash!
/ {He} worked very fast. {Soon}, the {building} was high. But it began to shake and fell down.
/ {He} worked all morning. But when {he} took one more {building.part}, everything fell down.

/ "Oh no!" {cried} {hero}. "All my work was for nothing!"
/ {hero} was {angry}. {He} stamped {his} foot. "I will never try it again," {he} {said}.
/ {hero} sat down on the floor and looked at the pieces. {He} was {sad}.

/ "Let me help you," {said} {friend}. "We must make it strong at the bottom first."
/ {His} {adult} sat down next to {him}. "Start again, but slowly," {said} {his} {adult}. "I will
  help you."
/ Then {friend} came and said, "Two can build better than one."

/ They started again. This time they were very careful. One {building.part}, another
  {building.part}, and
  one more.
/ They worked {together}, step by step. When one of them was tired, the other one went on.
/ {Together} they thought about every {building.part}. They did not hurry.

/ {Finally}, the {building} was ready. It did not fall down!
/ The {building} got bigger and bigger, and this time it was strong.
/ And look! There stood the {building}. It was {beautiful}.

/ "We did it!" {cried} {hero}. It is good to work {together}.
/ {hero} was {proud}. "Thank you for helping me," {he} {said}.
/ Everybody came to look at the {building}. {hero} smiled from ear to ear.`,
  },
  {
    name: "the loose tooth",
    heroes: ["child"],
    text: `
/ {OneDay}, {hero} felt something funny in {his} mouth. {His} tooth was loose!
/ {OneDay}, {hero} ate an apple. "Ouch!" {he} {said}. One of {his} teeth was loose.
/ {hero} had a loose tooth. It went this way and that way.

/ "Will it hurt when it comes out?" {hero} {asked}. {He} was {scared}.
/ {hero} did not want to lose {his} tooth. "It is my tooth!" {he} {said}.
/ "Everybody loses teeth," {said} {his} {adult}. "Then a new one grows."

/ {hero} did not eat hard things any more. {He} only ate soup and bananas.
/ {friend.title} had an idea. "You can tie a string to it and pull," {said} {friend}. "No, no,
  no!" {said} {hero}.
/ All day long, {hero} touched the tooth with {his} tongue.

/ One day, {hero} laughed so hard that the tooth fell out! It did not hurt at all.
/ Then {he} bit into a sandwich, and there it was! The tooth had come out.
/ {Suddenly}, {he} had to sneeze. Achoo! The tooth flew across the table.

/ {hero} looked into the mirror. There was a hole in {his} smile. {He} laughed.
/ "{Wow}! It did not hurt," {said} {hero}. {He} showed the tooth to {his} {adult}.
/ "I lost my tooth! I lost my tooth!" {cried} {hero}. {He} was {happy}.

/ That night, {he} put the tooth under {his} pillow. In the morning, there was a shiny coin.
/ {He} put the tooth into a little box. When {he} woke up {nextDay}, there was a coin in it.
/ At night, {he} put it under {his} pillow and fell asleep with a big smile.`,
  },
];
