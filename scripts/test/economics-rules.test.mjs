// SPDX-License-Identifier: MIT OR Apache-2.0
// The two fee rules of the economics: ours against the committed vectors, the historical one against its known figures.
import assert from "node:assert/strict";
import test from "node:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as controller from "../economics/controller.mjs";
import { expWad, lnWad } from "../economics/exponential.mjs";
import * as polygon from "../economics/polygon.mjs";
import { SCRIPTS } from "./support.mjs";

const fixture = JSON.parse(readFileSync(join(SCRIPTS, "..", "test", "fixtures", "batch_fee.json"), "utf8"));
const sets = fixture.parameters.name.map((_, i) =>
  Object.fromEntries(Object.entries(fixture.parameters).filter(([key]) => key !== "name").map(([key, column]) => [key, BigInt(column[i])])),
);
/** Rows of a table of the fixture, numbers as BigInt. */
const rows = (table) => {
  const keys = Object.keys(table);
  return table[keys[0]].map((_, i) =>
    Object.fromEntries(keys.map((key) => [key, typeof table[key][i] === "string" ? BigInt(table[key][i]) : table[key][i]])),
  );
};
/** FEE-29: the bound of the cost function, in wei, for the exact value `exact`. */
const costBound = (p, exact) => exact / 2n ** 64n + (p.minFeeGwei * 10n ** 12n * 10n ** 9n) / (p.step * 10n ** 18n) + 2n;
const distance = (a, b) => (a > b ? a - b : b - a);

test("costs and prices are within the specification's error bound of the exact vectors", () => {
  for (const { set, x, cost, price } of rows(fixture.cost)) {
    const p = sets[set];
    assert.ok(distance(controller.cumulativeCost(p, x), cost) <= costBound(p, cost), `cost of set ${set} at ${x}`);
    assert.ok(distance(controller.price(p, x), price) <= price / 2n ** 64n + price / 10n ** 18n + p.minFeeGwei / 10n ** 9n + 2n, `price of set ${set} at ${x}`);
  }
});

test("settling gives the vectors to the unit", () => {
  for (const { set, x, from, to, oldestPendingAt, hasPending, settled } of rows(fixture.settle)) {
    assert.equal(controller.settle(sets[set], x, from, to, oldestPendingAt, hasPending), settled);
  }
});

test("converting gives the vectors to the unit", () => {
  for (const { from, x, to, converted } of rows(fixture.convert)) assert.equal(controller.convert(sets[from], x, sets[to]), converted);
});

test("any split of a charge costs the same to the wei, over the cap too", () => {
  for (const p of sets) {
    for (const x of [0n, p.maxLogPrice / 3n, p.maxLogPrice - p.step - 1n].filter((x) => x >= 0n)) {
      const whole = controller.charge(p, x, 13n);
      const first = controller.charge(p, x, 5n);
      const second = controller.charge(p, first.newX, 8n);
      assert.deepEqual({ fee: first.fee + second.fee, newX: second.newX }, whole);
    }
  }
});

test("more batches in a charge than the contract takes are refused", () => {
  assert.throws(() => controller.charge(sets[0], 0n, controller.MAX_BATCHES_PER_CHARGE + 1n), /at most 16777216/);
});

test("exponential and logarithm at their known points", () => {
  assert.equal(expWad(0n), 10n ** 18n);
  assert.equal(expWad(10n ** 18n), 2718281828459045235n);
  assert.equal(lnWad(10n ** 18n), 0n);
  assert.equal(lnWad(2718281828459045235n), 10n ** 18n - 1n);
  assert.throws(() => expWad(-1n), /not in/);
  assert.throws(() => lnWad(0n), /not positive/);
});

const callsToCap = (multiplier) => {
  let fee = polygon.INITIAL_FEE;
  let calls = 0;
  for (; fee < polygon.MAX_FEE; calls++) fee = polygon.update(fee, multiplier, 12n, 0n);
  return calls;
};

test("the historical rule climbs to its cap in the known number of calls", () => {
  assert.equal(callsToCap(polygon.MULTIPLIER), 385);
  assert.equal(callsToCap(polygon.MAX_MULTIPLIER), 34);
});

test("the historical rule moves by what a call differs in, twelve at most", () => {
  const fee = polygon.INITIAL_FEE;
  assert.equal(polygon.update(fee, 1002n, 5n, 5n), fee);
  assert.equal(polygon.update(fee, 1002n, 6n, 5n), (fee * 1002n) / 1000n);
  assert.equal(polygon.update(fee, 1002n, 1000n, 0n), polygon.update(fee, 1002n, 12n, 0n));
  assert.ok(polygon.update(fee, 1002n, 0n, 12n) < fee);
  assert.equal(polygon.update(polygon.MIN_FEE, 1023n, 0n, 12n), polygon.MIN_FEE);
  assert.equal(polygon.update(polygon.MAX_FEE, 1023n, 12n, 0n), polygon.MAX_FEE);
});

test("a batch that is as old as the historical target is late", () => {
  assert.equal(polygon.isLate(1799), false);
  assert.equal(polygon.isLate(1800), true);
});

test("the historical reward is a share of the pool, so batches added later dilute it", () => {
  const token = 10n ** 18n;
  assert.equal(polygon.reward(19n * token, 100n, 10n), (19n * token) / 10n);
});
