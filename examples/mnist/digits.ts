/**
 * Digits that look as if written by hand: strokes that are bent, turned, stretched and moved at
 * random, then drawn with pens of several widths on grainy paper.
 *
 * @module
 */

import { Random } from "@qorus/qorus";

/** Rows and columns of an image. */
export const imageSize = 28;

/** x to the right and y downwards, both 0 to 1. */
type Point = readonly [x: number, y: number];
type Stroke = readonly Point[];

/** Ways to write each digit; a stroke is a smooth curve through its points. */
const shapes: readonly (readonly (readonly Stroke[])[])[] = [
  [[[[0.5, 0.05], [0.2, 0.25], [0.15, 0.6], [0.45, 0.95], [0.8, 0.7], [0.82, 0.3], [0.5, 0.05]]]],
  [[[[0.5, 0.05], [0.5, 0.95]]], [[[0.3, 0.25], [0.55, 0.05]], [[0.55, 0.05], [0.52, 0.95]]]],
  [[[[0.2, 0.25], [0.45, 0.05], [0.75, 0.2], [0.6, 0.5], [0.2, 0.93]], [[0.2, 0.93], [0.82, 0.9]]]],
  [[
    [[0.2, 0.15], [0.5, 0.05], [0.75, 0.22], [0.45, 0.45]],
    [[0.45, 0.45], [0.8, 0.65], [0.55, 0.93], [0.2, 0.83]],
  ]],
  [
    [[[0.55, 0.05], [0.18, 0.6]], [[0.18, 0.6], [0.85, 0.6]], [[0.65, 0.3], [0.62, 0.95]]],
    [[[0.25, 0.08], [0.2, 0.5], [0.8, 0.5]], [[0.75, 0.08], [0.72, 0.95]]],
  ],
  [[
    [[0.78, 0.07], [0.3, 0.07]],
    [[0.3, 0.07], [0.25, 0.45]],
    [[0.25, 0.45], [0.6, 0.4], [0.8, 0.65], [0.55, 0.93], [0.2, 0.85]],
  ]],
  [[[
    [0.7, 0.07],
    [0.35, 0.35],
    [0.2, 0.7],
    [0.5, 0.95],
    [0.78, 0.72],
    [0.5, 0.52],
    [0.24, 0.68],
  ]]],
  [
    [[[0.18, 0.1], [0.82, 0.08]], [[0.82, 0.08], [0.55, 0.5], [0.4, 0.95]]],
    [
      [[0.18, 0.1], [0.82, 0.08]],
      [[0.82, 0.08], [0.55, 0.5], [0.4, 0.95]],
      [[0.35, 0.5], [0.75, 0.5]],
    ],
  ],
  [[
    [[0.5, 0.48], [0.25, 0.28], [0.5, 0.05], [0.75, 0.27], [0.5, 0.48]],
    [[0.5, 0.48], [0.2, 0.75], [0.5, 0.95], [0.8, 0.73], [0.5, 0.48]],
  ]],
  [[[
    [0.78, 0.3],
    [0.5, 0.5],
    [0.24, 0.3],
    [0.5, 0.05],
    [0.78, 0.28],
    [0.72, 0.6],
    [0.55, 0.95],
  ]]],
];

/** Straight pieces for each piece of a curve between two of its points. */
const piecesPerPoint = 6;

/** Images with what they show. */
export interface Digits {
  /** Image by image, row by row: 0 is paper, 255 ink. */
  readonly pixels: Uint8Array;
  /** 0 to 9, each as often. */
  readonly labels: Uint8Array;
}

/** Draws so many digits; the same ones for a seed. */
export function drawDigits(count: number, seed: number): Digits {
  const random = new Random(seed);
  const pixels = new Uint8Array(count * imageSize ** 2);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % shapes.length);
  const ink = new Float32Array(imageSize ** 2);
  for (let i = 0; i < count; i++) {
    drawDigit(labels[i], ink, random);
    const image = pixels.subarray(i * ink.length, (i + 1) * ink.length);
    for (let j = 0; j < ink.length; j++) {
      const grain = 0.06 * random.normal();
      image[j] = Math.round(255 * Math.min(1, Math.max(0, ink[j] + grain)));
    }
  }
  return { pixels, labels };
}

/** Draws one digit over what `ink`, 0 to 1, held. */
function drawDigit(digit: number, ink: Float32Array, random: Random): void {
  ink.fill(0);
  const ways = shapes[digit];
  const place = randomPlacement(random);
  const halfWidth = random.uniform(0.6, 1.5);
  for (const stroke of ways[random.below(ways.length)]) {
    const bent = stroke.map(([x, y]): Point =>
      place([
        x + random.normal(0, 0.03),
        y + random.normal(0, 0.03),
      ])
    );
    const curve = smooth(bent);
    for (let i = 1; i < curve.length; i++) drawLine(curve[i - 1], curve[i], halfWidth, ink);
  }
}

/** Turns, slants, stretches and moves points of the unit square onto the pixels. */
function randomPlacement(random: Random): (point: Point) => Point {
  const angle = random.normal(0, 0.12);
  const slant = random.normal(0.1, 0.2);
  const [width, height] = [random.uniform(11, 19), random.uniform(15, 21)];
  const center = imageSize / 2 - 0.5;
  const [right, down] = [random.normal(center, 1.2), random.normal(center, 1.2)];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return ([x, y]) => {
    const v = (y - 0.5) * height;
    const u = (x - 0.5) * width - slant * v;
    return [right + cos * u - sin * v, down + sin * u + cos * v];
  };
}

/** Points of a smooth curve through these (Catmull and Rom 1974). */
function smooth(points: Stroke): Stroke {
  const curve: Point[] = [points[0]];
  for (let i = 0; i + 1 < points.length; i++) {
    const [before, from, to, after] = [-1, 0, 1, 2].map((step) =>
      points[Math.min(points.length - 1, Math.max(0, i + step))]
    );
    for (let piece = 1; piece <= piecesPerPoint; piece++) {
      const t = piece / piecesPerPoint;
      const along = (axis: 0 | 1) => {
        const [a, b, c, d] = [before[axis], from[axis], to[axis], after[axis]];
        const square = 2 * a - 5 * b + 4 * c - d;
        const cube = 3 * (b - c) + d - a;
        return b + 0.5 * t * (c - a + t * (square + t * cube));
      };
      curve.push([along(0), along(1)]);
    }
  }
  return curve;
}

/** Inks the pixels near a line; what is darker already stays. */
function drawLine(from: Point, to: Point, halfWidth: number, ink: Float32Array): void {
  const reach = halfWidth + 0.5;
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const square = dx * dx + dy * dy;
  const [left, right] = pixelRange(from[0], to[0], reach);
  const [top, bottom] = pixelRange(from[1], to[1], reach);
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const along = square === 0 ? 0 : ((x - from[0]) * dx + (y - from[1]) * dy) / square;
      const t = Math.min(1, Math.max(0, along));
      const [u, v] = [x - from[0] - t * dx, y - from[1] - t * dy];
      const distance = Math.sqrt(u * u + v * v);
      const at = y * imageSize + x;
      ink[at] = Math.max(ink[at], Math.min(1, reach - distance));
    }
  }
}

function pixelRange(from: number, to: number, reach: number): [first: number, last: number] {
  return [
    Math.max(0, Math.floor(Math.min(from, to) - reach)),
    Math.min(imageSize - 1, Math.ceil(Math.max(from, to) + reach)),
  ];
}
