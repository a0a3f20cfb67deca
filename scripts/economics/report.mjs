// SPDX-License-Identifier: MIT OR Apache-2.0
// The results as tables and plots: every file of docs/economics/, as text by name.
import { DAY, HOUR, TICK } from "./demand.mjs";
import * as direct from "./direct.mjs";
import { measure } from "./measure.mjs";
import { plot } from "./plot.mjs";
import { MAX_MULTIPLIER, MULTIPLIER } from "./polygon.mjs";
import { RULES, between, mainnet, recommended, slowRise, withParameters } from "./rules.mjs";
import { DAYS, SCENARIOS, SEED } from "./scenarios.mjs";
import { simulate } from "./simulate.mjs";

const SETS = { K1000: recommended(), K200: mainnet(), K200s: slowRise() };
/** The sets of the sweep over late levels: one more, which is not compared elsewhere. */
const SWEPT = { ...SETS, K400: between() };
const SWEPT_NAMES = { ...Object.fromEntries(Object.entries(RULES).map(([rule, { name }]) => [rule, name])), K400: "K = 400" };
/** In tokens, and as ln(level / minFee) in 1e-12 nat. */
const LATE_LEVELS = [["1", 4_605_170_185_988n], ["3", 5_703_782_474_656n], ["10", 6_907_755_278_982n], ["100", 9_210_340_371_976n]];
const OTHER_SEEDS = [1, 2, 3, 4];
const SEEDED_SCENARIOS = ["calm", "quiet", "outage"];
const SEEDED_RULES = ["K1000", "K200", "P1002"];

/** Runs every scenario under every rule: `figures[scenario][rule]`, and the runs that are plotted. */
export function runAll(say = () => {}) {
  const figures = {};
  const runs = {};
  for (const [id, scenario] of Object.entries(SCENARIOS)) {
    say(`economics: ${scenario.name}`);
    runs[id] = {};
    figures[id] = {};
    for (const [rule, { make }] of Object.entries(RULES)) {
      runs[id][rule] = simulate(scenario, make());
      figures[id][rule] = measure(runs[id][rule], scenario.base && runs[scenario.base][rule]);
    }
  }
  say("economics: late levels");
  const levels = sweepLateLevel();
  say("economics: other seeds");
  return { figures, runs, levels, seeds: otherSeeds(figures) };
}

function sweepLateLevel() {
  return Object.entries(SWEPT).flatMap(([rule, parameters]) =>
    LATE_LEVELS.map(([level, lateLogPrice]) => {
      const of = (id) => measure(simulate(SCENARIOS[id], withParameters({ ...parameters, lateLogPrice })()));
      return { rule, level, quiet: of("quiet"), outage: of("outage"), gas: of("gas") };
    }),
  );
}

/** Least and greatest of some figures over five seeds. */
function otherSeeds(figures) {
  return SEEDED_SCENARIOS.flatMap((id) =>
    SEEDED_RULES.map((rule) => {
      const all = [figures[id][rule], ...OTHER_SEEDS.map((seed) => measure(simulate(SCENARIOS[id], RULES[rule].make(), { seed })))];
      const range = (key) => [Math.min(...all.map((one) => one[key])), Math.max(...all.map((one) => one[key]))];
      return { id, rule, late: range("late"), stallHours: range("stallHours"), ratio50: range("ratio50"), lost: range("lost") };
    }),
  );
}

// Numbers as text. All pass through toFixed, so that a table never depends on how an engine prints.
const percent = (value, digits = 1) => `${(100 * value).toFixed(digits)} %`;
const fixed = (value, digits = 1) => (Number.isNaN(value) ? "-" : value === Infinity ? "never" : value.toFixed(digits));
const factor = (value) => (value >= 100 ? value.toFixed(0) : value >= 0.095 ? value.toFixed(2) : value >= 0.001 ? value.toFixed(3) : "0.000");
const signed = (value, digits = 0) => `${value > 0 ? "+" : ""}${value.toFixed(digits)}`;
const table = (head, rows) => [head, head.map((_, i) => (i < 2 ? "---" : "---:")), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

/** A row for each scenario and rule. */
function perRun(figures, ids, head, cells) {
  const rows = ids.flatMap((id) =>
    Object.keys(RULES).map((rule, i) => [i === 0 ? `**${SCENARIOS[id].name}**` : "", RULES[rule].name, ...cells(figures[id][rule])]),
  );
  return table(["scenario", "rule", ...head], rows);
}

const with_ = (key) => Object.keys(SCENARIOS).filter((id) => SCENARIOS[id][key]);

const service = (figures) =>
  perRun(figures, Object.keys(SCENARIOS), ["late", "stalled, h", "oldest, h", "to finality, min: median", "99 %", "queue: median", "95 %", "99 %", "most", "full"], (f) => [
    percent(f.late), fixed(f.stallHours), fixed(f.worstAge), fixed(f.finality50, 0), fixed(f.finality99, 0),
    fixed(f.queue50, 0), fixed(f.queue95, 0), fixed(f.queue99, 0), fixed(f.queueMax, 0), percent(f.full),
  ]);

const money = (figures) =>
  perRun(figures, Object.keys(SCENARIOS), ["price over cost: median", "95 %", "most", "demand lost", "fees paid", "a batch", "reached provers", "honest ones", "went astray", "income over cost"], (f) => [
    factor(f.ratio50), factor(f.ratio95), factor(f.ratioMax), percent(f.lost), fixed(f.paid, 0), fixed(f.perBatch, 4),
    percent(f.reached), percent(f.honestProvers), percent(f.misdirected, 2), fixed(f.overCost, 2),
  ]);

const recovery = (figures) =>
  perRun(figures, with_("shock"), ["no longer stalled after, h", "price near cost after, h", "demand lost"], (f) => [fixed(f.proofsBack), fixed(f.priceBack), percent(f.lost)]);

/** Below this the price did not move but for the noise of a run that went a little differently. */
const NOISE = 0.02;
const manipulation = (figures) =>
  perRun(figures, with_("base"), ["attacker's loss, tokens", "price moved, nat", "loss a nat a day", "honest sequencers pay more, tokens"], (f) => {
    const moved = Math.abs(f.meanNat) >= NOISE;
    return [signed(f.attackCost), signed(f.meanNat, 2), moved ? signed(f.perNatDay) : "moves nothing", signed(f.othersPay)];
  });

function directTable() {
  const ours = Object.entries(SETS).map(([rule, p]) => {
    const double = direct.doublingByLoad(p);
    const [floor, usual] = direct.fillingByLoad(p);
    return [
      RULES[rule].name, `${double.batches} batches in ${double.calls} calls, then prove them`, `${fixed(double.cost)} and ${fixed(double.deposit, 0)} at risk`,
      "no act does", `${fixed(direct.hoursToHalve(p))} h of no load`, fixed(floor, 0), fixed(usual, 0),
    ];
  });
  const theirs = [["P1002", MULTIPLIER], ["P1023", MAX_MULTIPLIER]].map(([rule, multiplier]) => {
    const up = direct.callsToMove(multiplier, { up: true });
    const down = direct.callsToMove(multiplier, { up: false });
    return [
      RULES[rule].name, `${up.calls} proofs of 12 late batches of anybody`, fixed(up.cost), `${down.calls} proofs of 12 early batches`, fixed(down.cost),
      `${fixed(direct.fillingAtConstantFee(0.01), 0)}`, fixed(direct.fillingAtConstantFee(0.05), 0),
    ];
  });
  return table(["rule", "to double 0.1 token", "costs, tokens", "to halve it", "costs", "filling the queue from 0.01", "from 0.05"], [...ours, ...theirs]);
}

const levelTable = (levels) =>
  table(["rule", "late level, tokens", "quiet: stalled, h", "quiet: demand lost", "outage: demand lost", "outage: price near cost after, h", "dear gas: stalled, h", "dear gas: demand lost"],
    levels.map(({ rule, level, quiet, outage, gas }) => [
      SWEPT_NAMES[rule], level, fixed(quiet.stallHours), percent(quiet.lost), percent(outage.lost), fixed(outage.priceBack), fixed(gas.stallHours), percent(gas.lost),
    ]));

const seedTable = (seeds) => {
  const span = ([low, high], show) => `${show(low)} to ${show(high)}`;
  return table(["scenario", "rule", "late", "stalled, h", "price over cost, median", "demand lost"],
    seeds.map(({ id, rule, late, stallHours, ratio50, lost }) => [
      SCENARIOS[id].name, RULES[rule].name, span(late, percent), span(stallHours, fixed), span(ratio50, factor), span(lost, percent),
    ]));
};

/** Where the price settles below the target load, lateness is a matter of the parameters: computed and simulated. */
const settledTable = (figures) =>
  table(["rule", "rise over decay", "late by the formula, 120 an hour", "in the calm run", "late by the formula, no load"],
    Object.entries(SETS).map(([rule, p]) => [
      RULES[rule].name, fixed(Number(p.risePerSecond) / Number(p.decayPerSecond), 2), percent(direct.lateShare(p, 120)), percent(figures.calm[rule].late), percent(direct.lateShare(p, 0)),
    ]));

const scenarioList = () => table(["scenario", "what happens"], Object.values(SCENARIOS).map(({ name, about }) => [`**${name}**`, about]));
const ruleList = () => table(["rule", "what it is"], Object.values(RULES).map(({ name, about }) => [name, about]));

function resultsPage({ figures, levels, seeds }) {
  return `<!-- Generated by \`make economics\`. What it means: ../economics.md -->
# Economics: results

${DAYS} days a run, a step a minute, seed ${SEED}. Amounts in tokens. What the columns mean: [the text](../economics.md#what-is-measured).

## Rules

${ruleList()}

## Scenarios

${scenarioList()}

## Service

${service(figures)}

## Money

${money(figures)}

## Recovery

${recovery(figures)}

## Manipulation

${manipulation(figures)}

## Moving the price by one's own acts

${directTable()}

## Lateness where the price settles

${settledTable(figures)}

## Other late levels

${levelTable(levels)}

## Other seeds

Least to greatest of five seeds.

${seedTable(seeds)}
`;
}

/** One value each hour: the last of it. */
const hourly = (samples) => samples.filter((_, i) => i % (HOUR / TICK) === HOUR / TICK - 1);
const PLOTTED = ["K1000", "K200", "P1002"];

function plotOf(runs, id, sample, rest) {
  const series = PLOTTED.map((rule) => ({ name: RULES[rule].name, values: hourly(runs[id][rule].samples[sample]) }));
  return plot({ days: DAYS, series, ...rest });
}

const day = (seconds) => seconds / DAY;
const PRICE = "price of a batch, tokens (log)";

function plots(runs) {
  const tokensLog = { low: 0.01, high: 1000, log: true };
  return {
    "calm.svg": plotOf(runs, "calm", "price", { title: "Calm: price of a batch", unit: PRICE, y: { low: 0.01, high: 1, log: true } }),
    "bursts.svg": plotOf(runs, "bursts", "pending", { title: "Bursts: pending batches", unit: "pending batches", y: { high: 1024 }, marks: SCENARIOS.bursts.demand.bursts.map(({ from, to }) => ({ from: day(from), to: day(to), word: "" })) }),
    "outage.svg": plotOf(runs, "outage", "price", { title: "Outage: price of a batch", unit: PRICE, y: tokensLog, marks: [{ from: 5 + 8 / 24, to: 5 + 20 / 24, word: "no prover" }] }),
    "quiet.svg": plotOf(runs, "quiet", "price", { title: "Quiet chain: price of a batch", unit: PRICE, y: tokensLog }),
    "boot.svg": plotOf(runs, "boot", "price", { title: "A boot prover leaves: price of a batch", unit: PRICE, y: { low: 1e-9, high: 10, log: true }, marks: [{ from: 0, to: 7, word: "subsidised proofs" }] }),
    "flood.svg": plotOf(runs, "flood", "pending", { title: "Flood: pending batches", unit: "pending batches", y: { high: 1024 }, marks: [{ from: 5, to: 12, word: "flood, while 5,000 tokens last" }] }),
  };
}

/** Figures for tests and readers of other tools, six significant digits. */
function json({ figures, levels, seeds }) {
  const round = (_, value) => (typeof value === "number" ? (Number.isFinite(value) ? Number(value.toPrecision(6)) : String(value)) : value);
  return `${JSON.stringify({ about: "Generated by make economics.", figures, levels, seeds }, round, 1)}\n`;
}

/** Every generated file: name to text. */
export function render(results) {
  return { "results.md": resultsPage(results), "results.json": json(results), ...plots(results.runs) };
}
