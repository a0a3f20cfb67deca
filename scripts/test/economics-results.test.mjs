// SPDX-License-Identifier: MIT OR Apache-2.0
// Measures and plots, and what docs/economics.md says of the committed results. `make economics-check` holds those to the code.
import assert from "node:assert/strict";
import test from "node:test";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import * as direct from "../economics/direct.mjs";
import { hoursUntil, measure, percentile } from "../economics/measure.mjs";
import { plot, ticks } from "../economics/plot.mjs";
import { RULES, mainnet, recommended, slowRise } from "../economics/rules.mjs";
import { SCENARIOS } from "../economics/scenarios.mjs";
import { simulate } from "../economics/simulate.mjs";
import { SCRIPTS } from "./support.mjs";

const FOLDER = join(SCRIPTS, "..", "docs", "economics");
const { figures, levels } = JSON.parse(readFileSync(join(FOLDER, "results.json"), "utf8"));

test("percentiles", () => {
  const list = [5, 1, 4, 2, 3];
  assert.equal(percentile(list, 0), 1);
  assert.equal(percentile(list, 0.5), 3);
  assert.equal(percentile(list, 1), 5);
  assert.ok(Number.isNaN(percentile([], 0.5)));
});

test("what has come to stay has held for six hours", () => {
  const minutes = 24 * 60;
  assert.equal(hoursUntil(0, minutes, () => true), 0);
  assert.equal(hoursUntil(0, minutes, () => false), Infinity);
  assert.equal(hoursUntil(3600, minutes, (i) => i >= 180), 2);
  assert.equal(hoursUntil(0, minutes, (i) => i !== 300), 301 / 60, "five hours do not count");
});

test("moving the price by one's own acts takes what the contracts' tests say", () => {
  assert.equal(direct.doublingByLoad(recommended()).batches, 694);
  assert.equal(direct.doublingByLoad(mainnet()).batches, 139);
  assert.ok(Math.abs(direct.hoursToHalve(recommended()) - 2.31) < 0.01);
  assert.equal(direct.callsToMove(1002n, { up: true }).calls, 29);
  assert.equal(direct.callsToMove(1023n, { up: true }).calls, 3);
  const [fromFloor] = direct.fillingByLoad(recommended());
  assert.ok(fromFloor > 17 && fromFloor < 19, "18 tokens, as the specification says");
});

test("a run is the same twice, and its fees add up", () => {
  for (const rule of ["K1000", "P1002"]) {
    const once = simulate(SCENARIOS.calm, RULES[rule].make(), { days: 1 });
    const again = simulate(SCENARIOS.calm, RULES[rule].make(), { days: 1 });
    assert.deepEqual(measure({ ...once, scenario: {} }), measure({ ...again, scenario: {} }));
    const earned = once.aggregators.reduce((total, one) => total + one.earned, 0);
    const pending = Number(once.market.paidTo[once.market.length] - once.market.earnedTotal) / 1e18;
    assert.ok(Math.abs(earned + pending - once.honest.paid) < 1e-6 * once.honest.paid);
  }
});

test("plots are small, whole and plain", () => {
  const svg = plot({ title: "a < b", unit: "u", days: 2, y: { low: 1, high: 100, log: true }, series: [{ name: "one", values: [1, 10, 100, 1000] }] });
  assert.match(svg, /<title>a &lt; b<\/title>/);
  const heights = svg.match(/points="([^"]*)"/)[1].split(" ").map((point) => Number(point.split(",")[1]));
  assert.deepEqual(heights, [300, 170, 40, 40], "values above the axis stay on it");
  assert.deepEqual(ticks({ low: 0.01, high: 10, log: true }), [0.01, 0.1, 1, 10]);
  assert.deepEqual(ticks({ high: 1000 }), [0, 200, 400, 600, 800, 1000]);
  const plots = readdirSync(FOLDER).filter((name) => name.endsWith(".svg"));
  assert.ok(plots.length >= 5);
  for (const name of plots) assert.ok(statSync(join(FOLDER, name)).size < 40_000, name);
});

test("the text names every plot and links the results", () => {
  const text = readFileSync(join(FOLDER, "..", "economics.md"), "utf8");
  for (const name of readdirSync(FOLDER).filter((one) => /\.(svg|md)$/.test(one))) assert.ok(text.includes(`economics/${name}`), name);
});

test("text: where the price settles, lateness follows from rise, decay and load", () => {
  for (const [rule, parameters] of [["K1000", recommended()], ["K200", mainnet()], ["K200s", slowRise()]]) {
    assert.ok(Math.abs(direct.lateShare(parameters, 120) - figures.calm[rule].late) < 0.01, rule);
  }
  assert.ok(Math.abs(figures.calm.P1002.late - 0.5) < 0.02, "half under the historical rule");
});

test("text: the configuration for Ethereum is late as often as the recommended set, and with a slow rise twice as often", () => {
  assert.deepEqual(
    ["step", "decayPerSecond", "risePerSecond"].map((speed) => (mainnet()[speed] + 2n) / recommended()[speed]),
    [5n, 5n, 5n],
  );
  const ratio = (rule) => figures.calm[rule].late / figures.calm.K1000.late;
  assert.ok(Math.abs(ratio("K200") - 1) < 0.02);
  assert.ok(ratio("K200s") > 2 && ratio("K200s") < 2.5);
});

test("text: a fast rise costs users more, and falls into the trap sooner", () => {
  assert.ok(figures.calm.K200s.perBatch < 0.8 * figures.calm.K200.perBatch);
  for (const rule of ["K1000", "K200s"]) assert.ok(figures.quiet[rule].stallHours < figures.quiet.K200.stallHours, rule);
  assert.equal(figures.boot.K200.proofsBack, 0);
});

test("text: a boot prover that leaves ends the chain under the historical rule only", () => {
  assert.equal(figures.boot.P1002.proofsBack, "Infinity");
  assert.ok(figures.boot.P1002.endPrice < 1e-8);
  for (const rule of ["K1000", "K200"]) assert.ok(figures.boot[rule].proofsBack < 4, rule);
});

test("text: the historical rule does better after an outage and on a quiet chain", () => {
  for (const rule of ["K1000", "K200"]) {
    assert.ok(figures.outage[rule].ratioMax > 1000 && figures.outage.P1002.ratioMax < 2, rule);
    assert.ok(figures.outage[rule].lost > 2 * figures.outage.P1002.lost, rule);
    assert.ok(figures.quiet[rule].stallHours > 2 * figures.quiet.P1002.stallHours, rule);
  }
});

test("text: tips, or a lower late level, take the trap away", () => {
  assert.ok(figures.tips.K1000.tips < 20 && figures.tips.K1000.stallHours < figures.quiet.K1000.stallHours / 10);
  const low = levels.find(({ rule, level }) => rule === "K1000" && level === "1");
  assert.ok(low.quiet.stallHours < figures.quiet.P1002.stallHours);
});

test("text: floods keep others out for hours instead of days", () => {
  const hours = (rule) => figures.flood[rule].full * 14 * 24;
  assert.ok(hours("P1002") > 48 && hours("K1000") < 4 && hours("K200") < 2);
  assert.ok(figures.flood.P1002.lost > 3 * figures.flood.K1000.lost);
});

test("text: neither rule holds against a cartel of all, and one outsider ends it under this one", () => {
  for (const rule of Object.keys(RULES)) assert.ok(figures.cartel[rule].attackCost < -9000, rule);
  for (const rule of ["K1000", "K200"]) assert.ok(figures.outsider[rule].attackCost > 0 && figures.outsider[rule].ratio50 < 3, rule);
});

test("text: split proofs move nothing under this controller", () => {
  for (const rule of ["K1000", "K200"]) assert.ok(Math.abs(figures.split[rule].meanNat) < 0.02, rule);
  assert.ok(figures.split.P1002.meanNat > 0.1);
});

test("text: no fee goes astray under this controller", () => {
  for (const scenario of Object.values(figures)) for (const rule of ["K1000", "K200"]) assert.ok(scenario[rule].misdirected < 1e-9);
  assert.ok(figures.calm.P1002.misdirected > 0.001);
});
