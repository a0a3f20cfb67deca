// SPDX-License-Identifier: MIT OR Apache-2.0
// The fee rules that are compared, each a way to make a fresh market. All start at a tenth of a token and hold 1,024 pending batches.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PoeMarket, PolygonMarket } from "./market.mjs";
import { MAX_MULTIPLIER, MULTIPLIER } from "./polygon.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const read = (file) => JSON.parse(readFileSync(join(ROOT, file), "utf8"));

export const LIMIT = 1024;
const LN_10 = 2_302_585_092_994n;
/** The price everybody starts at: 0.1 tokens. */
const START = LN_10;

/** The recommended set of docs/spec/batch-fee.md, as the vectors hold it. */
export function recommended() {
  const { parameters } = read("test/fixtures/batch_fee.json");
  const set = parameters.name.indexOf("recommended");
  const { name, ...columns } = parameters;
  return Object.fromEntries(Object.entries(columns).map(([key, column]) => [key, BigInt(column[set])]));
}

/** What the configuration for Ethereum would deploy. */
export function mainnet() {
  const { batchFee } = read("script/config/1.json");
  return {
    minFeeGwei: BigInt(batchFee.minFeeGwei),
    maxLogPrice: BigInt(batchFee.maxLogPricePicoNats),
    lateLogPrice: BigInt(batchFee.lateLogPricePicoNats),
    step: BigInt(batchFee.stepPicoNatsPerBatch),
    decayPerSecond: BigInt(batchFee.decayPicoNatsPerSecond),
    risePerSecond: BigInt(batchFee.risePicoNatsPerSecond),
    targetSeconds: BigInt(batchFee.targetSeconds),
  };
}

const poe = (parameters, start = START) => () => new PoeMarket(parameters, { limit: LIMIT, logPrice: start });

/** K = 200 with step and decay five times those of the recommended set, and its rise as it is. */
export const slowRise = () => ({ ...mainnet(), risePerSecond: recommended().risePerSecond });

/** Between the two: K = 400, with all three speeds two and a half times those of the recommended set. */
export const between = () => {
  const { step, decayPerSecond, risePerSecond, ...rest } = recommended();
  const faster = (speed) => (5n * speed) / 2n;
  return { ...rest, step: faster(step), decayPerSecond: faster(decayPerSecond), risePerSecond: faster(risePerSecond) };
};

export const RULES = {
  K1000: { name: "K = 1000", about: "the recommended set of the specification", make: poe(recommended()) },
  K200: { name: "K = 200", about: "the configuration for Ethereum, `script/config/1.json`", make: poe(mainnet()) },
  K200s: { name: "K = 200, slow rise", about: "the same with the rise of the recommended set, not scaled as step and decay are; not deployed anywhere", make: poe(slowRise()) },
  P1002: { name: "Polygon 1.002", about: "the historical rule as it was initialised", make: () => new PolygonMarket(MULTIPLIER, { limit: LIMIT }) },
  P1023: { name: "Polygon 1.023", about: "the same with the largest multiplier that its setter took", make: () => new PolygonMarket(MAX_MULTIPLIER, { limit: LIMIT }) },
};

/** Any set of parameters, from the usual start. */
export const withParameters = (parameters) => poe(parameters);
