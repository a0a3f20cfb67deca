// SPDX-License-Identifier: MIT OR Apache-2.0
// The queue of sequences under a fee rule: who posts pays, who proves a prefix is paid. Amounts are kept in wei as the contracts
// keep them; agents see them in tokens. Times are whole seconds. `end` counts sequences from the first one ever.
import * as controller from "./controller.mjs";
import * as polygon from "./polygon.mjs";

const WEI = 1e18;
export const tokens = (wei) => Number(wei) / WEI;

/** What both rules share. A rule adds `price`, `settleTo`, `chargeFor`, `earned`, `expected` and `moveAfterProof`. */
class Market {
  constructor(limit) {
    this.limit = limit;
    this.at = []; // time of each sequence
    this.owner = [];
    this.batchesTo = [0]; // batches before and with each sequence
    this.paidTo = [0n]; // fees before and with each sequence, in wei
    this.paidTokensTo = [0]; // the same in tokens, for agents that weigh a proof
    this.verified = 0;
    this.earnedTotal = 0n;
  }

  get length() {
    return this.at.length;
  }

  get pendingBatches() {
    return this.batchesTo[this.length] - this.batchesTo[this.verified];
  }

  get verifiedBatches() {
    return this.batchesTo[this.verified];
  }

  get room() {
    return this.limit - this.pendingBatches;
  }

  get hasPending() {
    return this.verified < this.length;
  }

  /** Age of the oldest pending sequence in seconds, 0 without one. */
  oldestAge(now) {
    return this.hasPending ? now - this.at[this.verified] : 0;
  }

  /** What `batches` more would cost now, in tokens. */
  quote(now, batches) {
    return tokens(this.chargeFor(now, batches).fee);
  }

  /** Posts a sequence and returns what it paid, in tokens. */
  sequence(now, batches, owner) {
    if (batches < 1 || batches > this.room) throw new RangeError(`${batches} batches, room for ${this.room}`);
    const { fee, commit } = this.chargeFor(now, batches);
    this.settleTo(now);
    commit();
    this.at.push(now);
    this.owner.push(owner);
    this.batchesTo.push(this.batchesTo[this.length - 1] + batches);
    this.paidTo.push(this.paidTo[this.length - 1] + fee);
    this.paidTokensTo.push(tokens(this.paidTo[this.length]));
    return tokens(fee);
  }

  /** Accepts a proof up to `end`: what it earns, and what its batches had paid, in tokens. */
  verify(now, end) {
    if (end <= this.verified || end > this.length) throw new RangeError(`no proof from ${this.verified} to ${end} of ${this.length}`);
    this.settleTo(now);
    const earned = this.earned(end);
    const paid = this.paidTo[end] - this.paidTo[this.verified];
    this.moveAfterProof(now, end);
    this.earnedTotal += earned;
    this.verified = end;
    return { earned: tokens(earned), paid: tokens(paid) };
  }
}

/** The controller of this project: price by load and lateness, each batch's fee kept for whoever proves it. */
export class PoeMarket extends Market {
  constructor(parameters, { limit, logPrice = 0n }) {
    super(limit);
    this.parameters = parameters;
    this.logPrice = logPrice;
    this.settledAt = 0;
    this.tips = 0; // on the oldest pending sequence, in tokens
    this.charged = undefined; // the last charge, which is asked for again and again
  }

  logPriceAt(now) {
    const oldest = this.hasPending ? this.at[this.verified] : 0;
    return controller.settle(this.parameters, this.logPrice, BigInt(this.settledAt), BigInt(now), BigInt(oldest), this.hasPending);
  }

  settleTo(now) {
    this.logPrice = this.logPriceAt(now);
    this.settledAt = now;
  }

  price(now) {
    return tokens(controller.price(this.parameters, this.logPriceAt(now)));
  }

  chargeFor(now, batches) {
    const x = this.logPriceAt(now);
    if (this.charged?.x !== x || this.charged.batches !== batches) {
      this.charged = { x, batches, ...controller.charge(this.parameters, x, BigInt(batches)) };
    }
    const { fee, newX } = this.charged;
    return { fee, commit: () => (this.logPrice = newX) };
  }

  earned(end) {
    return this.paidTo[end] - this.paidTo[this.verified];
  }

  /** What a proof up to `end` would earn now, in tokens. */
  expected(end) {
    return this.paidTokensTo[end] - this.paidTokensTo[this.verified] + this.tips;
  }

  /** Adds to what the next proof earns. The historical rule has no such thing. */
  tip(amount) {
    this.tips += amount;
  }

  verify(now, end) {
    const { earned, paid } = super.verify(now, end);
    const tips = this.tips;
    this.tips = 0;
    return { earned: earned + tips, paid: paid + tips };
  }

  moveAfterProof() {}
}

/** The historical rule: the fee moves with proofs only, the reward is a share of one pool. */
export class PolygonMarket extends Market {
  constructor(multiplier, { limit, fee = polygon.INITIAL_FEE }) {
    super(limit);
    this.multiplier = multiplier;
    this.fee = fee;
  }

  settleTo() {}

  price() {
    return tokens(this.fee);
  }

  chargeFor(now, batches) {
    return { fee: this.fee * BigInt(batches), commit: () => {} };
  }

  get pool() {
    return this.paidTo[this.length] - this.earnedTotal;
  }

  earned(end) {
    const batches = BigInt(this.batchesTo[end] - this.verifiedBatches);
    return polygon.reward(this.pool, BigInt(this.pendingBatches), batches);
  }

  /** What a proof up to `end` would earn now, in tokens. */
  expected(end) {
    return ((this.paidTokensTo[this.length] - tokens(this.earnedTotal)) / this.pendingBatches) * (this.batchesTo[end] - this.verifiedBatches);
  }

  /** The first sequence, counted as `end` is, that is not late among those up to `end`. */
  lateUpTo(now, end) {
    let late = end;
    while (late > this.verified && !polygon.isLate(now - this.at[late - 1])) late--;
    return late;
  }

  moveAfterProof(now, end) {
    const late = this.lateUpTo(now, end);
    const batches = (from, to) => BigInt(this.batchesTo[to] - this.batchesTo[from]);
    this.fee = polygon.update(this.fee, this.multiplier, batches(this.verified, late), batches(late, end));
  }
}
