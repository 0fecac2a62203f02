/**
 * Words that may stand for each other: each use draws one afresh.
 *
 * @module
 */

const list = (text: string): readonly string[] => text.trim().split(/\s*\|\s*/);

/** Synonyms by the name of their slot. */
export const words: Readonly<Record<string, readonly string[]>> = {
  happy: list("happy|very happy|so happy|glad|full of joy|happy again|happy and proud|very glad"),
  joyful: list("happy|cheerful|merry|joyful|glad"),
  sad: list("sad|very sad|so sad|unhappy|upset|a little sad"),
  sadly: list("sadly|in a small voice|in a sad voice|quietly|with tears in {his} eyes"),
  scared: list("scared|afraid|very scared|frightened|a little afraid|nervous"),
  angry: list("angry|cross|very angry|mad|very cross"),
  proud: list("proud|very proud|so proud|proud and happy"),
  tired: list("tired|very tired|sleepy|so tired|a little tired"),
  hungry: list("hungry|very hungry|so hungry"),
  surprised: list("surprised|very surprised|amazed|so surprised"),
  excited: list("excited|very excited|so excited|full of excitement"),
  curious: list("curious|very curious|full of questions"),
  kind: list("kind|gentle|friendly|good|sweet|helpful|caring"),
  little: list("little|small|tiny|young"),
  big: list("big|huge|large|great big"),
  tall: list("tall|very tall|big old|high"),
  beautiful: list("beautiful|lovely|pretty|wonderful"),
  nice: list("nice|lovely|wonderful|good|great"),
  delicious: list("delicious|tasty|yummy|very good|sweet"),
  smiled: list("smiled|laughed|grinned|nodded and smiled|gave a big smile|smiled brightly"),
  said: list("said"),
  asked: list("asked"),
  cried: list("cried|shouted|called|cried"),
  warmly: list("kindly|softly|gently|in a kind voice|in a soft voice|with a smile|warmly"),
  ran: list("ran|hurried|raced|rushed"),
  walked: list("walked|went|walked slowly|skipped|wandered"),
  looked: list("looked|searched|peeked"),
  quickly: list("quickly|fast|at once|right away"),
  carefully: list("carefully|slowly|very carefully|gently"),
  together: list("together"),
  color: list("red|blue|green|yellow|pink|purple|orange|white|golden|silver"),
  oneDay: list(
    `one day|one day|one day|one morning|one afternoon|one Saturday|one Sunday|early one morning
    |one Monday morning|one quiet afternoon`,
  ),
  oneFineDay: list(
    `one day|one sunny day|one warm day|one fine morning|one bright morning|one summer day
    |one sunny morning|one spring morning|one beautiful day|one warm afternoon`,
  ),
  oneNight: list("one night|one evening|one dark night|one quiet evening|late one evening"),
  suddenly: list("suddenly|all of a sudden|just then|at that moment|then"),
  finally: list("finally|at last|in the end|after a while|after a long time"),
  soon: list("soon|after a while|a little later|a few minutes later|before long"),
  nextDay: list("the next day|the next morning|a day later|early the next morning"),
  weather: list(
    `the sun was shining|the sky was blue|it was warm and sunny|the birds were singing
    |a soft wind was blowing|white clouds were floating in the sky|the air was fresh and cool
    |it was a bright and sunny day|the flowers smelled sweet`,
  ),
  yes: list("Yes|Of course|Sure|Oh yes|Okay"),
  replied: list("said|said|said|replied|answered"),
  dear: list("dear|my dear|sweetheart|little one|my love"),
  wow: list("Wow|Oh|Look|Oh my|Hooray|Yay"),
  hug: list("a hug|a big hug|a warm hug|a long hug|a kiss and a hug"),
};
