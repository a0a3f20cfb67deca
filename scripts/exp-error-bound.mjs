#!/usr/bin/env node
// SPDX-License-Identifier: MIT OR Apache-2.0
// Proves the bound on the exponential that docs/spec/batch-fee.md rests on: solady's `expWad` replaces e^t on the reduced
// range |t| <= ln(2)/2 by a rational function S*P(t)/Q(t); this prints a rigorous bound of |S*P(t)/Q(t) / e^t - 1| there.
//
// Method: D(t) = S*P(t)*e^(-t) - Q(t), with e^(-t) as its Taylor polynomial of degree 40, is a polynomial. Written in
// Chebyshev polynomials, each at most 1 in magnitude on the range, its coefficients' absolute values sum to a bound of |D|;
// divided by a lower bound of |Q| this bounds the relative error. Fixed point with 400 bits; the bits lost are added on top.
//
//   node scripts/exp-error-bound.mjs            prints the bound
//   node scripts/exp-error-bound.mjs --check    fails if it exceeds 2^-65, the figure the specification uses
const BITS = 400n;
const ONE = 1n << BITS;
const multiply = (a, b) => (a * b) / ONE;
const absolute = (a) => (a < 0n ? -a : a);

/// The constants of `expWad`, in units of 2^-96 (solady 0.1.26, FixedPointMathLib), brought to 2^-BITS.
const fixed96 = (value) => value << (BITS - 96n);
const Y = [1346386616545796478920950773328n, 57155421227552351082224309758442n].map(fixed96);
const P = [94201549194550492254356042504812n, 28719021644029726153956944680412240n, 4385272521454847904659076985693276n].map(fixed96);
const Q = [-2855989394907223263936484059900n, 50020603652535783019961831881945n, -533845033583426703283633433725380n,
  3604857256930695427073651918091429n, -14423608567350463180887372962807573n, 26449188498355588339934803723976023n].map(fixed96);
/// The last factor, and the shift by 195 - k of a number in units of 2^-96, over the 1e18 of the result.
const SCALE = (3822833074963236453042738258902158003155416615667n * ONE) / ((1n << 99n) * 10n ** 18n);
/// A little above ln(2)/2.
const HALF_RANGE = (ONE * 34658n) / 100000n;
const TAYLOR_DEGREE = 40;

// Polynomials are arrays of coefficients, lowest degree first.
const add = (a, b) => Array.from({ length: Math.max(a.length, b.length) }, (_, i) => (a[i] ?? 0n) + (b[i] ?? 0n));
const times = (a, b) => {
  const product = new Array(a.length + b.length - 1).fill(0n);
  a.forEach((x, i) => b.forEach((y, j) => (product[i + j] += multiply(x, y))));
  return product;
};
const T = [0n, ONE];

function numerator() {
  const y = add(times(add(T, [Y[0]]), T), [Y[1]]);
  const p = add(times(add(add(y, T), [-P[0]]), y), [P[1]]);
  return times([SCALE], add(times(p, T), [P[2]]));
}

function denominator() {
  return Q.slice(1).reduce((q, constant) => add(times(q, T), [constant]), add(T, [Q[0]]));
}

function inverseExponential() {
  const coefficients = [ONE];
  for (let i = 1; i <= TAYLOR_DEGREE; i++) coefficients.push(-coefficients[i - 1] / BigInt(i));
  return coefficients;
}

/// Coefficients in Chebyshev polynomials of u = t / HALF_RANGE: u^n = 2^(1-n) * sum over k of binomial(n, (n-k)/2) T_k(u).
function chebyshev(polynomial) {
  const result = new Array(polynomial.length).fill(0n);
  let power = ONE;
  polynomial.forEach((coefficient, n) => {
    const scaled = multiply(coefficient, power);
    let binomial = 1n;
    for (let j = 0; n - 2 * j >= 0; j++) {
      const k = n - 2 * j;
      result[k] += (scaled * binomial * (k === 0 ? 1n : 2n)) >> BigInt(n);
      binomial = (binomial * BigInt(n - j)) / BigInt(j + 1);
    }
    power = multiply(power, HALF_RANGE);
  });
  return result;
}

/// Sum of |coefficient| * HALF_RANGE^i, from degree `first` on: a bound of a polynomial's magnitude.
function magnitude(polynomial, first) {
  let power = ONE;
  return polynomial.reduce((sum, coefficient, i) => {
    const term = i >= first ? multiply(absolute(coefficient), power) : 0n;
    power = multiply(power, HALF_RANGE);
    return sum + term;
  }, 0n);
}

const p = numerator();
const q = denominator();
const difference = add(times(p, inverseExponential()), q.map((c) => -c));
const sum = chebyshev(difference).reduce((total, coefficient) => total + absolute(coefficient), 0n);
// Lagrange's remainder of the Taylor polynomial, below 2^-220 since 0.34658^41 / 41! < 2^-227 and e^0.34658 < 2; and far
// fewer than 2^40 roundings of at most 2^-380 each (the coefficients are below 2^20).
const slack = multiply(magnitude(p, 0), ONE >> 220n) + (ONE >> 340n);
const smallest = absolute(q[0]) - magnitude(q, 1);
const bound = ((sum + slack) * ONE) / smallest;

const bits = Number(BITS) - bound.toString(2).length;
console.log(`approximation error of the exponential: below 2^-${bits} of its value`);
if (process.argv.includes("--check") && bits < 65) {
  console.error("above 2^-65, the figure docs/spec/batch-fee.md uses");
  process.exit(1);
}
