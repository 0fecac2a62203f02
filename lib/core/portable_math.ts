/**
 * Functions that give the same bits in every JavaScript engine. `Math.log`, `Math.sin` and
 * `Math.cos` may differ in their last bit between engines; sums, products and quotients may not.
 *
 * @module
 */

/** Natural logarithm of a positive, not subnormal number, to some 2 units in the last place. */
export function portableLog(x: number): number {
  let exponent = 0;
  for (; x < Math.SQRT1_2; x *= 2) exponent--;
  for (; x > Math.SQRT2; x /= 2) exponent++;
  // log x = 2 artanh t; |t| < 0.172, so that the term of t^23 is the last that counts.
  const t = (x - 1) / (x + 1);
  let sum = 0;
  for (let power = 23; power >= 1; power -= 2) sum = sum * t * t + 1 / power;
  return exponent * Math.LN2 + 2 * t * sum;
}

/**
 * Sine and cosine of a share of a full turn.
 *
 * @param share from 0 to 1
 */
export function portableSineAndCosine(share: number): [number, number] {
  const quarters = Math.round(4 * share);
  // Within an eighth of a turn of a quarter; the difference is exact.
  const angle = 2 * Math.PI * (share - quarters / 4);
  const square = angle * angle;
  // Taylor's series: at an eighth of a turn the terms of degrees 19 and 18 are the last that count.
  let [sine, cosine] = [1, 1];
  for (let degree = 19; degree > 1; degree -= 2) {
    sine = 1 - sine * square / (degree * (degree - 1));
    cosine = 1 - cosine * square / ((degree - 1) * (degree - 2));
  }
  sine *= angle;
  if (quarters % 4 === 0) return [sine, cosine];
  if (quarters % 4 === 1) return [cosine, -sine];
  if (quarters % 4 === 2) return [-sine, -cosine];
  return [-cosine, sine];
}
