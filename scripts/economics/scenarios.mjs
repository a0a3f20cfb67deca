// SPDX-License-Identifier: MIT OR Apache-2.0
// Fourteen days each: what is asked for, who proves, what changes and who attacks. Every fee rule meets the same trace of demand.
import { Aggregator, Griefer, Splitter, Tipper, Unconditional, Withholder } from "./agents.mjs";
import { DAY, HOUR } from "./demand.mjs";

export const DAYS = 14;
export const SEED = 20220210;

/** Tokens for the L1 gas of one proof; sequences and further batches in proportion to snapshots/figures.json (P10, P12, P13). */
const PROOF_GAS = 415_896;
const PROOF = 2;
const gas = (amount) => (PROOF * amount) / PROOF_GAS;
export const PRICES = { proof: PROOF, sequence: gas(84_660 - 6_244), batch: gas(6_244), compute: 1 };

const steady = { perHour: 120 };
export const FAST = { name: "A", cost: 0.02, perHour: 400, latency: 360 };
const MIDDLE = { name: "B", cost: 0.03, perHour: 300, latency: 480 };
const DEAR = { name: "C", cost: 0.06, perHour: 600, latency: 300 };
const competing = () => [FAST, MIDDLE, DEAR].map((one) => new Aggregator(one));

const between = (from, to) => ({ now }) => now >= from && now < to;
/** Prices of L1 gas and of computing multiplied while `when` holds. */
const scaled = (when, { gas: gasFactor = 1, compute = 1 }) => (world) =>
  when(world)
    ? { proof: PRICES.proof * gasFactor, sequence: PRICES.sequence * gasFactor, batch: PRICES.batch * gasFactor, compute: PRICES.compute * compute }
    : PRICES;

/** An attack is compared, rule by rule, with the scenario `base` over its span: prices with prices, the `attackers` with the provers `instead`. */
export const SCENARIOS = {
  calm: { name: "calm", about: "120 batches an hour, half as many at night and half again at noon; three aggregators compete", demand: steady, aggregators: competing },
  bursts: {
    name: "bursts", about: "six times the demand for six hours, four times", demand: { ...steady, bursts: [3, 5, 8, 11].map((day) => ({ from: day * DAY + 10 * HOUR, to: day * DAY + 16 * HOUR, factor: 6 })) },
    aggregators: competing, shock: { at: 3 * DAY + 16 * HOUR },
  },
  quiet: { name: "quiet", about: "six batches an hour: a proof costs more than a target's worth of batches pays at the start", demand: { perHour: 6 }, aggregators: competing },
  outage: { name: "outage", about: "nobody can prove for twelve hours of the sixth day", demand: steady, aggregators: competing, capacity: (world) => (between(5 * DAY + 8 * HOUR, 5 * DAY + 20 * HOUR)(world) ? 0 : 1), shock: { at: 5 * DAY + 20 * HOUR } },
  gas: { name: "dear gas", about: "L1 gas five times as dear from the sixth day to the ninth", demand: steady, aggregators: competing, prices: scaled(between(5 * DAY, 8 * DAY), { gas: 5 }), shock: { at: 5 * DAY } },
  hardware: { name: "new hardware", about: "from the sixth day on proving takes a quarter of the time and money, L1 gas a quarter too", demand: steady, aggregators: competing, capacity: (world) => (world.now >= 5 * DAY ? 4 : 1), prices: scaled(({ now }) => now >= 5 * DAY, { gas: 0.25, compute: 0.25 }), shock: { at: 5 * DAY } },
  boot: {
    name: "boot prover leaves", about: "a subsidised prover proves each twelve batches at once, at a loss if need be, and stops after a week; the others prove for profit all the time",
    demand: steady, aggregators: () => [new Unconditional({ ...FAST, name: "boot", least: 12, to: 7 * DAY }), ...competing()], attackers: ["boot"], instead: [], span: [0, 7 * DAY], base: "calm", shock: { at: 7 * DAY },
  },
  backstop: { name: "quiet, with a backstop", about: "the quiet chain, and a charity that proves whatever is two hours old, whatever it pays", demand: { perHour: 6 }, aggregators: () => [...competing(), new Unconditional({ ...FAST, name: "charity", age: 2 * HOUR })] },
  tips: { name: "quiet, with tips", about: "the quiet chain, and somebody who adds half a token an hour to the next proof once two hours have passed without one; the historical rule has no tips", demand: { perHour: 6 }, aggregators: competing, tipper: () => new Tipper({ after: 2 * HOUR, each: 0.5 }) },
  flood: { name: "flood", about: "a sequencer with 5,000 tokens keeps the queue full from the sixth day on, for a week at most", demand: steady, aggregators: competing, griefer: () => new Griefer({ from: 5 * DAY, to: 12 * DAY, budget: 5000 }), span: [5 * DAY, 12 * DAY], base: "calm" },
  selfflood: {
    name: "self-proving flood", about: "the same with 1,000 tokens and a prover as good as the best, which goes for every proof that covers its cost", demand: steady, aggregators: competing,
    griefer: () => new Griefer({ from: 5 * DAY, to: 12 * DAY, budget: 1000, prover: new Aggregator({ ...FAST, name: "griefer's", margin: 0, from: 5 * DAY, to: 12.5 * DAY }) }),
    span: [5 * DAY, 12 * DAY], base: "calm",
  },
  cartel: { name: "cartel", about: "all provers are one from the start, which holds proofs back while the price is below 0.8 tokens, the price of most revenue", demand: steady, aggregators: () => [new Withholder({ ...FAST, name: "cartel", wanted: 0.8 })], attackers: ["cartel"], instead: ["A"], span: [0, 14 * DAY], base: "calm" },
  outsider: { name: "cartel, one outsider", about: "the same with one competitor, three times as dear", demand: steady, aggregators: () => [new Withholder({ ...FAST, name: "cartel", wanted: 0.8 }), new Aggregator(DEAR)], attackers: ["cartel"], instead: ["A"], span: [0, 14 * DAY], base: "calm" },
  split: { name: "split proofs", about: "the cheapest prover sends late batches in pieces of twelve, under as many names as it likes, and the rest in one", demand: steady, aggregators: () => [new Splitter(FAST), ...[MIDDLE, DEAR].map((one) => new Aggregator(one))], attackers: ["A"], instead: ["A"], span: [0, 14 * DAY], base: "calm" },
};

/** Prices and capacity at a time of a scenario. */
export const pricesAt = (scenario, world) => (scenario.prices ? scenario.prices(world) : PRICES);
export const capacityAt = (scenario, world) => (scenario.capacity ? scenario.capacity(world) : 1);

/** What a batch costs the cheapest prover that sends one proof in each half hour of the scenario's mean demand, in tokens. */
export function referenceCost(scenario, prices) {
  return FAST.cost * prices.compute + prices.proof / (scenario.demand.perHour / 2);
}
