// SPDX-License-Identifier: MIT OR Apache-2.0
// The batch fee that Polygon's zkEVM had from February 2023 to July 2024, written anew from its published behaviour and parameters:
// 0xPolygonHermez/zkevm-contracts, v1.1.0-fork.4 (commit 85cf2818, 2023-03-24), contracts/PolygonZkEVM.sol, `_updateBatchFee`,
// `calculateRewardPerBatch`, and what `initialize` sets. The rule was kept in PolygonRollupManager up to v8.0.0-fork.12.

export const MIN_FEE = 10n ** 9n; // wei
export const MAX_FEE = 1000n * 10n ** 18n;
export const MAX_EXPONENT = 12n;
export const INITIAL_FEE = 10n ** 17n;
export const TARGET_SECONDS = 1800;
/** Thousandths: what `initialize` sets, and the most that the setter takes. */
export const MULTIPLIER = 1002n;
export const MAX_MULTIPLIER = 1023n;

/** A batch is late from this age on: at the target itself it is. */
export const isLate = (age) => age >= TARGET_SECONDS;

/** The fee after a proof of `late` and `early` batches: it moves here and nowhere else. */
export function update(fee, multiplier, late, early) {
  const difference = late > early ? late - early : early - late;
  const exponent = difference < MAX_EXPONENT ? difference : MAX_EXPONENT;
  const up = multiplier ** exponent;
  const base = 1000n ** exponent;
  const moved = late > early ? (fee * up) / base : (10n ** 18n * fee) / ((10n ** 18n * up) / base);
  if (moved < MIN_FEE) return MIN_FEE;
  return moved > MAX_FEE ? MAX_FEE : moved;
}

/** What a proof of `batches` earns: an equal share of the pool for each pending batch, whatever it paid. */
export const reward = (pool, pending, batches) => (pool / pending) * batches;
