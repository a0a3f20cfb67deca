// SPDX-License-Identifier: MIT OR Apache-2.0
// Line plots as plain SVG: one polyline for each series, whole pixels, text for the axes. White behind, so that it reads on any page.
import { ln } from "./random.mjs";

const WIDTH = 760;
const HEIGHT = 340;
const BOX = { left: 62, right: 14, top: 40, bottom: 40 };
const COLOURS = ["#0b62a4", "#d1495b", "#3a7d44", "#8a5a00", "#6a4c93"];
const LN10 = 2.302585092994046;

const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
const inner = { width: WIDTH - BOX.left - BOX.right, height: HEIGHT - BOX.top - BOX.bottom };

/** Powers of ten from `low` to `high`, or a handful of round steps from 0 to `high`. */
export function ticks({ low, high, log }) {
  if (log) {
    const all = [];
    for (let decade = Math.round(ln(low) / LN10); decade <= Math.round(ln(high) / LN10); decade++) all.push(Number(`1e${decade}`));
    const every = Math.ceil(all.length / 8);
    return all.filter((_, i) => i % every === 0);
  }
  const step = [1, 2, 4, 5, 10, 20, 50, 100, 200, 250, 500, 1000].find((one) => high / one <= 6) ?? high / 5;
  return Array.from({ length: Math.floor(high / step) + 1 }, (_, i) => i * step);
}

function scaleY({ low, high, log }) {
  const place = log ? (value) => (ln(Math.min(high, Math.max(low, value))) - ln(low)) / (ln(high) - ln(low)) : (value) => Math.min(1, Math.max(0, value / high));
  return (value) => Math.round(BOX.top + inner.height * (1 - place(value)));
}

/** `series` is a list of {name, values}, one value each `minutes`; `marks` are hatched spans of days, with a word. */
export function plot({ title, unit, series, y, days, marks = [] }) {
  const toX = (day) => Math.round(BOX.left + (inner.width * day) / days);
  const toY = scaleY(y);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...marks.map(({ from, to, word }) => `<rect x="${toX(from)}" y="${BOX.top}" width="${Math.max(2, toX(to) - toX(from))}" height="${inner.height}" fill="#eee"/><text x="${toX(from) + 3}" y="${BOX.top + 13}" fill="#777">${escape(word)}</text>`),
    ...ticks(y).map((value) => `<path d="M${BOX.left} ${toY(value)}H${WIDTH - BOX.right}" stroke="#ddd"/><text x="${BOX.left - 6}" y="${toY(value) + 4}" text-anchor="end">${label(value)}</text>`),
    ...Array.from({ length: days / 2 + 1 }, (_, i) => `<text x="${toX(2 * i)}" y="${HEIGHT - 22}" text-anchor="middle">${2 * i}</text>`),
    `<text x="${BOX.left + inner.width / 2}" y="${HEIGHT - 6}" text-anchor="middle">days</text>`,
    `<text x="6" y="16">${escape(unit)}</text>`,
    ...series.map((one, i) => curve(one, COLOURS[i], toX, toY, days)),
    ...series.map(({ name }, i) => `<rect x="${BOX.left + 170 * i}" y="24" width="14" height="4" fill="${COLOURS[i]}"/><text x="${BOX.left + 170 * i + 19}" y="31">${escape(name)}</text>`),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

function label(value) {
  if (value === 0 || (value >= 0.001 && value < 1e6)) return String(value);
  return value.toExponential(0);
}

/** Points that do not leave a level line are left out. */
function curve({ values }, colour, toX, toY, days) {
  const points = values.map((value, i) => [toX((i * days) / values.length), toY(value)]);
  const kept = points.filter(([, y], i) => i === 0 || i === points.length - 1 || y !== points[i - 1][1] || y !== points[i + 1][1]);
  return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${kept.map((point) => point.join(",")).join(" ")}"/>`;
}
