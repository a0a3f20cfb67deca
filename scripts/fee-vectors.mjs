#!/usr/bin/env node
// SPDX-License-Identifier: MIT OR Apache-2.0
// Exact values for the batch-fee controller (docs/spec/batch-fee.md), computed with 400-bit fixed point and plain integers,
// without a line in common with the contracts. Deterministic.
//
//   node scripts/fee-vectors.mjs            writes test/fixtures/batch_fee.json
//   node scripts/fee-vectors.mjs --check    fails if the committed file differs
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const OUTPUT = join(dirname(fileURLToPath(import.meta.url)), "..", "test", "fixtures", "batch_fee.json");

const BITS = 400n;
const ONE = 1n << BITS;
const NAT = 10n ** 12n; // log units in a nat
const GWEI = 10n ** 9n;

/// Parameter sets: the recommended one, then the corners of the permitted ranges.
const PARAMETERS = [
  { name: "recommended", minFeeGwei: 10_000_000n, maxLogPrice: 11_512_925_464_970n, lateLogPrice: 9_210_340_371_976n, step: 1_000_000_000n, decayPerSecond: 83_333_333n, risePerSecond: 192_540_884n, targetSeconds: 1800n },
  { name: "lowest price, widest range, finest step", minFeeGwei: 1n, maxLogPrice: 48_500_000_000_000n, lateLogPrice: 48_500_000_000_000n, step: 1_000_000n, decayPerSecond: 2n ** 32n - 1n, risePerSecond: 2n ** 32n - 1n, targetSeconds: 300n },
  { name: "highest price, coarsest step", minFeeGwei: 2n ** 40n - 1n, maxLogPrice: 20_800_000_000_000n, lateLogPrice: 1n, step: 2n ** 36n - 1n, decayPerSecond: 8_024_692n, risePerSecond: 1n, targetSeconds: 86_400n },
  { name: "highest price, finest step", minFeeGwei: 2n ** 40n - 1n, maxLogPrice: 20_800_000_000_000n, lateLogPrice: 10_400_000_000_000n, step: 1_000_000n, decayPerSecond: 8_024_692n, risePerSecond: 4_012_346n, targetSeconds: 86_400n },
  { name: "range of one step", minFeeGwei: 12_345n, maxLogPrice: 7_654_321n, lateLogPrice: 7_654_321n, step: 7_654_321n, decayPerSecond: 3n, risePerSecond: 5n, targetSeconds: 301n },
];

/// e^(numerator / denominator) in units of 2^-BITS, for 0 <= numerator / denominator < 64. Error below 2^-300 of the value.
function exp(numerator, denominator) {
  const halvings = 16n;
  const argument = (numerator * ONE) / (denominator << halvings);
  let term = ONE;
  let sum = ONE;
  for (let i = 1n; term !== 0n; i++) {
    term = (term * argument) / (ONE * i);
    sum += term;
  }
  for (let i = 0n; i < halvings; i++) sum = (sum * sum) / ONE;
  return sum;
}

/// ln(value) in units of 2^-BITS, for an integer value >= 1, by the area hyperbolic tangent after removing powers of two.
function ln(value) {
  const series = (numerator, denominator) => {
    const z = (numerator * ONE) / denominator;
    const square = (z * z) / ONE;
    let power = z;
    let sum = 0n;
    for (let i = 1n; power !== 0n; i += 2n) {
      sum += power / i;
      power = (power * square) / ONE;
    }
    return 2n * sum;
  };
  const twos = BigInt(value.toString(2).length - 1);
  const two = 1n << twos;
  return twos * series(1n, 3n) + series(value - two, value + two);
}

/// Integer part of `scaled` / 2^BITS; stops where the working precision could not tell it.
function floor(scaled) {
  const fraction = scaled & (ONE - 1n);
  const guard = 1n << (BITS - 150n);
  if (scaled >= ONE && fraction !== 0n && (fraction < guard || ONE - fraction < guard)) throw new Error("undecided rounding");
  return scaled >> BITS;
}

/// F(x) = minFee * K * e^x in wei, rounded down.
const cost = (p, x) => floor((exp(x, NAT) * p.minFeeGwei * GWEI * NAT) / p.step);
/// minFee * e^x in wei, rounded down.
const price = (p, x) => floor(exp(x, NAT) * p.minFeeGwei * GWEI);

/// The log price after `seconds` of which each is on time or late, second by second.
function walk(p, x, from, to, oldestPendingAt, hasPending) {
  for (let second = from; second < to; second++) {
    const late = hasPending && second >= oldestPendingAt + p.targetSeconds;
    if (!late) x = x > p.decayPerSecond ? x - p.decayPerSecond : 0n;
    else if (x < p.lateLogPrice) x = x + p.risePerSecond < p.lateLogPrice ? x + p.risePerSecond : p.lateLogPrice;
  }
  return x;
}

/// The log price of `x` carried from `a` to `b`, to the nearest unit.
function convert(a, x, b) {
  const scaled = x * ONE + (ln(a.minFeeGwei) - ln(b.minFeeGwei)) * NAT;
  if (scaled <= 0n) return 0n;
  const nearest = floor(scaled + ONE / 2n);
  return nearest < b.maxLogPrice ? nearest : b.maxLogPrice;
}

/// A linear congruential generator modulo 2^64 (Knuth's MMIX constants): the vectors only have to be spread and repeatable.
function generator(seed) {
  let state = seed;
  return (bound) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & (2n ** 64n - 1n);
    return ((state >> 16n) * bound) >> 48n;
  };
}

function costVectors(random) {
  const vectors = { set: [], x: [], cost: [], price: [] };
  PARAMETERS.forEach((p, set) => {
    const xs = [0n, 1n, 2n, p.step - 1n, p.step, p.maxLogPrice / 2n, p.maxLogPrice - 1n, p.maxLogPrice];
    // Around every odd multiple of ln(2)/2 the exponential changes its power of two: the edges of its range reduction.
    for (let k = 1n; 346_573_590_279n * k <= p.maxLogPrice && k < 16n; k += 2n) xs.push(346_573_590_279n * k, 346_573_590_279n * k + 1n);
    while (xs.length < 48) xs.push(random(p.maxLogPrice + 1n));
    for (const x of xs.filter((x) => x <= p.maxLogPrice)) {
      vectors.set.push(set);
      vectors.x.push(x);
      vectors.cost.push(cost(p, x));
      vectors.price.push(price(p, x));
    }
  });
  return vectors;
}

function settleVectors(random) {
  const vectors = { set: [], x: [], from: [], to: [], oldestPendingAt: [], hasPending: [], settled: [] };
  PARAMETERS.forEach((p, set) => {
    for (let i = 0; i < 24; i++) {
      const from = 1_700_000_000n + random(1_000_000n);
      const to = from + random(20_000n);
      const hasPending = i % 4 !== 0;
      const oldestPendingAt = from - random(2n * p.targetSeconds);
      const x = i % 3 === 0 ? p.maxLogPrice - random(1_000_000n) : random(p.maxLogPrice + 1n);
      vectors.set.push(set);
      vectors.x.push(x);
      vectors.from.push(from);
      vectors.to.push(to);
      vectors.oldestPendingAt.push(oldestPendingAt);
      vectors.hasPending.push(hasPending);
      vectors.settled.push(walk(p, x, from, to, oldestPendingAt, hasPending));
    }
  });
  return vectors;
}

function convertVectors(random) {
  const vectors = { from: [], x: [], to: [], converted: [] };
  PARAMETERS.forEach((a, from) => {
    PARAMETERS.forEach((b, to) => {
      for (const x of [0n, random(a.maxLogPrice + 1n), random(a.maxLogPrice + 1n), a.maxLogPrice]) {
        vectors.from.push(from);
        vectors.x.push(x);
        vectors.to.push(to);
        vectors.converted.push(convert(a, x, b));
      }
    });
  });
  return vectors;
}

function render() {
  const columns = Object.keys(PARAMETERS[0]);
  const fixture = {
    about: "Generated by scripts/fee-vectors.mjs. Logs in 1e-12 nat, costs and prices in wei rounded down, times in seconds.",
    parameters: Object.fromEntries(columns.map((column) => [column, PARAMETERS.map((p) => p[column])])),
    cost: costVectors(generator(0x506f45n)),
    settle: settleVectors(generator(0x666565n)),
    convert: convertVectors(generator(0x6c6f67n)),
  };
  const plain = (value) => (typeof value === "bigint" ? value.toString() : value);
  const line = (column) => JSON.stringify(column.map(plain));
  const table = (rows) => `{\n${Object.entries(rows).map(([key, column]) => `    ${JSON.stringify(key)}: ${line(column)}`).join(",\n")}\n  }`;
  const body = Object.entries(fixture).map(([key, value]) => `  ${JSON.stringify(key)}: ${typeof value === "string" ? JSON.stringify(value) : table(value)}`);
  return `{\n${body.join(",\n")}\n}\n`;
}

const rendered = render();
if (process.argv.includes("--check")) {
  const committed = readFileSync(OUTPUT, "utf8");
  if (committed !== rendered) {
    console.error("test/fixtures/batch_fee.json is stale: run node scripts/fee-vectors.mjs");
    process.exit(1);
  }
  console.log("test/fixtures/batch_fee.json is up to date");
} else {
  writeFileSync(OUTPUT, rendered);
  console.log("wrote test/fixtures/batch_fee.json");
}
