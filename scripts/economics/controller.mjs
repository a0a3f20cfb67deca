// SPDX-License-Identifier: MIT OR Apache-2.0
// The batch fee exactly as `contracts/libraries/BatchFee.sol` computes it; docs/spec/batch-fee.md is the normative text. Parameters
// are an object with the fields of `FeeConfig`, every number a BigInt: wei, 1e-12 nat, seconds. Held to test/fixtures/batch_fee.json.
import { expWad, lnWad } from "./exponential.mjs";

const WAD_PER_LOG_UNIT = 10n ** 6n;
export const MAX_BATCHES_PER_CHARGE = 1n << 24n;

const min = (a, b) => (a < b ? a : b);
const max = (a, b) => (a > b ? a : b);

const exponential = (x) => expWad(x * WAD_PER_LOG_UNIT);

/** The marginal price at log price `x`, in wei. */
export const price = (p, x) => (p.minFeeGwei * exponential(x)) / 10n ** 9n;

/** The price at the cap, in wei. */
export const maxFee = (p) => price(p, p.maxLogPrice);

/** F: only its differences have a meaning. */
export const cumulativeCost = (p, x) => (p.minFeeGwei * 1000n * exponential(x)) / p.step;

/** Seconds on time and, after them, late seconds between `from` and `to`. */
export function elapsed(targetSeconds, from, to, oldestPendingAt, hasPending) {
  if (to <= from) return { onTime: 0n, late: 0n };
  if (!hasPending) return { onTime: to - from, late: 0n };
  const lateFrom = min(max(oldestPendingAt + targetSeconds, from), to);
  return { onTime: lateFrom - from, late: to - lateFrom };
}

/** `x` after a fall, at most to 0, and then a rise, at most to the late level. */
export function drift(x, fall, rise, lateLevel) {
  const level = max(0n, x - fall);
  return level < lateLevel ? min(level + rise, lateLevel) : level;
}

/** The log price at `to`, from the log price `x` at `from`. */
export function settle(p, x, from, to, oldestPendingAt, hasPending) {
  const { onTime, late } = elapsed(p.targetSeconds, from, to, oldestPendingAt, hasPending);
  return drift(x, onTime * p.decayPerSecond, late * p.risePerSecond, p.lateLogPrice);
}

/** What `batches` more batches cost at log price `x`, in wei, and the log price after them. */
export function charge(p, x, batches) {
  if (batches > MAX_BATCHES_PER_CHARGE) throw new RangeError(`${batches} batches in a charge, at most ${MAX_BATCHES_PER_CHARGE}`);
  const target = x + batches * p.step;
  const newX = min(target, p.maxLogPrice);
  const excess = target - newX;
  let fee = cumulativeCost(p, newX) - cumulativeCost(p, x);
  if (excess !== 0n) fee += (maxFee(p) * excess) / p.step;
  return { fee, newX };
}

/** The log price that keeps, under `newP`, the price that `x` stands for under `oldP`. */
export function convert(oldP, x, newP) {
  const logMin = (p) => lnWad(p.minFeeGwei * 10n ** 18n);
  const wad = x * WAD_PER_LOG_UNIT + logMin(oldP) - logMin(newP);
  if (wad <= 0n) return 0n;
  return min((wad + WAD_PER_LOG_UNIT / 2n) / WAD_PER_LOG_UNIT, newP.maxLogPrice);
}
