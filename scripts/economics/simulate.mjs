// SPDX-License-Identifier: MIT OR Apache-2.0
// One scenario under one fee rule: minute by minute the griefer acts first, then honest sequencers and who tips,
// then aggregators in their order.
import { HonestSequencers } from "./agents.mjs";
import { DAY, TICK, demandTrace } from "./demand.mjs";
import { DAYS, SEED, capacityAt, pricesAt, referenceCost } from "./scenarios.mjs";

/** Runs `scenario` in a fresh market. Returns the market, the agents and a sample of each minute. */
export function simulate(scenario, market, { days = DAYS, seed = SEED } = {}) {
  const honest = new HonestSequencers(demandTrace(scenario.demand, days, seed));
  const aggregators = scenario.aggregators();
  const griefer = scenario.griefer?.();
  const tipper = scenario.tipper?.();
  const samples = { price: [], cost: [], age: [], pending: [] };
  const delays = [];

  for (let now = 0; now < days * DAY; now += TICK) {
    const world = { now, market, capacity: capacityAt(scenario, { now }), prices: pricesAt(scenario, { now }) };
    const before = market.verified;
    griefer?.tick(world);
    honest.tick(world);
    tipper?.tick(world);
    for (const aggregator of aggregators) aggregator.tick(world);
    noteDelays(delays, market, before, now);
    samples.price.push(market.quote(now, 1));
    samples.cost.push(referenceCost(scenario, world.prices));
    samples.age.push(market.oldestAge(now));
    samples.pending.push(market.pendingBatches);
  }
  return { scenario, market, honest, aggregators, griefer, tipper, samples, delays };
}

/** How long each honest batch waited for its proof. */
function noteDelays(delays, market, before, now) {
  for (let i = before; i < market.verified; i++) if (market.owner[i] === "honest") delays.push(now - market.at[i]);
}
