// SPDX-License-Identifier: MIT OR Apache-2.0
// The simulation's parts: randomness, demand, the queue under both rules, and each agent.
import assert from "node:assert/strict";
import test from "node:test";
import { Aggregator, Griefer, HonestSequencers, Splitter, Tipper, Unconditional, Withholder, latePieces } from "../economics/agents.mjs";
import { DAY, HOUR, demandTrace, intensity, wave } from "../economics/demand.mjs";
import { exp, generator, ln, normal, poisson } from "../economics/random.mjs";
import { RULES, mainnet, recommended } from "../economics/rules.mjs";
import { PRICES } from "../economics/scenarios.mjs";

const poe = () => RULES.K1000.make();
const polygon = () => RULES.P1002.make();
const world = (market, now, rest = {}) => ({ now, market, capacity: 1, prices: PRICES, ...rest });
const close = (a, b, relative = 1e-9) => Math.abs(a - b) <= relative * Math.max(Math.abs(a), Math.abs(b));

/** Lets agents act minute by minute. */
function pass(market, from, to, agents, rest) {
  for (let now = from; now < to; now += 60) for (const agent of agents) agent.tick(world(market, now, rest));
}

test("the same seed gives the same numbers, another seed others", () => {
  const draw = (seed) => Array.from({ length: 5 }, generator(seed));
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
  // Fixed for ever: the results that are committed depend on it.
  assert.deepEqual(draw(20220210).map((one) => Math.floor(one * 2 ** 32)), FIRST_DRAWS);
});
const FIRST_DRAWS = [3070787674, 609617412, 3590646927, 3642672616, 2662703009];

test("exponential and logarithm are those of the machine to nine digits", () => {
  for (const x of [-18, -3.3, -1e-6, 0, 0.5, 1, 7.7, 11.5]) assert.ok(close(exp(x), Math.exp(x)), `exp ${x}`);
  for (const x of [1e-9, 0.3, 1, 2, 12345.6]) assert.ok(Math.abs(ln(x) - Math.log(x)) < 1e-9, `ln ${x}`);
  assert.throws(() => ln(0), /ln of 0/);
});

test("means are what they should be", () => {
  const random = generator(1);
  const mean = (draw) => Array.from({ length: 20_000 }, draw).reduce((a, b) => a + b) / 20_000;
  assert.ok(Math.abs(mean(() => normal(random))) < 0.03);
  assert.ok(Math.abs(mean(() => poisson(random, 2.5)) - 2.5) < 0.05);
});

test("demand swings with the day and jumps in bursts", () => {
  assert.equal(wave(0), -1);
  assert.equal(wave(DAY / 2), 1);
  assert.equal(wave(DAY / 4), 0);
  const description = { perHour: 100, bursts: [{ from: 10, to: 20, factor: 6 }] };
  assert.equal(intensity(description, 0), 50);
  assert.equal(intensity(description, DAY / 2), 150);
  assert.equal(intensity(description, 10) / intensity({ perHour: 100 }, 10), 6);
  assert.deepEqual(demandTrace(description, 1, 3), demandTrace(description, 1, 3));
});

test("this controller pays a proof what its batches paid, in one proof or in many", () => {
  const [whole, split] = [poe(), poe()];
  let paid = 0;
  for (let i = 0; i < 10; i++) {
    paid += whole.sequence(60 * i, 1 + i, "a");
    split.sequence(60 * i, 1 + i, "a");
  }
  const { earned } = whole.verify(3600, 10);
  let pieces = 0;
  for (let end = 1; end <= 10; end++) pieces += split.verify(3600, end).earned;
  assert.ok(close(earned, paid) && close(pieces, paid));
  assert.equal(whole.logPrice, split.logPrice);
  assert.equal(whole.price(7200), split.price(7200));
});

test("the historical rule shares one pool, and moves only with proofs", () => {
  const market = polygon();
  market.sequence(0, 10, "a");
  market.fee = market.fee / 10n;
  market.sequence(0, 90, "b");
  const price = market.price();
  assert.equal(market.price(30 * DAY), price);
  assert.ok(close(market.expected(1), 0.19));
  assert.ok(close(market.verify(60, 1).earned, 0.19));
  assert.ok(market.price() < price, "early: down");
  market.verify(2 * HOUR, 2);
  assert.equal(market.verified, 2);
});

test("a queue refuses what it has no room for, and proofs of what is not there", () => {
  const market = poe();
  assert.throws(() => market.sequence(0, 1025, "a"), /room for 1024/);
  market.sequence(0, 1, "a");
  assert.throws(() => market.verify(60, 2), /no proof/);
  assert.throws(() => market.verify(60, 0), /no proof/);
});

test("honest batches are posted at a price they are worth, and given up after six hours", () => {
  const market = poe();
  const honest = new HonestSequencers([[0.001, 5], [0.2]]);
  pass(market, 0, 120, [honest]);
  assert.equal(honest.posted, 2);
  pass(market, 120, 7 * HOUR, [honest]);
  assert.equal(honest.lost, 1);
  assert.equal(honest.wanted, honest.posted + honest.lost);
});

test("an aggregator proves when it pays, after the time that it takes, and not before", () => {
  const market = polygon();
  const one = new Aggregator({ name: "A", cost: 0.02, perHour: 600, latency: 300 });
  market.sequence(0, 25, "a"); // 2.5 tokens against 2 + 0.5
  pass(market, 0, HOUR, [one]);
  assert.equal(one.proofs, 0);
  market.sequence(HOUR, 5, "a"); // 3 against 2.6 and a margin of a tenth
  pass(market, HOUR, HOUR + 420, [one]);
  assert.equal(one.proofs, 0);
  pass(market, HOUR + 420, HOUR + 600, [one]);
  assert.equal(one.proofs, 1);
  assert.ok(close(one.earned, 3) && close(one.spent, 30 * 0.02 + PRICES.proof));
});

test("without capacity nobody proves", () => {
  const market = polygon();
  market.sequence(0, 500, "a");
  const one = new Aggregator({ name: "A", cost: 0.02, perHour: 600 });
  pass(market, 0, DAY, [one], { capacity: 0 });
  assert.equal(one.proofs, 0);
});

test("who is overtaken loses its work, and learns to expect less", () => {
  const market = polygon();
  market.sequence(0, 100, "a");
  const fast = new Aggregator({ name: "A", cost: 0.02, perHour: 1200, latency: 60 });
  const slow = new Aggregator({ name: "B", cost: 0.02, perHour: 300, latency: 600 });
  pass(market, 0, HOUR, [fast, slow]);
  assert.equal(fast.proofs, 1);
  assert.equal(slow.proofs, 0);
  assert.ok(slow.spent > 0 && slow.net < 0);
  assert.ok(slow.wins < 1 && fast.wins === 1);
});

test("late batches are cut into pieces of twelve, early ones are not", () => {
  const market = polygon();
  for (let i = 0; i < 30; i++) market.sequence(0, 1, "a");
  for (let i = 0; i < 30; i++) market.sequence(HOUR, 1, "a");
  assert.deepEqual(latePieces(market, HOUR, 60), [12, 24]);
  assert.deepEqual(new Splitter({}).pieces(world(market, HOUR), 60), [12, 24, 60]);
  assert.deepEqual(latePieces(poe(), HOUR, 60), [60]);
});

test("a withholder waits for its price under this controller, and makes it under the historical rule", () => {
  const ours = poe();
  const patient = new Withholder({ name: "W", cost: 0.02, perHour: 600, wanted: 0.8 });
  ours.sequence(0, 100, "a");
  pass(ours, 0, 3 * HOUR, [patient]);
  assert.equal(patient.proofs, 0);
  pass(ours, 3 * HOUR, 5 * HOUR, [patient]);
  assert.equal(patient.proofs, 1, "lateness has brought the price there");

  const theirs = polygon();
  const busy = new Withholder({ name: "W", cost: 0.02, perHour: 600, wanted: 0.8 });
  for (let i = 0; i < 48; i++) theirs.sequence(0, 1, "a");
  pass(theirs, 0, HOUR, [busy]);
  assert.equal(busy.proofs, 4);
  assert.ok(theirs.price() > 0.109);
});

test("an unconditional prover proves at a loss", () => {
  const market = polygon();
  market.sequence(0, 1, "a");
  const charity = new Unconditional({ name: "C", cost: 0.02, perHour: 600, age: 2 * HOUR });
  pass(market, 0, 2 * HOUR, [charity]);
  assert.equal(charity.proofs, 0);
  pass(market, 2 * HOUR, 3 * HOUR, [charity]);
  assert.equal(charity.proofs, 1);
  assert.ok(charity.net < 0);
});

test("a griefer fills the queue and never spends more than it has", () => {
  for (const make of [poe, polygon]) {
    const market = make();
    const griefer = new Griefer({ from: 0, to: DAY, budget: 300 });
    const charity = new Unconditional({ name: "C", cost: 0, perHour: 1e6, latency: 0, least: 1 });
    pass(market, 0, 60, [griefer]);
    assert.ok(market.room < 200);
    pass(market, 60, DAY, [charity, griefer]);
    assert.ok(griefer.loss <= 300 && griefer.loss > 290);
  }
});

test("tips go to the next proof, once", () => {
  const market = poe();
  market.sequence(0, 1, "a");
  const tipper = new Tipper({ after: 2 * HOUR, each: 0.5 });
  pass(market, 0, 4 * HOUR, [tipper]);
  assert.equal(tipper.paid, 1);
  const fee = market.paidTokensTo[1];
  assert.ok(close(market.verify(4 * HOUR, 1).earned, fee + 1));
  assert.equal(market.tips, 0);
  pass(polygon(), 0, 4 * HOUR, [tipper]); // has none, and does not fail
});

test("the rules are made from the files that deployments and the specification use", () => {
  assert.equal(recommended().step, 1_000_000_000n);
  assert.equal(mainnet().step, 5_000_000_000n);
  for (const { make } of Object.values(RULES)) assert.ok(close(make().price(0), 0.1, 1e-9));
});
