/**
 * Things of a story: one is drawn when the story starts and stays the same to its end.
 *
 * @module
 */

import { nouns, places, table } from "./tables.ts";
import type { Forms } from "./template.ts";

/** Kinds of things by name. */
export const things: Readonly<Record<string, readonly Forms[]>> = {
  toy: [
    ...nouns(
      `ball|kite|toy car|toy train|drum|puzzle|top|toy boat|yo-yo|toy truck|robot|toy plane|whistle
      |jump rope|scooter|wagon`,
      "red|blue|green|yellow|new|little|shiny|favorite|old|orange|purple",
    ),
    ...nouns(
      "teddy bear|doll|toy rabbit|toy elephant|puppet|toy dog|toy lion|toy monkey",
      "soft|little|favorite|old|brown|new|fluffy|big|small",
    ),
  ],
  sharedToy: nouns(
    "ball|kite|swing|toy train|drum|scooter|wagon|puzzle|toy boat|robot|jump rope|sled",
    "red|blue|green|yellow|new|big|shiny|wonderful",
  ),
  smallThing: nouns(
    "button|coin|shell|ring|marble|key|feather|stone|bell|bead|leaf|star|pin|acorn",
    "red|blue|shiny|golden|little|round|smooth|pretty|tiny",
  ),
  clothes: nouns(
    "hat|scarf|coat|cap|sweater|jacket|raincoat|dress",
    "red|blue|green|yellow|new|warm|favorite|white|pink|old",
  ),
  fragile: nouns(
    "vase|cup|plate|bowl|lamp|teapot|jar|mirror|picture frame|flower pot|mug",
    "blue|white|pretty|old|favorite|green|yellow|beautiful",
  ),
  adultThing: [
    ...nouns("hat|key|book|scarf|umbrella|ring|watch|bag|pen", "old|favorite|brown|new|black"),
  ],
  gift: nouns(
    `book|toy boat|puzzle|kite|drum|teddy bear|ball|paint set|toy train|hat|music box|necklace
    |toy robot|scarf|flute|telescope|lantern|backpack`,
    "new|little|wonderful|beautiful|red|blue|green|shiny|special|yellow",
  ),
  vehicle: nouns("bike|scooter|wagon|sled|tricycle", "red|blue|green|new|shiny|yellow"),
  instrument: table(`one     | played   | sound
                     drum    | beat     | boom, boom, boom
                     flute   | played   | toot, toot
                     guitar  | played   | strum, strum
                     piano   | played   | plink, plonk
                     violin  | played   | screech, squeak
                     trumpet | blew     | toot, toot
                     horn    | blew     | honk, honk
                     bell    | rang     | ding, ding
                     harp    | played   | pling, pling`),
  fruit: nouns(
    `apple|pear|plum|peach/peaches|banana|orange|cherry/cherries|strawberry/strawberries|grape
    |blueberry/blueberries|melon|mango/mangoes|lemon|raspberry/raspberries`,
    "red|sweet|ripe|juicy|big|round|fresh",
  ),
  vegetable: nouns(
    `carrot|pea|bean|tomato/tomatoes|potato/potatoes|cucumber|radish/radishes|pumpkin|beet|turnip
    |mushroom|pepper|onion|leek`,
    "fresh|little|big|round|crunchy",
  ),
  treat: nouns(
    `cookie|cupcake|muffin|pancake|waffle|donut|bun|tart|brownie|honey cake|cherry pie
      |sandwich/sandwiches
    |pretzel|biscuit`,
    "warm|sweet|fresh|big|tasty|little|yummy",
  ),
  cake: nouns(
    `chocolate cake|apple pie|carrot cake|lemon cake|honey cake|cherry pie|berry pie|banana bread
    |cheese cake|pumpkin pie`,
    "warm|big|sweet|tasty|fresh|round",
  ),
  soup: table(`one
               vegetable soup
               tomato soup
               carrot soup
               chicken soup
               porridge
               pumpkin soup
               bean soup
               noodle soup
               potato soup`),
  drink: table(`one
                lemonade
                apple juice
                hot chocolate
                warm milk
                cold water
                orange juice
                berry juice
                tea with honey`),
  flower: nouns(
    "rose|daisy/daisies|tulip|sunflower|lily/lilies|violet|poppy/poppies|bluebell|marigold",
    "pretty|little|lovely|fresh|bright",
  ),
  plant: [
    ...nouns(
      "sunflower|rose bush/rose bushes|tulip|bean plant|tomato plant",
      "tall|beautiful|strong",
    ),
    ...nouns("pumpkin|carrot|apple tree|cherry tree|strawberry plant|melon", "big|fine|lovely"),
  ],
  tree: nouns(
    "oak tree|apple tree|pine tree|willow tree|cherry tree|maple tree",
    "big|old|tall|huge",
  ),
  bird: nouns(
    "robin|sparrow|blackbird|owl|crow|duck|dove|swallow|parrot|goose/geese|wren|blue jay",
    "little|small|pretty|wise|old|friendly|young",
  ),
  wild: nouns(
    `rabbit|squirrel|fox/foxes|deer/deer|hedgehog|mouse/mice|frog|turtle|badger|beaver|raccoon|mole
    |otter|lizard|snail`,
    "little|small|shy|friendly|brown|young|gentle|old",
  ),
  babyAnimal: table(`one       | mother     | home                   | sound
                     kitten    | cat        | in a basket            | meowed
                     puppy     | dog        | in a little dog house  | whimpered
                     duckling  | duck       | by the pond            | quacked
                     chick     | hen        | in the hen house       | cheeped
                     lamb      | sheep      | in the green field     | bleated
                     piglet    | pig        | in the barn            | squeaked
                     calf      | cow        | in the meadow          | mooed
                     foal      | horse      | in the stable          | cried
                     fawn      | deer       | near the tall trees    | cried
                     cub       | bear       | in a warm cave         | cried
                     bunny     | rabbit     | under a bush           | squeaked
                     owlet     | owl        | in a hollow tree       | hooted
                     gosling   | goose      | by the river           | peeped`),
  insect: nouns(
    `bee|butterfly/butterflies|ladybug|beetle|grasshopper|dragonfly/dragonflies|moth|cricket
    |firefly/fireflies`,
    "little|small|tiny|pretty|tired|lost",
  ),
  pet: table(`one      | sound   | noise     | food
              dog      | barked  | Woof      | bone
              puppy    | barked  | Woof      | biscuit
              cat      | meowed  | Meow      | fish
              kitten   | meowed  | Meow      | fish
              pony     | neighed | Neigh     | carrot
              parrot   | called  | Squawk    | cracker
              goat     | bleated | Maa       | cabbage
              hen      | clucked | Cluck     | piece of corn
              duck     | quacked | Quack     | piece of bread
              pig      | grunted | Oink      | apple
              donkey   | brayed  | Hee-haw   | carrot`),
  hidingPlace: table(`one
                      under the bed
                      behind the door
                      under the table
                      behind the sofa
                      in the closet
                      behind the curtain
                      under a pillow
                      in the laundry basket
                      on top of the shelf
                      under the stairs
                      in the kitchen
                      behind the big chair
                      in {his} backpack`),
  outdoorHiding: table(`one
                        under a bush
                        behind a big rock
                        in the tall grass
                        under a pile of leaves
                        behind the old tree
                        next to the fence
                        in a hollow log
                        under the bench
                        between the flowers
                        near the pond
                        behind the shed
                        under the slide`),
  place: places(
    `in the park|in the garden|in the forest|at the beach|in the meadow|at the playground
    |by the river|on the farm|in the yard|by the lake|on the hill|in the woods|by the pond
    |in the field|in the orchard`,
  ),
  home: places(
    `in a small house|in a little village|near the forest|in a big city|on a farm|by the sea
    |in a quiet town|near a lake|at the edge of a wood|in a cozy cottage|on a green hill
    |in a tall house|by a river|in a warm valley|in a little red house|at the foot of a mountain`,
  ),
  shop: places("in the toy shop|at the market|in the book shop|in the bakery|in the little store"),
  skill: table(`one                | doing                | did                  | where
                swim               | swimming             | swam                 | at the lake
                ride a bike        | riding a bike        | rode the bike        | in the park
                skate              | skating              | skated               | on the ice
                whistle            | whistling            | whistled             | in the garden
                climb the tree     | climbing the tree    | climbed the tree     | in the yard
                tie {his} shoes    | tying {his} shoes    | tied {his} shoes     | in the hall
                jump rope          | jumping rope         | jumped rope          | in the yard
                catch a ball       | catching a ball      | caught the ball      | in the field
                dance              | dancing              | danced               | in the big room
                fly a kite         | flying a kite        | flew the kite        | on the hill
                read               | reading              | read a whole page    | at school
                ski                | skiing               | skied                | on the hill
                juggle             | juggling             | juggled              | in the yard
                row a boat         | rowing a boat        | rowed the boat       | on the lake
                do a cartwheel     | doing cartwheels     | did a cartwheel      | in the grass
                throw a ball       | throwing a ball      | threw the ball       | in the field`),
  game: table(`one           | playing
               tag           | playing tag
               hide and seek | playing hide and seek
               catch         | playing catch
               soccer        | playing soccer
               pirates       | playing pirates
               school        | playing school
               a board game  | playing a board game
               cards         | playing cards
               hopscotch     | playing hopscotch`),
  building: table(`one             | part
                   tower           | block
                   castle          | block
                   bridge          | stick
                   sand castle     | shell
                   tree house      | board
                   snow house      | block of snow
                   bird house      | piece of wood
                   fort            | pillow
                   wooden boat     | piece of wood
                   house of cards  | card`),
  craft: table(`one         | made
                card        | made of paper
                picture     | full of bright colors
                paper crown | painted gold
                necklace    | made of beads
                paper boat  | with a white sail
                basket      | full of flowers
                paper star  | that was shiny and yellow
                bracelet    | made of string
                clay cup    | painted blue`),
  job: table(`one            | did               | doing
              clean the room | cleaned the room  | cleaning the room
              wash the dishes| washed the dishes | washing the dishes
              feed the hens  | fed the hens      | feeding the hens
              rake the leaves| raked the leaves  | raking the leaves
              set the table  | set the table     | setting the table
              water the garden | watered the garden | watering the garden
              sweep the floor | swept the floor | sweeping the floor
              wash the car   | washed the car    | washing the car
              pick the apples | picked the apples | picking the apples
              carry the wood | carried the wood  | carrying the wood
              hang up the clothes | hung up the clothes | hanging up the clothes
              paint the fence | painted the fence | painting the fence
              make the bed | made the bed | making the bed`),
  subject: table(`one
                  the stars
                  the sea
                  brave knights
                  dragons
                  animals
                  pirates
                  the moon
                  a lost treasure
                  a magic garden
                  a clever fox
                  trains
                  kind giants
                  dinosaurs
                  a princess and a frog
                  a little bear`),
  picture: table(`one
                  a big yellow sun
                  a house with a red roof
                  a blue fish
                  a rainbow
                  a horse
                  a tall tree
                  {his} family
                  a castle
                  a smiling moon
                  a boat on the sea
                  a green dragon
                  a field of flowers`),
  container: nouns("box/boxes|basket|bag|jar|chest|bucket", "old|little|wooden|big|brown|dusty"),
  sound: table(`one           | was
                a soft tapping | a branch that tapped on the window
                a loud hoot    | an owl in the old tree
                a strange howl | the wind in the chimney
                a scratching sound | a little mouse behind the wall
                a quiet creak  | the old door in the wind
                a low rumble   | the cat, who was purring in the dark
                a drip, drip, drip | the rain on the roof
                a rustling sound | a hedgehog in the dry leaves`),
  flyingToy: nouns(
    "kite|ball|toy plane|paper plane|balloon|frisbee",
    "red|blue|green|yellow|new|little",
  ),
  trap: table(`one
               in a net
               in a deep hole
               between two stones
               under a branch
               in the mud
               in an old box
               in a thorn bush
               behind the fence`),
  petName: table(`one
                  Spot
                  Biscuit
                  Peanut
                  Pepper
                  Lucky
                  Muffin
                  Snowy
                  Sunny
                  Pickles
                  Cookie`),
  indoorGame: table(`one
                     build a house of pillows
                     bake some cookies
                     paint pictures
                     read a book
                     make paper boats
                     play hide and seek
                     sing and dance
                     dress up as pirates
                     build a big tower
                     play cards
                     make puppets out of socks`),
  comfort: nouns("teddy bear|blanket|pillow|toy rabbit|doll|toy dog", "soft|favorite|old|little"),
  warmClothes: nouns("scarf|hat|cap|coat|jacket", "red|blue|green|yellow|warm|thick"),
  headClothes: nouns("hat|cap|scarf", "red|blue|green|yellow|new|white|pink|favorite"),
  highPlace: table(`one
                    up a tall tree
                    up the highest hill
                    onto the roof
                    up a long ladder
                    up the old tower`),
  spotThing: table(`one
                    cloud
                    bird
                    butterfly
                    balloon
                    flower
                    cat
                    fish
                    whale
                    dog
                    heart
                    snail`),
  vegetableFact: table(`one
                        They make you strong
                        They are good for you
                        They help you to grow
                        They give you strong bones`),
  relative: table(`one
                   grandma
                   grandpa
                   aunt
                   uncle
                   cousin
                   grandmother
                   grandfather`),
  friendAdult: table(`one
                      grandma
                      grandpa
                      mom
                      dad
                      sister
                      brother
                      aunt`),
  boatName: table(`one
                   Sunshine
                   Little Star
                   Wave
                   Swan
                   Friendship
                   Sea Bird`),
  bigVegetable: table(`one
                       turnip
                       carrot
                       pumpkin
                       radish
                       beet
                       cabbage`),
};
