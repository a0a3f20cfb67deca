// SPDX-License-Identifier: MIT OR Apache-2.0
// The trace of honest demand: for each tick the batches that sequencers want to post, each with what it is worth to them, in
// tokens, beyond L1 gas. A trace depends on its seed and its description only, so that every fee rule meets the same one.
import { exp, generator, normal, poisson } from "./random.mjs";

export const TICK = 60; // seconds: five blocks of L1
export const HOUR = 3600;
export const DAY = 24 * HOUR;

/** The worth of a batch: log-normal, median and standard deviation of the logarithm. */
const MEDIAN_WORTH = 0.6;
const SPREAD = 1;

/** A day's wave between -1 (midnight) and 1 (noon), of two parabolas. */
export function wave(seconds) {
  const phase = (seconds % DAY) / DAY;
  const half = phase < 0.25 || phase >= 0.75 ? -1 : 1;
  const u = half > 0 ? (phase - 0.25) * 2 : ((phase + 0.25) % 1) * 2; // 0 to 1 within the half
  return half * 4 * u * (1 - u);
}

/** Expected batches an hour at a time. */
export function intensity({ perHour, swing = 0.5, bursts = [] }, seconds) {
  const burst = bursts.find(({ from, to }) => seconds >= from && seconds < to);
  return perHour * (1 + swing * wave(seconds)) * (burst ? burst.factor : 1);
}

/** `trace[tick]` is the list of worths of the batches that come up in it. */
export function demandTrace(description, days, seed) {
  const random = generator(seed);
  const trace = [];
  for (let at = 0; at < days * DAY; at += TICK) {
    const count = poisson(random, (intensity(description, at) * TICK) / HOUR);
    trace.push(Array.from({ length: count }, () => MEDIAN_WORTH * exp(SPREAD * normal(random))));
  }
  return trace;
}
