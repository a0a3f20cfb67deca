// SPDX-License-Identifier: MIT OR Apache-2.0
// Randomness that is the same on every machine: 32-bit integers, and functions made of +, -, *, / alone, since the last digits of
// Math.exp and its like may differ between engines.

/** Uniform numbers in [0, 1) from a seed: a Weyl sequence through a 32-bit integer hash. */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let hash = state;
    hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
    hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
    return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** e^x by its series after halving the argument sixteen times; good to about ten digits for |x| < 20. */
export function exp(x) {
  const halvings = 16;
  const small = x / 2 ** halvings;
  let value = 1 + small * (1 + (small / 2) * (1 + (small / 3) * (1 + small / 4)));
  for (let i = 0; i < halvings; i++) value *= value;
  return value;
}

/** ln(x) by the area hyperbolic tangent after removing powers of two. */
export function ln(x) {
  if (!(x > 0)) throw new RangeError(`ln of ${x}`);
  let twos = 0;
  for (; x >= 1.5; x /= 2) twos++;
  for (; x < 0.75; x *= 2) twos--;
  const z = (x - 1) / (x + 1);
  let sum = 0;
  let power = z;
  for (let i = 1; i < 40; i += 2) {
    sum += power / i;
    power *= z * z;
  }
  return 2 * sum + twos * 0.6931471805599453;
}

/** A number that is normal to the eye: twelve uniform ones less six. */
export function normal(random) {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random();
  return sum;
}

/** How many events happen where `mean` are expected. */
export function poisson(random, mean) {
  const limit = exp(-mean);
  let product = random();
  let events = 0;
  for (; product > limit; events++) product *= random();
  return events;
}
