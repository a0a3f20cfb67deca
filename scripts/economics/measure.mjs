// SPDX-License-Identifier: MIT OR Apache-2.0
// What a run says: the figures of the tables.
import { DAY, HOUR, TICK } from "./demand.mjs";
import { LIMIT } from "./rules.mjs";
import { ln } from "./random.mjs";

const TARGET = 1800;
/** The chain stalls when its oldest pending sequence is older than this. */
const STALL = 4 * TARGET;
/** What holds for this long has come to stay. */
const CALM = 6 * HOUR;

const sum = (list) => list.reduce((total, one) => total + one, 0);
const share = (list, holds) => list.reduce((count, one) => count + (holds(one) ? 1 : 0), 0) / list.length;

/** The value below which a share of a list lies; NaN for an empty one. */
export function percentile(list, rank) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted.length === 0 ? NaN : sorted[Math.min(sorted.length - 1, Math.floor(rank * sorted.length))];
}

/** Hours from `at` until `holds(minute)` begins to hold for six hours on end; Infinity if it never does. */
export function hoursUntil(at, minutes, holds) {
  let since = at / TICK;
  for (let i = since; i < minutes; i++) {
    if (!holds(i)) since = i + 1;
    else if ((i - since) * TICK >= CALM) return ((since - at / TICK) * TICK) / HOUR;
  }
  return Infinity;
}

const slice = (list, [from, to]) => list.slice(from / TICK, to / TICK);

/** All figures of a run. `base` is the run without the attack, under the same rule. */
export function measure(run, base) {
  return { ...service(run), ...money(run), ...(run.scenario.shock ? recovery(run) : {}), ...(base ? manipulation(run, base) : {}) };
}

function service({ samples, delays, honest }) {
  const ratio = samples.price.map((price, i) => price / samples.cost[i]);
  return {
    late: share(samples.age, (age) => age >= TARGET),
    stallHours: (sum(samples.age.map((age) => (age >= STALL ? 1 : 0))) * TICK) / HOUR,
    worstAge: percentile(samples.age, 1) / HOUR,
    finality50: percentile(delays, 0.5) / 60,
    finality99: percentile(delays, 0.99) / 60,
    queue50: percentile(samples.pending, 0.5),
    queue95: percentile(samples.pending, 0.95),
    queue99: percentile(samples.pending, 0.99),
    queueMax: percentile(samples.pending, 1),
    full: share(samples.pending, (pending) => pending >= LIMIT),
    ratio50: percentile(ratio, 0.5),
    ratio95: percentile(ratio, 0.95),
    ratioMax: percentile(ratio, 1),
    lost: honest.lost / honest.wanted,
  };
}

function money({ honest, aggregators, griefer, tipper, market, samples }) {
  const provers = griefer?.prover ? [...aggregators, griefer.prover] : aggregators;
  const paid = honest.paid + (griefer?.paid ?? 0) + (tipper?.paid ?? 0);
  const earned = sum(provers.map((one) => one.earned));
  return {
    paid,
    tips: tipper?.paid ?? 0,
    reached: earned / paid,
    misdirected: sum(provers.map((one) => one.misdirected)) / 2 / paid,
    honestProvers: sum(aggregators.map((one) => one.earned)) / paid,
    overCost: earned / sum(provers.map((one) => one.spent)),
    proofs: sum(provers.map((one) => one.proofs)),
    perBatch: honest.paid / honest.posted,
    pendingAtEnd: market.pendingBatches,
    endPrice: samples.price.at(-1),
  };
}

/** Hours after the shock until the chain no longer stalls, and until the price is within a factor four of the cost of proving. */
function recovery({ scenario: { shock }, samples }) {
  const minutes = samples.age.length;
  return {
    proofsBack: hoursUntil(shock.at, minutes, (i) => samples.age[i] < STALL),
    priceBack: hoursUntil(shock.at, minutes, (i) => samples.price[i] <= 4 * samples.cost[i] && samples.price[i] >= samples.cost[i] / 4),
  };
}

/** What the attacker lost (or gained) beyond what the same provers had in the base run, and how far it moved the price. */
function manipulation({ scenario, samples, aggregators, griefer, honest }, base) {
  const undisturbed = slice(base.samples.price, scenario.span);
  const moved = slice(samples.price, scenario.span).map((price, i) => ln(price / undisturbed[i]));
  const natDays = (sum(moved) * TICK) / DAY;
  const net = (provers, names = []) => sum(provers.filter(({ name }) => names.includes(name)).map((one) => one.net));
  const cost = griefer ? griefer.loss : net(base.aggregators, scenario.instead) - net(aggregators, scenario.attackers);
  return {
    attackCost: cost,
    meanNat: sum(moved) / moved.length,
    natDays,
    perNatDay: cost / Math.abs(natDays),
    othersPay: honest.paid - base.honest.paid,
  };
}
