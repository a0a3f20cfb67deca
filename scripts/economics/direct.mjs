// SPDX-License-Identifier: MIT OR Apache-2.0
// What it takes to move the price by one's own acts, without a simulation: from 0.1 tokens, all at once.
import { price } from "./controller.mjs";
import { MIN_FEE, update } from "./polygon.mjs";
import { tokens } from "./market.mjs";
import { LIMIT } from "./rules.mjs";
import { FAST, PRICES } from "./scenarios.mjs";
import * as controller from "./controller.mjs";

const LN_10 = 2_302_585_092_994n;
const LN_2_5 = 1_609_437_912_434n; // 0.05 tokens over a floor of 0.01
const TENTH = 10n ** 17n;
const CALL = 100; // batches in one call of a sequencer
const PIECE = 12;

/** L1 gas of sequencing n batches, and the cost of proving them in `proofs` proofs, in tokens. */
const gasOf = (batches) => Math.ceil(batches / CALL) * PRICES.sequence + batches * PRICES.batch;
const provingOf = (batches, proofs) => batches * FAST.cost + proofs * PRICES.proof;

/** Batches that double the price of this controller, at once; their fees come back to whoever proves them first. */
export function doublingByLoad(parameters) {
  let batches = 1n;
  while (price(parameters, LN_10 + batches * parameters.step) < 2n * price(parameters, LN_10)) batches++;
  const deposit = tokens(controller.charge(parameters, LN_10, batches).fee);
  const count = Number(batches);
  return { batches: count, calls: Math.ceil(count / CALL), deposit, cost: gasOf(count) + provingOf(count, 1) };
}

/** Hours without load and with proofs on time until the price has halved. */
export const hoursToHalve = (parameters) => 0.6931471805599453e12 / Number(parameters.decayPerSecond) / 3600;

/** Proofs of twelve late (or early) batches each that double (or halve) the historical fee. The batches may be anybody's. */
export function callsToMove(multiplier, { up }) {
  let fee = TENTH;
  let calls = 0;
  const done = () => (up ? fee >= 2n * TENTH : fee <= TENTH / 2n || fee === MIN_FEE);
  for (; !done(); calls++) fee = up ? update(fee, multiplier, 12n, 0n) : update(fee, multiplier, 0n, 12n);
  const batches = calls * PIECE;
  return { calls, batches, cost: provingOf(batches, calls), own: gasOf(batches) };
}

/** What filling the empty queue costs in fees: from the floor, and from 0.05 tokens. */
export const fillingByLoad = (parameters) => [0n, LN_2_5].map((x) => tokens(controller.charge(parameters, x, BigInt(LIMIT)).fee));
export const fillingAtConstantFee = (fee) => LIMIT * fee;

/** Share of time that the oldest sequence is late once the price has settled between floor and late level, at a load below the target:
 * what falls on time, d - load * s, and what rises late, g + load * s, must be equal. */
export function lateShare({ step, decayPerSecond, risePerSecond }, batchesPerHour) {
  const load = (batchesPerHour / 3600) * Number(step);
  return (Number(decayPerSecond) - load) / (Number(decayPerSecond) + Number(risePerSecond));
}
