"use strict";
// Graphs over commits, as SVG.
const NS = "http://www.w3.org/2000/svg";
const COLOURS = [0, 1, 2, 3, 4, 5].map(k => `var(--c${k})`);

function node(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter(child => child !== null));
  return made;
}

function shape(name, attributes, ...children) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function amount(value, unit) {
  if (value === null || value === undefined) return "";
  const scaled = (steps) => {
    const [size, name] = steps.find(([size]) => Math.abs(value) >= size) ?? steps.at(-1);
    return `${+(value / size).toPrecision(3)} ${name}`.trim();
  };
  if (/^s(econds|$)/.test(unit)) return scaled([[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]]);
  if (unit === "bytes" || unit === "B") return scaled([[1e9, "GB"], [1e6, "MB"], [1e3, "kB"], [1, "B"]]);
  if (Math.abs(value) >= 1e4) return scaled([[1e9, "G"], [1e6, "M"], [1e3, "k"]]);
  return String(+value.toPrecision(3));
}

function path(values, x, y) {
  let drawn = "", pen = "M";
  values.forEach((value, k) => {
    if (value === null) return;               // a gap is bridged: commits that were not measured
    drawn += `${pen}${x(k).toFixed(1)},${y(value).toFixed(1)}`;
    pen = "L";
  });
  return drawn;
}

function spark(values) {
  const there = values.filter(v => v !== null);
  if (there.length < 2) return "";
  const low = Math.min(...there), high = Math.max(...there), span = high - low || 1;
  const x = k => 2 + 92 * k / (values.length - 1), y = v => 20 - 18 * (v - low) / span;
  const flat = high < 1.02 * low;
  const drawn = path(flat ? values.map(v => v === null ? null : low + span / 2) : values, x, y);
  return shape("svg", {width: 96, height: 22, role: "img", "aria-label": `from ${there[0]} to ${there.at(-1)}`},
    shape("path", {d: drawn, fill: "none", stroke: COLOURS[0], "stroke-width": 1.5}));
}

function ticks(low, high) {
  const made = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    for (const digit of [1, 2, 5]) {
      const tick = digit * 10 ** power;
      if (tick >= low && tick <= high) made.push(tick);
    }
  const every = Math.ceil(made.length / 6);
  if (made.length > 2) return made.filter((_, k) => k % every === 0);
  const step = [1, 2, 5, 10].map(k => k * 10 ** Math.floor(Math.log10((high - low) / 2)))
    .findLast(size => size <= (high - low) / 2);
  const first = Math.ceil(low / step);
  return Array.from({length: Math.floor(high / step) - first + 1}, (_, k) => +((first + k) * step).toPrecision(6));
}

// One graph of several series, on a logarithmic axis; reference: a line at 1
function graph(title, lines, commits, reference, tell) {
  const width = 460, height = 210, left = 58, right = 12, top = 8, bottom = 24;
  const all = lines.flatMap(line => line.values).filter(v => v !== null && v > 0);
  if (!all.length) return node("figure", {}, node("figcaption", {}, title), "no value above 0");
  let low = Math.min(...all, ...(reference ? [0.95] : [])), high = Math.max(...all, ...(reference ? [1.05] : []));
  [low, high] = high < 1.3 * low ? [low / 1.2, high * 1.2] : [low / 1.05, high * 1.05];
  const x = k => left + (width - left - right) * (commits.length > 1 ? k / (commits.length - 1) : 0.5);
  const y = v => top + (height - top - bottom) * Math.log(high / Math.max(v, low)) / Math.log(high / low);
  const svg = shape("svg", {viewBox: `0 0 ${width} ${height}`, class: "graph", role: "img", "aria-label": title});
  for (const tick of ticks(low, high)) {
    svg.append(shape("line", {x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: "axis"}),
      shape("text", {x: left - 6, y: y(tick) + 4, "text-anchor": "end"}, amount(tick, lines[0].unit)));
  }
  if (reference) svg.append(shape("line", {x1: left, x2: width - right, y1: y(1), y2: y(1), class: "one"}));
  for (const [k, anchor] of new Map([[0, "start"], [commits.length - 1, "end"]]))
    svg.append(shape("text", {x: x(k), y: height - 6, "text-anchor": anchor}, commits[k].sha.slice(0, 8)));
  lines.forEach((line, number) => {
    const colour = COLOURS[number % COLOURS.length];
    svg.append(shape("path", {d: path(line.values, x, y), fill: "none", stroke: colour, "stroke-width": 1.8}));
    line.values.forEach((value, k) => {
      if (value === null) return;
      const dot = shape("circle", {cx: x(k), cy: y(value), r: 3.2, fill: colour, class: "point",
        "data-line": line.label});
      dot.addEventListener("mouseenter", event => tell(event, line, value, commits[k]));
      dot.addEventListener("mouseleave", () => tell(null));
      svg.append(dot);
    });
  });
  const key = node("div", {class: "key"}, ...lines.map((line, k) => node("span", {},
    node("i", {style: `background:${COLOURS[k % COLOURS.length]}`}), line.label)));
  return node("figure", {}, node("figcaption", {}, title), svg, key);
}
