// SPDX-License-Identifier: MIT OR Apache-2.0
// Who acts: honest sequencers, aggregators that prove for profit, and those who mean no good. An agent sees the world as
// {now, market, prices}, where `prices` are {proof, sequence, batch} in tokens of L1 gas and `compute`, a factor on proving costs.
import { HOUR, TICK } from "./demand.mjs";

const PIECE = 12; // late batches that move the historical fee as far as a call can
/** How long an honest batch waits for a price that it is worth, in seconds. */
const PATIENCE = 6 * HOUR;
/** What one more race counts in an aggregator's memory of the races it won. */
const MEMORY = 0.1;
/** Once nobody has proven for this long, an aggregator takes it that nobody else is at it. */
const ALONE = 2 * HOUR;

/** Everybody's honest batches: each is posted once it is worth its price and the queue has room, or given up. */
export class HonestSequencers {
  constructor(trace) {
    this.trace = trace;
    this.waiting = [];
    this.paid = 0;
    this.posted = 0;
    this.wanted = 0;
    this.lost = 0;
    this.refused = 0; // batches times ticks that the price allowed and a full queue did not
  }

  tick({ now, market }) {
    const arrivals = this.trace[now / TICK] ?? [];
    this.wanted += arrivals.length;
    for (const worth of arrivals) this.waiting.push({ worth, since: now });

    let price = market.quote(now, 1);
    this.waiting = this.waiting.filter(({ worth, since }) => {
      if (worth >= price) {
        if (market.room < 1) this.refused++;
        else {
          this.paid += market.sequence(now, 1, "honest");
          this.posted++;
          price = market.quote(now, 1);
          return false;
        }
      }
      const givesUp = now - since >= PATIENCE;
      if (givesUp) this.lost++;
      return !givesUp;
    });
  }
}

/**
 * Proves what pays: leaves at its own rate, in order, then the last layers in a fixed time, then one L1 transaction for each piece.
 * What it proved of batches that another aggregator was faster with is lost, so it remembers how often it wins, and reckons with that.
 */
export class Aggregator {
  constructor({ name, cost, perHour, latency = 360, margin = 0.1, from = 0, to = Infinity }) {
    Object.assign(this, { name, cost, perHour, latency, margin, from, to });
    this.wins = 1; // moving average of races won
    this.leaves = 0; // batches, from the first one ever, whose leaves are done
    this.goal = undefined;
    this.earned = 0;
    this.spent = 0;
    this.misdirected = 0;
    this.proofs = 0;
  }

  tick(world) {
    const { now, market } = world;
    if (now < this.from || now >= this.to || world.capacity === 0) return;
    this.leaves = Math.max(this.leaves, market.verifiedBatches);
    if (this.goal && this.goal.end <= market.verified) this.raceOver(0);
    this.goal ??= this.choose(world);
    if (!this.goal) return;
    this.proveLeaves(world);
    if (this.goal.readyAt <= now) this.submit(world);
  }

  raceOver(won) {
    this.wins += MEMORY * (won - this.wins);
    this.goal = undefined;
  }

  /** How likely it is to be first with what it begins now. */
  chance({ now, market }) {
    return Math.max(this.wins, Math.min(1, market.oldestAge(now) / ALONE));
  }

  costOfLeaf({ prices }) {
    return this.cost * prices.compute;
  }

  proveLeaves(world) {
    const { now, market, capacity } = world;
    const wanted = market.batchesTo[this.goal.end];
    const done = Math.min(wanted - this.leaves, (this.perHour * capacity * TICK) / HOUR);
    this.leaves += done;
    this.spent += done * this.costOfLeaf(world);
    if (this.leaves >= wanted) this.goal.readyAt ??= now + this.latency;
  }

  /** The range that pays best of what can be proven within an hour, else of all, if it pays at all. */
  choose(world) {
    const best = this.bestEnd(world);
    return best && { end: best.end };
  }

  bestEnd(world) {
    const { market, prices, capacity } = world;
    const horizon = this.leaves + this.perHour * capacity;
    const chance = this.chance(world);
    const leaf = this.costOfLeaf(world);
    let best;
    for (let end = market.verified + 1; end <= market.length; end++) {
      if (best && market.batchesTo[end] > horizon) break;
      const cost = Math.max(0, market.batchesTo[end] - this.leaves) * leaf + chance * prices.proof;
      const profit = chance * market.expected(end) - cost;
      if (profit >= this.margin * cost && (!best || profit > best.profit)) best = { end, profit };
    }
    return best;
  }

  submit(world) {
    const proofs = this.proofs;
    for (const end of this.pieces(world, this.goal.end)) {
      if (!this.worthSending(world, end)) break;
      this.send(world, end);
    }
    // What is not worth sending any more, another was faster with.
    this.raceOver(this.proofs > proofs ? 1 : 0);
  }

  send({ now, market, prices }, end) {
    const { earned, paid } = market.verify(now, end);
    this.earned += earned;
    this.misdirected += Math.abs(earned - paid);
    this.spent += prices.proof;
    this.proofs++;
  }

  worthSending({ market, prices }, end) {
    return market.expected(end) > prices.proof;
  }

  pieces(world, end) {
    return [end];
  }

  get net() {
    return this.earned - this.spent;
  }
}

/** Ends that cut the late batches of a range, up to `end`, into pieces that each move the historical fee as far as a call can. */
export function latePieces(market, now, end) {
  if (!market.lateUpTo) return [end];
  const late = market.lateUpTo(now, end);
  const ends = [];
  let from = market.verifiedBatches;
  for (let i = market.verified + 1; i <= late; i++) {
    if (market.batchesTo[i] - from < PIECE) continue;
    ends.push(i);
    from = market.batchesTo[i];
  }
  return ends;
}

/** Holds proofs back until the price is where it wants it: alone, or as a cartel of all. Under the historical rule it proves late batches in pieces. */
export class Withholder extends Aggregator {
  constructor({ wanted, ...rest }) {
    super(rest);
    this.wanted = wanted;
  }

  holds({ now, market }) {
    return market.price(now) < this.wanted;
  }

  choose(world) {
    const { now, market } = world;
    if (!this.holds(world)) return super.choose(world);
    if (!market.lateUpTo) return undefined;
    const ends = latePieces(market, now + this.latency, market.length);
    return ends.length > 0 ? { end: ends.at(-1), raising: true } : undefined;
  }

  submit(world) {
    this.raising = this.goal.raising;
    super.submit(world);
  }

  pieces(world, end) {
    const ends = this.raising ? latePieces(world.market, world.now, end) : [];
    return ends.length > 0 ? ends : [end];
  }

  worthSending(world, end) {
    return this.raising || super.worthSending(world, end);
  }
}

/** Many names, one prover: late batches in as many calls as move the fee up most, early ones in one call. Proves for profit otherwise. */
export class Splitter extends Aggregator {
  pieces({ now, market }, end) {
    const ends = latePieces(market, now, end);
    if (ends.at(-1) !== end) ends.push(end);
    return ends;
  }

  worthSending() {
    return true;
  }
}

/** Proves whatever the price, as soon as `least` batches are pending or the oldest has the age `age`: a boot prover, a charity, or one who wants the fee low. */
export class Unconditional extends Aggregator {
  constructor({ least = Infinity, age = Infinity, ...rest }) {
    super(rest);
    this.least = least;
    this.age = age;
  }

  choose({ now, market }) {
    const due = market.pendingBatches >= this.least || (market.hasPending && market.oldestAge(now) >= this.age);
    return due ? { end: market.length } : undefined;
  }

  worthSending() {
    return true;
  }
}

/** Keeps the queue full for as long as its budget lasts; before everybody else in each tick. With a prover it has fees back. */
export class Griefer {
  constructor({ from, to, budget, prover }) {
    Object.assign(this, { name: "griefer", from, to, budget, prover });
    this.paid = 0;
    this.gas = 0;
    this.posted = 0;
  }

  tick(world) {
    const { now, market, prices } = world;
    if (now >= this.from && now < this.to) {
      const funds = this.budget - this.loss;
      let batches = market.room;
      const cost = () => market.quote(now, batches) + prices.sequence + prices.batch * batches;
      while (batches > 0 && cost() > funds) batches = Math.floor(batches / 2);
      if (batches > 0) this.fill(world, batches);
    }
    this.prover?.tick(world);
  }

  fill({ now, market, prices }, batches) {
    this.gas += prices.sequence + prices.batch * batches;
    this.paid += market.sequence(now, batches, this.name);
    this.posted += batches;
  }

  /** Tokens it is down; negative if it gained. */
  get loss() {
    return this.paid + this.gas - (this.prover?.net ?? 0);
  }
}

/** Somebody who waits for finality and, once the oldest sequence has the age `after`, adds `each` token an hour to what its proof earns. */
export class Tipper {
  constructor({ after, each }) {
    Object.assign(this, { after, each });
    this.paid = 0;
  }

  tick({ now, market }) {
    if (!market.tip || now % HOUR !== 0 || market.oldestAge(now) < this.after) return;
    market.tip(this.each);
    this.paid += this.each;
  }
}
