// The front page. DATA is made by board/publish.py.
const DATA = JSON.parse(document.getElementById("data").textContent);
const {commits, series} = DATA;
const $ = id => document.getElementById(id);
const short = place => commits[place].sha.slice(0, 8);
const tip = $("tip");
let machine = "", order = {column: "name", down: true};

function tell(event, line, value, commit) {
  tip.hidden = !event;
  if (!event) return;
  tip.textContent = `${amount(value, line.unit)} ${line.unit.startsWith("seconds") ? "" : line.unit} · ${commit.sha.slice(0, 8)}`
    + ` ${new Date(1000 * commit.date).toISOString().slice(0, 10)} · ${commit.subject}`;
  tip.style.left = `${Math.min(event.clientX + 12, innerWidth - 280)}px`;
  tip.style.top = `${event.clientY + 14}px`;
}

const here = k => !machine || series[k].machine === machine;
const last = one => one.values.findLast(v => v !== null) ?? null;
// A parameter that has one value in all of a suite says nothing
const choices = new Map();
for (const one of series) for (const [name, value] of Object.entries(one.parameters)) {
  const key = `${one.suite} ${name}`;
  choices.set(key, (choices.get(key) ?? new Set()).add(value));
}
const brief = value => /^[1-9]0{3,}$/.test(value) ? `${value[0]}e${value.length - 1}` : value;
const sized = one => Object.entries(one.parameters).filter(([name]) => choices.get(`${one.suite} ${name}`).size > 1)
  .map(([, value]) => brief(value)).join(" ");

// The newest value beside the one before it, coloured where that is a change
function wordOf({change, limit}) {
  if (change === null) return "";
  if (Math.abs(change - 1) < 0.0005) return node("span", {class: "soft"}, "±0");
  const percent = 100 * (change - 1), kind = change > limit ? "bad" : change < 1 / limit ? "good" : "soft";
  return node("span", {class: kind}, `${percent > 0 ? "+" : "−"}${+Math.abs(percent).toPrecision(2)}%`);
}

function chips(keys, ratio) {
  const made = (keys ?? []).filter(here).map(k => {
    const value = last(series[k]);
    const kind = !ratio ? "" : value > series[k].limit ? " bad" : value < 1 / series[k].limit ? " good" : "";
    return node("span", {class: `chip${kind}`, title: `${series[k].name} ${sized(series[k])}`},
      amount(value, series[k].unit), node("sub", {}, ` ${sized(series[k])}`));
  });
  return node("td", {}, ...made);
}

function counted(op, role) {
  const keys = (op.roles[role] ?? []).filter(here);
  if (!keys.length) return node("td");
  const one = series[keys.at(-1)];
  return node("td", {title: `${one.name} ${sized(one)}`}, amount(last(one), one.unit), " ", wordOf(one));
}

function highest(op, role) {
  const values = (op.roles[role] ?? []).filter(here).map(k => last(series[k])).filter(v => v !== null);
  return values.length ? Math.max(...values) : null;
}

function sinceCell(op) {
  const parts = ["numpy", "torch"].filter(peer => peer in op.since).map(peer => {
    const place = op.since[peer], name = peer === "numpy" ? "NumPy" : "torch";
    const since = place === 0 ? "from the first" : short(place);
    return node("div", {title: commits[place].subject}, `${name}: ${since}`);
  });
  return node("td", {}, ...parts);
}

const COLUMNS = [
  ["name", "op", null],
  ["numpy", "/ NumPy", op => chips(op.roles.numpy, true)],
  ["torch", "/ torch", op => chips(op.roles.torch, true)],
  ["torch vjp", "VJP / torch's", op => chips(op.roles["torch vjp"], true)],
  ["since", "slower since", sinceCell],
  ["instructions", "instructions", op => counted(op, "instructions")],
  ["instructions vjp", "of the VJP", op => counted(op, "instructions vjp")],
  ["ulp", "error, ulp", op => chips(op.roles.ulp, false)],
  ["compile", "compile", op => chips(op.roles.compile, false)],
  ["trend", "trend", op => node("td", {}, spark(trend(op)))],
].filter(([id]) => ["name", "since", "trend"].includes(id) || DATA.ops.some(op => id in op.roles));

function trend(op) {
  const first = ["numpy", "instructions", "torch", "time", "ulp"].find(role => op.roles[role]?.some(here));
  const keys = first ? op.roles[first].filter(here) : [];
  return keys.length ? series[keys.at(-1)].values : [];
}

const TITLES = {numpy: "time / NumPy's", torch: "time / torch's", instructions: "instructions", time: "seconds",
  ulp: "error in units of the last place", compile: "compile latency", memory: "memory", other: "other"};

function links(names) {
  const made = names.flatMap(name => [
    node("a", {href: `tachyon.html#view=explore&bench=${encodeURIComponent(name)}`}, name), " ",
    DATA.legacy ? node("a", {href: `legacy.html#${name}`, class: "soft"}, "(asv)") : null, " "]);
  return node("p", {class: "hint"}, "In full: ", ...made);
}

function graphs(keys) {
  const groups = new Map();
  for (const k of keys.filter(here)) {
    const one = series[k], kind = `${one.role} ${one.unit}`;
    if (!groups.has(kind)) groups.set(kind, []);
    const where = machine || DATA.machines.length < 2 ? "" : ` · ${one.machine}`;
    groups.get(kind).push({...one, label: `${one.method} ${sized(one)}${where}`});
  }
  const rank = lines => Object.keys(TITLES).indexOf(lines[0].role);
  const made = [...groups.values()].sort((a, b) => rank(a) - rank(b)).map(lines => graph(TITLES[lines[0].role] ?? lines[0].unit, lines, commits,
    ["numpy", "torch"].includes(lines[0].role), tell));
  return node("div", {}, node("div", {class: "graphs"}, ...made), links([...new Set(keys.map(k => series[k].name))]));
}

function toggle(row, keys, width) {
  if (row.nextSibling?.classList?.contains("shown")) return row.nextSibling.remove();
  row.after(node("tr", {class: "shown"}, node("td", {class: "details", colspan: width}, graphs(keys))));
}

function keyOf(op) {
  if (order.column === "name") return op.name;
  if (order.column === "since") return Math.min(...Object.values(op.since), 1e9);
  return -(highest(op, order.column) ?? -1);
}

// NumPy has no VJP to be slower than
const kinds = {numpy: ["numpy"], torch: ["torch", "torch vjp"]};
const beyond = k => last(series[k]) > series[k].limit;
const slow = (op, peer) => kinds[peer].some(role => (op.roles[role] ?? []).filter(here).some(beyond));

// Lines of ops; one that is asked for by its whole name, or is the only one, is opened
function fill(body, shown, wanted) {
  shown.sort((a, b) => keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : a.name < b.name ? -1 : 1);
  if (!order.down) shown.reverse();
  const exact = shown.findIndex(op => op.name === wanted);
  if (exact > 0) shown.unshift(...shown.splice(exact, 1));
  body.replaceChildren(...shown.map(op => {
    const row = node("tr", {class: "op", "data-op": op.name});
    const open = () => toggle(row, Object.values(op.roles).flat(), COLUMNS.length);
    row.addEventListener("click", open);
    row.append(node("td", {}, node("button", {type: "button"}, op.name)), ...COLUMNS.slice(1).map(c => c[2](op)));
    return row;
  }));
  if (exact >= 0 || (wanted && shown.length === 1)) toggle(body.rows[0], Object.values(shown[0].roles).flat(), COLUMNS.length);
}

function showOps() {
  const wanted = $("filter").value.trim().toLowerCase();
  const shown = DATA.ops.filter(op => op.name.includes(wanted)
    && Object.values(op.roles).flat().some(here)
    && (!$("only-numpy").checked || slow(op, "numpy")) && (!$("only-torch").checked || slow(op, "torch")));
  const listed = shown.filter(op => !op.private), folded = shown.filter(op => op.private);
  fill($("op-table").tBodies[0], listed, wanted);
  fill($("private-table").tBodies[0], folded, wanted);
  if (!listed.length) $("op-table").tBodies[0].replaceChildren(node("tr", {}, node("td", {colspan: COLUMNS.length}, "no op of this kind")));
  $("private-ops").hidden = !folded.length;
  $("private-ops").querySelector("summary").textContent = `Private ops: ${folded.length}`;
  if (wanted && folded.length && !listed.length) $("private-ops").open = true;
}

function showHead() {
  for (const table of ["op-table", "private-table"]) {
    $(table).tHead.replaceChildren(node("tr", {}, ...COLUMNS.map(([id, title]) => node("th", {scope: "col",
      onclick: () => { order = {column: id, down: order.column === id ? !order.down : true}; showOps(); }}, title))));
  }
}

const MOST = 8;                               // lines that are shown at first

// The same as findings.plain, and what asv's page lists
const plain = DATA.regressions.filter(found => !found.private && !found.trade);
const times = (found, one) => `${amount(found.before, one.unit)} → ${amount(found.after, one.unit)} `
  + (["numpy", "torch"].includes(one.role) || one.unit.startsWith("seconds") ? "" : one.unit);
const figure = (found, one) => `${`${one.method} ${sized(one)}`.trim()}: ${times(found, one)}`;
const where = found => node("td", {class: "subject"}, node("code", {}, short(found.place)), " ", commits[found.place].subject);

// What got worse at one commit is one line: the largest step of a figure that repeats, or else of another
function regressionTable(regressions) {
  const rank = group => group.some(found => found.counted) ? 0 : 1;
  const groups = Map.groupBy(regressions, found => `${series[found.series].subject} ${found.place}`);
  const rows = [...groups.values()].sort((a, b) => rank(a) - rank(b)).map((group, number) => {
    const found = group.find(each => each.counted) ?? group[0], one = series[found.series];
    const row = node("tr", {class: "one", hidden: number >= MOST, "data-subject": one.subject});
    const more = group.length > 1 ? `and ${group.length - 1} more` : "";
    const source = found.counted ? "a figure that repeats" : "a step in times: others' work can be the cause";
    row.append(node("td", {}, node("button", {type: "button"}, one.subject)),
      node("td", {class: "bad"}, `${+(found.after / found.before).toPrecision(3)}×`),
      node("td", {}, figure(found, one), node("span", {class: "soft"}, ` ${more}`)), where(found),
      node("td", {class: "soft"}, source));
    row.addEventListener("click", () => toggle(row, group.map(each => each.series), 5));
    return row;
  });
  const head = ["what", "factor", "figure", "since", "found by"].map(title => node("th", {}, title));
  return node("div", {class: "wide"}, node("table", {}, node("thead", {}, node("tr", {}, ...head)),
    node("tbody", {}, ...rows)), rows.length > MOST ? node("button", {type: "button", class: "more",
    onclick: event => { rows.forEach(row => { row.hidden = false; }); event.target.remove(); }},
    `show all ${rows.length} lines`) : null);
}

function showTrades() {
  const trades = DATA.regressions.filter(found => found.trade);
  $("trades").hidden = !trades.length;
  $("trade-table").tBodies[0].append(...trades.map(found => {
    const one = series[found.series], other = series[found.trade.series];
    const row = node("tr", {class: "one", "data-subject": one.subject});
    row.append(node("td", {}, node("button", {type: "button"}, one.subject),
      node("span", {class: "soft"}, found.private ? " private" : "")),
      node("td", {class: "bad"}, figure(found, one)), node("td", {class: "good"}, figure(found.trade, other)), where(found));
    row.addEventListener("click", () => toggle(row, [found.series, found.trade.series], 4));
    return row;
  }));
}

function showRegressions() {
  $("regression-list").append(plain.length ? regressionTable(plain)
    : node("p", {}, "None: no figure has grown beyond its limit and stayed so."));
  showTrades();
  const folded = DATA.regressions.filter(found => found.private && !found.trade), box = $("private-regressions");
  box.hidden = !folded.length;
  box.querySelector("summary").textContent = `Of private ops: ${folded.length}`;
  if (folded.length) box.append(regressionTable(folded));
}

function showGroups() {
  const suites = Map.groupBy(series.keys(), k => series[k].suite);
  $("group-list").append(...[...suites].map(([suite, keys]) => {
    const body = node("tbody"), box = node("details", {"data-suite": suite, open: suite === "compile"},
      node("summary", {}, `${suite} `, node("span", {class: "soft"}, `${keys.length} series`)));
    box.addEventListener("toggle", () => {
      if (body.rows.length) return;
      body.append(...keys.map(k => {
        const one = series[k], row = node("tr", {class: "one"});
        row.append(node("td", {}, node("button", {type: "button"}, `${one.subject} ${one.what}`)),
          node("td", {}, `${amount(last(one), one.unit)} ${one.unit.startsWith("seconds") ? "" : one.unit}`),
          node("td", {}, wordOf(one)), node("td", {}, spark(one.values)));
        row.addEventListener("click", () => toggle(row, [k], 4));
        return row;
      }));
    });
    box.append(node("div", {class: "wide"}, node("table", {}, body)));
    return box;
  }));
}

function card(number, words, act) {
  return node("button", {type: "button", onclick: act}, node("b", {}, String(number)), words);
}

// Each card shows what it counts
function showCards() {
  const of = (peer, id) => {
    const measured = DATA.ops.filter(op => !op.private && kinds[peer].some(role => highest(op, role) !== null));
    const name = peer === "numpy" ? "NumPy" : "torch";
    return measured.length ? card(measured.filter(op => slow(op, peer)).length,
      `of ${measured.length} ops are slower than ${name} at some size`, () => {
        $(id).checked = !$(id).checked;
        showOps();
        $("ops").scrollIntoView();
      }) : null;
  };
  const wait = series.findIndex((one, k) => here(k) && one.method === "first_call_warm");
  const worst = DATA.ops.filter(op => highest(op, "ulp") !== null)
    .reduce((a, b) => a === null || highest(b, "ulp") > highest(a, "ulp") ? b : a, null);
  const found = [of("numpy", "only-numpy"), of("torch", "only-torch"),
    card(plain.length, `${plain.length === 1 ? "figure" : "figures"} got worse at a commit and stayed so`,
      () => $("regressions").scrollIntoView()),
    wait >= 0 && card(amount(last(series[wait]), "seconds"), "first gradient of a process, with a filled cache",
      () => document.querySelector("details[data-suite=compile]").scrollIntoView()),
    worst && card(amount(highest(worst, "ulp"), ""), `units in the last place: the largest error, of ${worst.name}`,
      () => { $("filter").value = worst.name; showOps(); $("ops").scrollIntoView(); })];
  $("cards").replaceChildren(...found.filter(each => each));
}

function start() {
  const machines = DATA.machines.map(m => `${m.machine} (${[m.cpu, m.num_cpu && `${m.num_cpu} processors`, m.ram]
    .filter(Boolean).join(", ")})`);
  const newest = commits.at(-1);
  $("summary").textContent = `${commits.length} ${commits.length === 1 ? "commit" : "commits"}, ${series.length} series, ${DATA.ops.length} ops; newest `
    + `${newest.sha.slice(0, 8)} of ${new Date(1000 * newest.date).toISOString().slice(0, 10)}, ${newest.subject}. `
    + `Measured on ${machines.join(" and ")}.`;
  $("machine").append(node("option", {value: ""}, "all"),
    ...DATA.machines.map(m => node("option", {value: m.machine}, m.machine)));
  $("machine").parentNode.hidden = DATA.machines.length < 2;
  $("machine").addEventListener("change", () => { machine = $("machine").value; showOps(); });
  for (const id of ["filter", "only-numpy", "only-torch"]) $(id).addEventListener("input", showOps);
  $("legacy").hidden = !DATA.legacy;
  $("problems").hidden = !DATA.problems.length;
  $("problems").querySelector("ul").append(...DATA.problems.map(text => node("li", {}, text)));
  const asked = new URLSearchParams(location.hash.slice(1)).get("op");
  if (asked) $("filter").value = asked;
  showHead(); showOps(); showRegressions(); showGroups(); showCards();
  if (asked) $("ops").scrollIntoView();
}

start();
