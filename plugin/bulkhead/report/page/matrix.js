// Who reaches whom as a matrix. Namespaces that are alike to all pods are one row and one column, which unfold.

const WINDOW = 40; // rows, and columns, that are shown at once
const SCREEN = 24; // groups of a matrix that is shown without folds

const filter = { port: "", namespace: "", internet: false };
const unfolded = new Set(data.matrix && data.groups.length <= SCREEN ? data.matrix.folds.map((fold) => fold[0]) : []);
const windowStart = { rows: 0, columns: 0 };
let cursor = [0, 0]; // the cell that the Tab key leads to

// The rows and columns: each a list of groups that are alike.
function foldedGroups() {
  return data.matrix.folds.flatMap((fold) =>
    unfolded.has(fold[0]) ? fold.map((group) => ({ groups: [group], fold })) : [{ groups: fold, fold }]);
}

const labelOf = ({ groups }) => groupName(groups[0]) + (groups.length > 1 ? ` +${groups.length - 1}` : "");

// The kinds of what is between two rows, and whether it is one row with itself: then its pairs come last.
function kindsBetween(from, to) {
  const [a, b] = [from.groups, to.groups];
  if (a.length > 1 && a === b) return [...new Set([kindBetween(a[0], a[0]), kindBetween(a[0], a[1])])];
  if (a.length > 1 && isOutside(b[0])) return [...new Set(a.map((group) => kindBetween(group, b[0])))];
  if (b.length > 1 && isOutside(a[0])) return [...new Set(b.map((group) => kindBetween(a[0], group)))];
  return [kindBetween(a[0], b[0])];
}

const portSetsOf = (kinds) => kinds.flatMap((kind) => data.matrix.kinds[kind]);

// What a cell says: one word, a whole sentence, and a class for its look.
function cellWords(kinds) {
  const sets = [...new Set(portSetsOf(kinds))];
  if (!sets.length) return { word: "", phrase: "no pair", look: "none" };
  const open = sets.filter(isOpen);
  if (!open.length) return { word: "–", phrase: "nothing", look: "closed" };
  if (kinds.length > 1) return { word: "differ", phrase: "not the same for all namespaces of the row", look: "some" };
  if (sets.length > 1) return { word: "some", phrase: "some of the pods, or not the same ports for all", look: "some" };
  const ports = portsText(open[0]);
  if (ports === "all") return { word: "all", phrase: "all ports", look: "all" };
  const [first, ...more] = ports.split(", ");
  const word = ports.length <= 9 ? ports : ports.startsWith("all but") ? "all but" : more.length ? `${first} +${more.length}` : ports;
  return { word, phrase: `${ports}`, look: "open" };
}

const isFiltered = () => Boolean(filter.port.trim() || filter.namespace.trim() || filter.internet);

// Whether the filters leave what is between two rows.
function isShown(from, to, port) {
  const groups = [...from.groups, ...to.groups];
  if (filter.internet && !groups.some(isInternet)) return false;
  const wanted = filter.namespace.trim().toLowerCase();
  if (wanted && !groups.some((group) => groupName(group).toLowerCase().includes(wanted))) return false;
  const open = portSetsOf(kindsBetween(from, to)).filter(isOpen);
  return port ? open.some((number) => portsHave(number, port)) : open.length > 0;
}

function matrixSection() {
  if (!data.matrix) {
    return [element("p", {}, `The ${counted(data.groups.length, "namespace")} and networks differ too much for a matrix. ` +
      "Each namespace has its own page, and "), code("bulkhead reach --from A --to B"), " lists what is open."];
  }
  const body = element("div", { id: "matrix" });
  body.append(...matrixBody());
  return [filterForm(), body];
}

function redrawMatrix(focus) {
  const body = document.getElementById("matrix");
  if (!body) return;
  body.replaceChildren(...matrixBody());
  if (focus) body.querySelector(focus)?.focus();
}

function filterForm() {
  const change = (key, value) => {
    filter[key] = value;
    windowStart.rows = windowStart.columns = 0;
    cursor = [0, 0];
    redrawMatrix();
  };
  const field = (key, label, placeholder, list) => element("label", {}, label, element("input", {
    type: "text", name: key, placeholder, value: filter[key], autocomplete: "off", spellcheck: "false", list,
    on: { input: (event) => change(key, event.target.value) },
  }));
  const form = element("form", { class: "filters", "aria-label": "Filter the matrix", on: { submit: (event) => event.preventDefault() } },
    field("port", "Port", "443 or 53/UDP"),
    field("namespace", "Namespace", "part of a name"),
    element("label", { class: "check" }, element("input", {
      type: "checkbox", name: "internet", checked: filter.internet,
      on: { change: (event) => change("internet", event.target.checked) },
    }), "Only the internet"),
    element("button", { type: "button", on: { click: () => {
      Object.assign(filter, { port: "", namespace: "", internet: false });
      form.querySelectorAll("input").forEach((input) => { input.value = ""; input.checked = false; });
      change("port", "");
    } } }, "Clear"),
    element("button", { type: "button", on: { click: () => {
      const folds = data.matrix.folds.filter((fold) => fold.length > 1);
      const all = folds.every((fold) => unfolded.has(fold[0]));
      folds.forEach((fold) => (all ? unfolded.delete(fold[0]) : unfolded.add(fold[0])));
      change("port", filter.port);
    } } }, "Fold or unfold all"));
  return form;
}

function matrixBody() {
  const port = parsePort(filter.port);
  if (port === undefined) {
    say("Write a port as 443, 53/UDP or 8000-8010.");
    return [element("p", { class: "bad" }, "Write a port as 443, 53/UDP or 8000-8010.")];
  }
  const every = foldedGroups();
  const shown = every.map((from) => every.map((to) => isShown(from, to, port)));
  const inUse = (at, byRow) => !isFiltered() || every.some((_, other) => (byRow ? shown[at][other] : shown[other][at]));
  const rows = every.map((_, at) => at).filter((at) => inUse(at, true));
  const columns = every.map((_, at) => at).filter((at) => inUse(at, false));
  windowStart.rows = Math.min(windowStart.rows, lastStart(rows.length));
  windowStart.columns = Math.min(windowStart.columns, lastStart(columns.length));
  const open = rows.reduce((sum, row) => sum + columns.filter((column) => shown[row][column]).length, 0);
  say(`${counted(rows.length, "row")}, ${counted(columns.length, "column")}, ${counted(open, "open cell")}`);
  if (!rows.length) return [element("p", {}, "Nothing is open that the filters leave.")];
  const some = [
    rows.slice(windowStart.rows, windowStart.rows + WINDOW), columns.slice(windowStart.columns, windowStart.columns + WINDOW)];
  return [
    element("div", { class: "windows" }, windowButtons("rows", rows.length), windowButtons("columns", columns.length)),
    grid(every, shown, ...some),
    legend(),
  ];
}

const lastStart = (total) => Math.max(0, Math.floor((total - 1) / WINDOW) * WINDOW);

function windowButtons(key, total) {
  if (total <= WINDOW) return null;
  const start = windowStart[key];
  const move = (to, label, usable) => element("button", { type: "button", disabled: !usable, "data-move": `${key} ${label}`, on: { click: () => {
    windowStart[key] = to;
    cursor = [0, 0];
    redrawMatrix(`[data-move="${key} ${label}"]:not(:disabled), [data-move^="${key}"]:not(:disabled)`);
  } } }, `${label} ${key}`);
  return element("p", {}, `${key === "rows" ? "Rows" : "Columns"} ${start + 1}–${Math.min(start + WINDOW, total)} of ${total} `,
    move(start - WINDOW, "Previous", start > 0), " ", move(start + WINDOW, "Next", start + WINDOW < total));
}

function grid(every, shown, rows, columns) {
  cursor = [Math.min(cursor[0], rows.length - 1), Math.min(cursor[1], columns.length - 1)];
  const cells = rows.map((row, y) => columns.map((column, x) => cell(every[row], every[column], shown[row][column], y, x)));
  const keys = (event) => moveInGrid(event, rows.length, columns.length);
  return element("div", { class: "scroll matrix" },
    element("table", { role: "grid", "aria-label": "Who reaches whom: rows are sources, columns are destinations", on: { keydown: keys } },
      element("thead", {}, element("tr", {},
        element("td", { class: "corner" }, "from ↓ to →"),
        columns.map((column) => element("th", { scope: "col", "data-group": labelOf(every[column]) },
          element("span", { class: "upright" }, named(labelOf(every[column]))))))),
      element("tbody", {}, rows.map((row, y) => element("tr", {}, rowHead(every[row]), cells[y])))));
}

function rowHead(row) {
  const name = groupName(row.groups[0]);
  const first = row.groups[0] === row.fold[0];
  const toggle = row.fold.length > 1 && first && element("button", {
    type: "button", class: "fold", "aria-expanded": String(row.groups.length === 1), "data-fold": name,
    "aria-label": `${row.fold.length} namespaces that are alike, the first is ${name}`,
    on: { click: () => {
      if (unfolded.has(row.fold[0])) unfolded.delete(row.fold[0]);
      else unfolded.add(row.fold[0]);
      redrawMatrix(`[data-fold="${CSS.escape(name)}"]`);
    } },
  }, row.groups.length === 1 ? "−" : "+");
  const label = row.groups.length > 1 ? ` +${row.groups.length - 1}` : "";
  return element("th", { scope: "row" }, toggle, namespaceLink(name), label);
}

function cell(from, to, isLeft, y, x) {
  const { word, phrase, look } = cellWords(kindsBetween(from, to));
  if (look === "none") return element("td", { class: "none", "data-at": `${y} ${x}`, tabindex: "-1" }, element("span", { class: "hidden" }, "no pair"));
  const target = from.groups === to.groups && from.groups.length > 1 ? to.groups[1] : to.groups[0];
  const [source, destination] = [groupName(from.groups[0]), groupName(target)];
  return element("td", { class: isFiltered() && !isLeft ? `${look} dimmed` : look },
    element("button", {
      type: "button", tabindex: y === cursor[0] && x === cursor[1] ? "0" : "-1", "data-at": `${y} ${x}`, "data-from": source, "data-to": destination,
      "aria-label": `from ${labelOf(from)} to ${labelOf(to)}: ${phrase}. Why?`, title: phrase,
      on: { click: () => { cursor = [y, x]; location.hash = whyHash(source, destination); } },
    }, word));
}

// The arrow keys move from cell to cell, Home and End within a row.
function moveInGrid(event, rows, columns) {
  const at = event.target.getAttribute("data-at");
  if (!at) return;
  const [y, x] = at.split(" ").map(Number);
  const moved = { ArrowUp: [y - 1, x], ArrowDown: [y + 1, x], ArrowLeft: [y, x - 1], ArrowRight: [y, x + 1], Home: [y, 0], End: [y, columns - 1] }[event.key];
  if (!moved) return;
  event.preventDefault();
  const to = [Math.max(0, Math.min(rows - 1, moved[0])), Math.max(0, Math.min(columns - 1, moved[1]))];
  const next = event.currentTarget.querySelector(`[data-at="${to[0]} ${to[1]}"]`);
  event.target.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  cursor = to;
  next.focus();
}

function legend() {
  const entries = [
    ["all", "every port and protocol"], ["443", "that TCP port alone; 53/UDP another protocol's"], ["443 +2", "that port and more: the cell says which"],
    ["–", "nothing"], ["some", "some of the pods, or not the same ports for all"], ["differ", "not the same for all namespaces of a folded row"]];
  return element("dl", { class: "legend" }, entries.map(([word, meaning]) => element("div", {}, element("dt", {}, word), element("dd", {}, meaning))),
    element("div", {}, element("dt", {}, "+"), element("dd", {}, "a folded row: namespaces that are alike to all pods")));
}
