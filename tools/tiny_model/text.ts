/**
 * What the tiny model has read: a short story of our own.
 *
 * @module
 */

/** Lower-case English with few kinds of characters, so that a few weights can learn from it. */
export const story = `
once upon a time there was a little ship that lived by the sea. the ship was small and blue, and
the ship was old, and it had a sail that was white. every morning the sun came up over the water,
and the ship went out to sea with the wind. the wind was warm and the sea was calm, and the ship
was happy. one day the little ship saw a big bird on the water. the bird was white and grey, and
it was sad. why are you sad, said the ship. i am sad because i am far from home, said the bird, and
my wing is hurt, and i can not fly. then come with me, said the little ship, and i will take you
home. so the bird came with the ship, and the wind took them over the sea. they went past the
islands, and past the rocks, and past the light on the hill. at night the stars came out, and the
bird told the ship a story about the moon. the moon is a lamp, said the bird, and the night is a
house, and the stars are the windows of the house. the ship liked the story very much. in the
morning they saw the land. there is my home, said the bird, there on the hill, by the old tree. the
ship went into the bay, where the water was still, and the bird was happy. thank you, little ship,
said the bird. when my wing is well i will come and fly over you, and i will show you the way to the
warm islands. and when the summer came the bird came too, and it flew over the sail, and they went
out to sea, the little ship and the big white bird. they went to the warm islands, where the sand
was white and the trees were green, and there they met a turtle. the turtle was very old and very
slow. where do you come from, said the turtle. we come from the cold sea, said the ship, from the
land of wind and rain. then stay here with me, said the turtle, here it is warm. but the ship said
no. i like the wind, and i like the rain, and the children in the town will look for my white sail.
so the little ship and the bird went home, and the children stood on the wall and waved, and the
sun went down over the sea, and the night came, and all the stars were out, and all was well.
`.trim().replaceAll("\n", " ");
