// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Test vectors of the L2's cryptography, computed with textbook BigInt arithmetic: no lazy reduction, no packing, no
// shortcut through the norm, so that nothing is shared with the contracts under test. Starts from the published vectors
// test/fixtures/l2/{poseidon-goldilocks,ecgfp5}.json, which it reproduces first.
//
//   node scripts/l2-vectors.mjs           writes test/fixtures/l2/derived.json
//   node scripts/l2-vectors.mjs --check   fails if that file or the contract's table of round constants differs

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const fixture = (name) => new URL(`../test/fixtures/l2/${name}.json`, import.meta.url);
const readJson = (name) => JSON.parse(readFileSync(fixture(name), "utf8"));
const poseidonFixture = readJson("poseidon-goldilocks");
const curveFixture = readJson("ecgfp5");

// --- F_p and F_p5 = F_p[z] / (z^5 - 3) ---------------------------------------------------------------------------------

const P = 2n ** 64n - 2n ** 32n + 1n;
const Q = P ** 5n;
const mod = (a) => ((a % P) + P) % P;
const ZERO = [0n, 0n, 0n, 0n, 0n];
const ONE = [1n, 0n, 0n, 0n, 0n];
const B = [0n, 263n, 0n, 0n, 0n];

const add = (a, b) => a.map((c, i) => mod(c + b[i]));
const sub = (a, b) => a.map((c, i) => mod(c - b[i]));
const scale = (a, k) => a.map((c) => mod(c * k));
const equal = (a, b) => a.every((c, i) => c === b[i]);

function mul(a, b) {
  const r = [...ZERO];
  for (let i = 0; i < 5; i++) {
    for (let j = 0; j < 5; j++) {
      r[(i + j) % 5] += (i + j < 5 ? 1n : 3n) * a[i] * b[j];
    }
  }
  return r.map(mod);
}

function pow(a, exponent) {
  let r = ONE;
  for (const bit of exponent.toString(2)) {
    r = mul(r, r);
    if (bit === "1") r = mul(r, a);
  }
  return r;
}

const inverse = (a) => pow(a, Q - 2n);
const isSquare = (a) => equal(pow(a, (Q - 1n) / 2n), ONE);

/** Square root by Tonelli and Shanks, or undefined. b is a non-square. */
function squareRoot(a) {
  if (equal(a, ZERO)) return ZERO;
  if (!isSquare(a)) return undefined;
  let [odd, twos] = [Q - 1n, 0];
  while (odd % 2n === 0n) [odd, twos] = [odd / 2n, twos + 1];
  let c = pow(B, odd);
  let t = pow(a, odd);
  let r = pow(a, (odd + 1n) / 2n);
  while (!equal(t, ONE)) {
    let order = 0;
    for (let s = t; !equal(s, ONE); s = mul(s, s)) order++;
    const d = pow(c, 2n ** BigInt(twos - order - 1));
    [r, c, twos] = [mul(r, d), mul(d, d), order];
    t = mul(t, c);
  }
  return r;
}

// --- ecGFp5: points [x, u] --------------------------------------------------------------------------------------------

const NEUTRAL = [ZERO, ZERO];
const samePoint = (a, b) => equal(a[0], b[0]) && equal(a[1], b[1]);
const onCurve = ([x, u]) => equal(x, mul(mul(u, u), add(mul(x, add(x, [2n, 0n, 0n, 0n, 0n])), B)));

/** Pornin's complete addition, ePrint 2022/274, affine. */
function addPoints([x1, u1], [x2, u2]) {
  const [t1, t3, t5, t6] = [mul(x1, x2), mul(u1, u2), add(x1, x2), add(u1, u2)];
  const t7 = add(t1, B);
  const t9 = mul(t3, add(scale(mul(B, t5), 2n), scale(t7, 2n)));
  const t10 = mul(add(scale(t3, 2n), ONE), add(t5, t7));
  const [zx, zu] = [sub(t7, t9), add(t7, t9)];
  assert(!equal(zx, ZERO) && !equal(zu, ZERO), "exceptional addition");
  return [mul(mul(B, sub(t10, t7)), inverse(zx)), mul(mul(t6, sub(B, t1)), inverse(zu))];
}

/** The point encoded as w = 1/u: the root of x^2 - (w^2 - 2) x + b that is not a square. */
function decode(w) {
  if (equal(w, ZERO)) return NEUTRAL;
  const e = sub(mul(w, w), [2n, 0n, 0n, 0n, 0n]);
  const root = squareRoot(sub(mul(e, e), scale(B, 4n)));
  if (root === undefined) return undefined;
  const half = (P + 1n) / 2n;
  const roots = [add(e, root), sub(e, root)].map((r) => scale(r, half));
  return [roots.find((x) => !isSquare(x)), inverse(w)];
}

/** The other point of the curve with this u: not in the group. */
const twin = ([x, u]) => [mul(B, inverse(x)), u];

// --- Poseidon ---------------------------------------------------------------------------------------------------------

const ROUND_CONSTANTS = poseidonFixture.roundConstants.map(BigInt);
const MDS = Array.from({ length: 12 }, (_, row) =>
  Array.from({ length: 12 }, (_, column) =>
    BigInt(poseidonFixture.mdsCirculantRow[(column - row + 12) % 12] + (row === column ? poseidonFixture.mdsDiagonal[row] : 0)),
  ),
);

function permute(state) {
  for (let round = 0; round < 30; round++) {
    const full = round < 4 || round >= 26;
    state = state.map((x, i) => mod(x + ROUND_CONSTANTS[12 * round + i]));
    state = state.map((x, i) => (full || i === 0 ? mod(x ** 7n) : x));
    state = MDS.map((row) => mod(row.reduce((sum, m, i) => sum + m * state[i], 0n)));
  }
  return state;
}

function hashNoPad(elements) {
  let state = new Array(12).fill(0n);
  for (let i = 0; i < elements.length; i += 8) {
    const chunk = elements.slice(i, i + 8);
    state = permute([...chunk, ...state.slice(chunk.length)]);
  }
  return state.slice(0, 4);
}

const twoToOne = (left, right) => permute([...left, ...right, 0n, 0n, 0n, 0n]).slice(0, 4);

// --- State ------------------------------------------------------------------------------------------------------------

const words = (value, count) => Array.from({ length: count }, (_, i) => (value >> BigInt(32 * (count - 1 - i))) & 0xffffffffn);
const leafOf = ({ point: [x, u], l1Owner, balance, nonce, registered }) =>
  hashNoPad([...hashNoPad([...x, ...u, ...words(l1Owner, 5)]), balance, nonce, registered ? 1n : 0n, 0n]);
const EMPTY_ACCOUNT = { point: NEUTRAL, l1Owner: 0n, balance: 0n, nonce: 0n, registered: false };

/** A sparse tree as a map from "level:position" to digest. */
class Tree {
  constructor(accounts) {
    this.empty = [leafOf(EMPTY_ACCOUNT)];
    for (let level = 0; level < 32; level++) this.empty.push(twoToOne(this.empty[level], this.empty[level]));
    this.nodes = new Map(accounts.map((a) => [`0:${a.index}`, leafOf(a)]));
    let positions = accounts.map((a) => a.index);
    for (let level = 0; level < 32; level++) {
      positions = [...new Set(positions.map((position) => position >> 1n))];
      for (const position of positions) {
        this.nodes.set(`${level + 1}:${position}`, twoToOne(this.at(level, 2n * position), this.at(level, 2n * position + 1n)));
      }
    }
  }
  at(level, position) {
    return this.nodes.get(`${level}:${position}`) ?? this.empty[level];
  }
  siblings(index) {
    return Array.from({ length: 32 }, (_, level) => this.at(level, (index >> BigInt(level)) ^ 1n));
  }
}

// --- Deterministic inputs and encodings -----------------------------------------------------------------------------

function* stream(label) {
  for (let i = 0; ; i++) {
    const digest = createHash("sha256").update(`${label}/${i}`).digest("hex");
    yield* [0, 16, 32, 48].map((at) => BigInt(`0x${digest.slice(at, at + 16)}`));
  }
}
const take = (source, count) => Array.from({ length: count }, () => source.next().value);
const hex = (value, bytes) => value.toString(16).padStart(2 * bytes, "0");
const limbs = (elements) => `0x${elements.map((e) => hex(e, 8)).join("")}`;
const keyBytes = ([x, u]) => limbs([...x, ...u]);
const decimal = (elements) => elements.map(String);
const big = (strings) => strings.map(BigInt);

// --- Published vectors first ------------------------------------------------------------------------------------------

for (const { input, output } of poseidonFixture.permutations) assert.deepEqual(permute(big(input)), big(output));

const generator = [big(curveFixture.generator.x), big(curveFixture.generator.u)];
const published = curveFixture.w.map((w) => decode(big(w)));
assert(onCurve(generator) && !isSquare(generator[0]) && !isSquare(B));
for (const [a, b, sum] of [[0, 1, 1], [1, 2, 3], [1, 1, 4], [2, 2, 5], [4, 2, 6], [1, 5, 7]]) {
  assert(samePoint(addPoints(published[a], published[b]), published[sum]));
}
for (const w of curveFixture.undecodable) assert.equal(decode(big(w)), undefined);

// --- Derived vectors ----------------------------------------------------------------------------------------------------

function randomKeys(count) {
  const source = stream("key");
  const keys = [];
  while (keys.length < count) {
    const point = decode(take(source, 5).map(mod));
    if (point !== undefined) keys.push(point);
  }
  return keys;
}

function keyVectors(points) {
  return points.map((point) => {
    assert(onCurve(point) && !isSquare(point[0]) && isSquare(mul(B, point[0])));
    const outside = twin(point);
    assert(onCurve(outside) && isSquare(outside[0]));
    return { key: keyBytes(point), outside: keyBytes(outside) };
  });
}

function fieldVectors(count) {
  const source = stream("field");
  const extremes = [ZERO, ONE, B, [P - 1n, P - 1n, P - 1n, P - 1n, P - 1n], [0n, 0n, 0n, 0n, P - 1n]];
  return Array.from({ length: count }, (_, i) => {
    const a = extremes[i] ?? take(source, 5).map(mod);
    const b = extremes[2 * i] ?? take(source, 5).map(mod);
    const norm = pow(a, (Q - 1n) / (P - 1n));
    assert(norm.slice(1).every((c) => c === 0n));
    return {
      a: decimal(a),
      b: decimal(b),
      product: decimal(mul(a, b)),
      frobenius: decimal(pow(a, P)),
      norm: String(norm[0]),
      square: isSquare(a),
    };
  });
}

function hashVectors() {
  const source = stream("hash");
  return Array.from({ length: 25 }, (_, length) => {
    const input = length === 8 ? new Array(8).fill(P - 1n) : take(source, length).map(mod);
    return { input: decimal(input), digest: limbs(hashNoPad(input)) };
  });
}

function permutationVectors() {
  const source = stream("permutation");
  return Array.from({ length: 16 }, () => {
    const input = take(source, 12).map(mod);
    return { input: decimal(input), output: decimal(permute(input)) };
  });
}

function stateVectors(points) {
  const owner = (i) => BigInt(`0x${createHash("sha256").update(`owner/${i}`).digest("hex").slice(0, 40)}`);
  const account = (index, i, balance, nonce) => ({ index, point: points[i], l1Owner: owner(i), balance, nonce, registered: true });
  const accounts = [
    { ...EMPTY_ACCOUNT, index: 0n },
    account(1n, 0, 1_000_000_000n, 0n),
    account(2n, 1, 0n, 1n),
    account(3n, 0, 7n, 0xffffffffn),
    { ...EMPTY_ACCOUNT, index: 5n, balance: 42n },
    account(0x5555_5555n, 2, 2n ** 61n - 1n, 0xdead_beefn),
    account(0x8000_0000n, 3, 2n ** 62n - 1n, 2n ** 32n),
    account(0xffff_ffffn, 4, 123_456_789n, 77n),
    { ...EMPTY_ACCOUNT, index: 0xaaaa_aaaan },
  ];
  const tree = new Tree(accounts);
  const root = tree.at(32, 0n);
  const states = ["00".repeat(32), "ff".repeat(32), createHash("sha256").update("messages").digest("hex")].map((messageAcc) => ({
    messageAcc: `0x${messageAcc}`,
    stateRoot: limbs(hashNoPad([...root, ...words(BigInt(`0x${messageAcc}`), 8)])),
  }));
  return {
    accountsRoot: limbs(root),
    emptyRoot: limbs(tree.empty[32]),
    genesisRoot: limbs(hashNoPad([...tree.empty[32], ...words(0n, 8)])),
    states,
    accounts: accounts.map((a) => ({
      index: String(a.index),
      publicKey: keyBytes(a.point),
      l1Owner: `0x${hex(a.l1Owner, 20)}`,
      balance: String(a.balance),
      nonce: String(a.nonce),
      registered: a.registered,
      leaf: limbs(leafOf(a)),
      siblings: tree.siblings(a.index).map(limbs),
    })),
  };
}

function roundConstantsInContract() {
  const source = readFileSync(new URL("../contracts/l2/PoseidonGoldilocksConstants.sol", import.meta.url), "utf8");
  const rows = [...source.matchAll(/hex"([0-9a-f]{64})"/g)].map((match) => match[1]);
  const constants = new Array(360);
  rows.forEach((row, at) => {
    const lanes = [row.slice(43), row.slice(22, 43), row.slice(1, 22)];
    lanes.forEach((lane, e) => (constants[12 * Math.floor(at / 4) + (at % 4) + 4 * e] = BigInt(`0x${lane}`)));
  });
  return constants;
}

assert.deepEqual(roundConstantsInContract(), ROUND_CONSTANTS, "contracts/l2/PoseidonGoldilocksConstants.sol");

const random = randomKeys(12);
const derived = {
  source: "node scripts/l2-vectors.mjs",
  keys: keyVectors([generator, ...published.slice(1), ...random]),
  field: fieldVectors(24),
  permutations: permutationVectors(),
  hashes: hashVectors(),
  state: stateVectors(random),
};
const text = `${JSON.stringify(derived, null, 2)}\n`;

if (process.argv.includes("--check")) {
  if (readFileSync(fixture("derived"), "utf8") !== text) {
    console.error("test/fixtures/l2/derived.json is stale: run node scripts/l2-vectors.mjs");
    process.exit(1);
  }
  console.log("L2 vectors and round constants are up to date");
} else {
  writeFileSync(fixture("derived"), text);
}
