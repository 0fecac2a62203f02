/**
 * Stories of adventures, magic and trips.
 *
 * @module
 */

import type { Plot } from "./plot.ts";

/** Adventures, magic, trips. */
export const adventurePlots: readonly Plot[] = [
  {
    name: "lost in the woods",
    text: `
/ {OneDay}, {hero} went into the woods to pick [berries|flowers|mushrooms|nuts]. {He} went farther
  and
  farther.
/ {OneDay}, {hero} followed a butterfly into the forest. {He} did not look where {he} was going.
/ {OneDay}, {hero} and {friend} played in the woods. {hero} {ran} ahead, and {soon} {he} was all
  alone.

/ {Suddenly}, {he} did not know the way any more. All the trees looked the same.
/ When {he} wanted to go home, {he} could not find the path. {He} was lost!
/ {He} stopped and looked around. "Where am I?" {he} {asked}. {He} was lost.

/ It got darker and darker. {hero} was {scared}.
/ {hero} sat down on a stone and cried. "I want to go home," {he} {said}.
/ {He} called, "Hello! Is anybody there?" But nobody answered.

/ Then a {wild.full} came out of the bushes. "Why are you crying?" it asked. "I am lost," {said}
  {hero}.
/ A {bird.full} heard {him} and flew down. "Do not cry," it said. "I know the way."
/ {Suddenly}, {he} saw a little light. It was a firefly! "Are you lost?" it asked. "Follow me."

/ "Follow the river," it said. "It will bring you home." {hero} walked and walked along the river.
/ It went in front of {him}, over a bridge and around a hill. {hero} followed it {quickly}.
/ It showed {hero} the way, [past the old tree|over the stones|through the dark woods].

/ {Finally}, {he} saw the light of {his} house. {His} {adult} stood at the door.
/ {Soon}, {hero} heard the voice of {his} {adult}. "{hero}! Where are you?"
/ At the end of the woods, {he} saw {his} {adult} with a lamp.

/ "I am here!" {cried} {hero}, and {ran} into the arms of {his} {adult}.
/ {His} {adult} gave {him} {hug}. "I was so worried," {adult.he} {said}. "Do not go so far away
  again."
/ {hero} turned around to say thank you, but there was nobody there.

/ {hero} was {happy} to be home.
/ After that, {he} never went into the woods alone.
/ That night, {he} put some food outside to say thank you.
/`,
  },
  {
    name: "a wish",
    text: `
/ {OneDay}, {hero} found a {smallThing.full} {place.where}. {He} rubbed it, and it began to shine.
/ {OneDay}, {hero} helped an old woman to carry her bag. "You are kind," she said, and gave {him} a
  {smallThing.full}. "It is magic."
/ {OneNight}, a star fell from the sky. {hero} {ran} to the place and found a {smallThing.full}.

/ "You have one wish," said a small voice. {hero} was {surprised}.
/ "Make a wish!" said the {smallThing}. {hero} looked at it with big eyes. It could talk!
/ {hero} held it in {his} hand. "I can make one wish come true," it said.

/ {hero} thought for a long time. {He} could wish for a mountain of candy or a big castle.
/ {hero} was {excited}. "I want to have all the toys in the world!" {he} thought.
/ What should {he} wish for? A big cake? A {gift}? {hero} could not decide.

/ Then {he} saw {friend.title}, who was {sad}. "My {adult} is sick," {said} {friend}.
/ Just then, {friend.title} came by. {friend} was crying. "I have lost my {pet}," {said} {friend}.
/ But then {he} thought of {his} friend {friend}, who was sick and had to stay in bed.

/ Now {hero} knew what to do. "I wish that {friend} will be happy again," {he} {said}.
/ {hero} closed {his} eyes. "I wish that everything will be good for {friend}," {he} {said}.
/ "My wish is for {friend}," {said} {hero}. "Please help {friend.him}."

/ The {smallThing} began to shine. There was a bright light, and {friend} was {happy}.
/ There was a sound like little bells. {Soon}, {friend} came running and laughing. Everything was
  good
  again!
/ Whoosh! A warm wind blew. And the wish came true.

/ "Thank you, {hero}!" {said} {friend}. "You are the best friend in the world."
/ The {smallThing} did not shine any more, but {hero} was not sad. {He} had used {his} wish well.
/ {hero} {smiled}. To see a friend happy was better than all the toys in the world.`,
  },
  {
    name: "a treasure map",
    things: { otherSmall: "smallThing" },
    text: `
/ {OneDay}, {hero} found an old map [in a book|in a bottle|in the attic]. There was a red X on it.
/ {OneDay}, {hero} and {friend.title} found a map. "It is a treasure map!" {cried} {friend}.
/ {OneDay}, {his} {adult} gave {hero} a piece of paper. It was a treasure map!

/ {hero} called {friend}. "Let us look for the treasure," {said} {hero}. "{Yes}!" {replied}
  {friend}.
/ {hero} was {excited}. {He} took a shovel and a bag, and they started.
/ "We must follow the map," {said} {hero}. {friend} took a lamp and some food.

/ First they had to walk to the {tree.full}. Then they had to take ten big steps to the left.
/ They went over the bridge, around the pond and up the hill.
/ The map led them [past the old mill|through the high grass|along the river] and around a big rock.

/ {Suddenly}, there was a deep hole. "Be careful!" {said} {friend}. They jumped over it hand in
  hand.
/ Then they came to a dark cave. {hero} was {scared}, but {friend} held {his} hand.
/ They were {tired}, but they did not give up.

/ "Here is the X!" {cried} {hero}. They began to dig. {Soon}, they hit something hard.
/ At the end of the path, there was a pile of stones. Under the stones, they found an old box.
/ There it was! They dug and dug, and {finally} they found a {container.full}.

/ {hero} opened it {carefully}. In it were {treat.many} and a letter: "The best treasure is a good
  friend."
/ In it, there were a {smallThing.full} for {hero} and a {otherSmall.full} for {friend}.
/ They opened it. It was full of [shiny stones|old coins|books|toys]! "{Wow}!" both of them {cried}.

/ They shared everything and {walked} home {together}.
/ "This was the best adventure ever," {said} {friend}.
/ {hero} {smiled}. It was {nice} to find a treasure, but it was even better to have a friend.`,
  },
  {
    name: "a trip to visit someone",
    things: { food: "treat" },
    text: `
/ {OneDay}, {hero} and {his} {adult} went on a trip. They wanted to visit {his} {relative}.
/ {OneDay}, {hero} got a letter from {his} {relative}. "Please come and visit me," it said.
/ {hero} had not seen {his} {relative} for a long time. {OneDay}, {he} packed {his} bag.

/ They went by [train|bus|car|boat]. {hero} looked out of the window and saw [cows and
  horses|hills and
  rivers|many houses|big fields].
/ They {walked} through the woods and over the hill. The way was long.
/ It was a long way. "Are we there yet?" {asked} {hero} again and again.

/ {hero} had some {food.many} in {his} bag. They were for {his} {relative}. But {he} was {hungry}!
/ In {his} bag, {he} had a present. It was a {gift.full} for {his} {relative}.
/ {He} held a {flower.full} in {his} hand. It was a gift for {his} {relative}.

/ On the way, {he} met {friend.title}, who was {hungry}. {hero} shared a {treat} with {friend.him}.
/ {Suddenly}, they had to stop. A [cow|sheep|tree] was in the way! They had to wait a long time.
/ Then {he} fell asleep and dreamed of [cake|the sea|{his} {relative}].

/ {Finally}, they were there. {His} {relative} stood at the door and waved.
/ "There you are!" {said} {his} {relative} and gave {him} {hug}.
/ When they came to the house, {his} {relative} {cried}, "I am so glad to see you, {hero}!"

/ They [sat in the garden|looked at old pictures|fed the hens|went to the lake] and ate {food.many}.
/ In the evening, they sat around the fire and told stories.
/ {hero} stayed for a week. Every day they did something {nice}.

/ When {he} had to go home, {hero} was a little sad. "Come back soon," {said} {his} {relative}.
/ "I will come again," {said} {hero} and {smiled}.
/ It was a long trip, but {hero} was {happy} that {he} had come.`,
  },
  {
    name: "small but helpful",
    heroes: ["animal"],
    text: `
/ {hero} was very small. The other animals often laughed at {him}. "You are too small to help,"
  they said.
/ "I want to play with you," {said} {hero} to the big animals. "No, you are too small," they said.
/ {hero} was the smallest of all. {OneDay}, {he} {said}, "I want to be big, too."

/ {hero} was {sad}. "I wish I were big and strong," {he} {said}.
/ {hero} went away and sat down under a {flower.full}. {He} felt {sad}.
/ "Do not be sad," {said} {his} {adult}. "Small ones can do great things."

/ One day, {friend.title} lost a {smallThing.full}. It fell into a small hole. Nobody could reach
  it.
/ One day, {friend.title} was caught in a net. The net was strong, and {friend} could not get out.
/ Then one day {friend.title} was stuck between two rocks. All the big animals pulled, but it did
  not help.

/ The others tried, but they were all too big. "What can we do?" they asked.
/ "Help!" {cried} {friend}. The big animals did not know what to do.
/ Everybody was {scared}. Nobody had an idea.

/ "Let me try," {said} {hero}. They laughed. But {hero} was small enough to get in.
/ "I can do it," {said} {hero}. {He} was afraid, but {he} did not run away.
/ Then {hero} came. "I am small, and that is good," {he} {said}.

/ {He} worked {carefully}, little by little. It took some time. And then it was done!
/ {hero} tried and tried. {Finally}, it worked!
/ It was dark and narrow, but {hero} did not stop. {Finally}, {he} did it!

/ "Thank you, {hero}!" {said} {friend}. "You are small, but you are brave."
/ "Hooray for {hero}!" {cried} all the animals. Nobody laughed at {him} any more.
/ From then on, {hero} could always play with the others.

/ {hero} was {proud} to be small.
/ You do not have to be big to be a hero.
/ {hero} {smiled} and stood up very tall.
/`,
  },
  {
    name: "camping",
    text: `
/ {OneFineDay}, {hero} and {his} {adult} went camping {place.where}. They put up a small tent.
/ {hero} wanted to sleep in a tent. {OneFineDay}, {he} went camping with {friend.title} and {his}
  {adult}.
/ "Let us sleep outside tonight!" {said} {his} {adult}. {hero} was {excited}.

/ They made a fire and [cooked some {soup}|roasted some corn|told stories]. It was {nice} and warm.
/ They sat by the fire and looked at the stars. There were so many!
/ When it got dark, they made a fire and sang songs.

/ Then it was time to sleep. {Suddenly}, {hero} heard {sound}. "What was that?" {he} whispered.
/ In the middle of the night, {hero} woke up. {He} heard {sound}. {He} was {scared}.
/ {hero} crawled into the tent. But then there was a noise outside.

/ "Is it a bear?" {asked} {hero}. "Let us look," {said} {his} {adult}, and took a lamp.
/ "There is something outside," whispered {hero}. {He} {carefully} opened the tent.
/ {hero} held the hand of {his} {adult}. They looked out of the tent.

/ There was a little {wild} that looked for food. It was even more afraid than {hero}.
/ It was only a {wild.full}! It sat in front of the tent and ate a {treat}.
/ Two eyes shone in the dark. It was a {wild.full}.

/ {hero} laughed. "Hello, little {wild}," {he} {said}. "Are you hungry?" {He} gave it a {fruit}.
/ "You do not have to be afraid of us," {said} {hero} {warmly}. The {wild} looked at {him} and ran
  away.
/ They all laughed. Then {hero} went back to sleep.

/ In the morning, the birds were singing. "I want to go camping again," {said} {hero}.
/ It was the best night ever, and {hero} told everyone about it.
/ {hero} slept well until the sun came up. {He} was brave now.`,
  },
  {
    name: "the little boat",
    text: `
/ {OneFineDay}, {hero} made a little boat out of [paper|wood|a nut|a leaf]. It had a {color} sail.
/ {OneFineDay}, {hero} had a little boat. {He} wanted to see it swim.
/ {hero} wanted to see the sea. So {he} made a little boat of [paper|wood|a leaf].

/ {He} put it on the river. The boat swam away, [over the waves|past the ducks|around the stones].
/ {He} put it on the water and gave it a push. The boat went down the river.
/ The wind blew into the sail, and the boat went faster and faster.

/ {hero} {ran} along the river to follow it. But the boat was too fast.
/ "Wait for me!" {cried} {hero}. But the boat did not wait.
/ It went around a corner, and {hero} could not see it any more. {He} was {sad}.

/ The boat passed a frog. "Where are you going?" asked the frog. Then it passed a duck and a fish.
/ A {bird.full} flew over the river. "I saw your boat," it said. "It is stuck near the old bridge."
/ {hero} looked and looked. Where was the little boat?

/ At the bridge stood {friend.title}. "Is this your boat?" {asked} {friend}, and held it up.
/ {friend.title} sat at the river, a little farther down, and had found the boat.
/ Near the bridge, {he} met {friend.title}. "Look what I found in the water!" {said} {friend}. It
  was the
  boat!

/ "{Yes}, it is my boat!" {replied} {hero}. "Thank you!" They let it swim {together}.
/ "You can play with it, too," {said} {hero}. They became good friends.
/ {hero} was {happy}. The little boat had found a friend for {him}.

/ {NextDay}, they made a second boat and had a race.
/ They played at the river until the sun went down.
/ And what was the name of the boat? They named it {boatName}.`,
  },
  {
    name: "the big turnip",
    heroes: ["child"],
    things: { food: "bigVegetable" },
    text: `
/ {OneDay}, {hero} planted a {food} in the garden. It grew and grew. It was the biggest {food} in
  the world!
/ {His} {adult} had a {food} in the garden. It was so big that everybody came to see it.
/ In {hero}'s garden there was a very, very big {food}.

/ One day, {hero} wanted to pull it out. {He} pulled and pulled, but it did not move.
/ "Today we will eat the {food}," {said} {his} {adult}. {hero} pulled as hard as {he} could. Nothing
  happened.
/ {hero} took it with both hands and pulled. But the {food} was too heavy.

/ {He} called {his} {adult}. They pulled and pulled, but the {food} did not move.
/ "Please help me!" {said} {hero}. {His} {adult} came, and they pulled {together}. But it did not
  help.

/ {He} called {friend.title}. {friend} held {his} {adult}, {his} {adult} held {hero}, and {hero}
  held the
  {food}. They pulled and pulled, but it did not move.
/ Then {friend.title} came and pulled, too. One, two, three! The {food} moved only a little.

/ Then a dog came and helped. Then a cat came and helped. But the {food} did not come out.
/ They called the dog. The dog called the cat. They all pulled and pulled. No, it did not come out.

/ {Finally}, a tiny mouse came. "I will help you," it said. Everybody laughed. "You are too small!"
/ "May I help?" asked a little mouse. "{Yes}," {replied} {hero}. "Everyone can help."

/ They all pulled {together}. One, two, three! Pop! Out came the {food}, and everybody fell down.
/ The mouse pulled, too. And then, plop! The {food} came out, and they all fell on their backs.

/ They laughed and cooked {food} soup. There was enough for everyone, and the mouse got the
  biggest bowl.
/ They had {food} soup for a whole week. The little mouse was {proud}.
/ That evening, they all ate {together}. "Even the smallest one can help," {said} {hero}.`,
  },
];
