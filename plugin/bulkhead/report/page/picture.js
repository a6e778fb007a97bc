// The picture of a namespace: who may come in on the left, the pods in the middle, where they may go on the right.

const PICTURE = { width: 900, box: 270, height: 46, gap: 10, top: 44 };

function picture(namespace) {
  const every = namespace.rules.map(rule);
  const [ingress, egress] = ["ingress", "egress"].map((direction) => every.filter((each) => each.direction === direction));
  const isolated = isolation(namespace);
  const rows = Math.max(ingress.length, egress.length, 2);
  const height = PICTURE.top + rows * (PICTURE.height + PICTURE.gap) + 8;
  const side = (rules, x, word) => rules.map((each, at) => ruleBox(each, x, PICTURE.top + at * (PICTURE.height + PICTURE.gap), word));
  const words = `Picture of ${namespace.name}. In: ${spoken(ingress, isolated.ingress)}. Out: ${spoken(egress, isolated.egress)}.`;
  const middle = { x: 350, y: PICTURE.top, width: 200, height: height - PICTURE.top - 18 };
  return element("figure", { tabindex: "0" },
    drawn("svg", { viewBox: `0 0 ${PICTURE.width} ${height}`, role: "img", "aria-label": words, class: "picture" },
      drawn("text", { x: 8, y: 26, class: "head" }, "who may come in"),
      drawn("text", { x: PICTURE.width - 8, y: 26, class: "head end" }, "where they may go"),
      drawn("rect", { ...middle, rx: 6, class: "pods" }),
      label(namespace.name, 450, middle.y + 28, 22, "name middle"),
      drawn("text", { x: 450, y: middle.y + 50, class: "middle" }, namespace.reason === null ? "" : "unprotected"),
      wall(middle.x, middle, isolated.ingress), wall(middle.x + middle.width, middle, isolated.egress),
      drawn("text", { x: 450, y: middle.y + middle.height - 26, class: "middle small" }, `in: ${isolated.ingress}`),
      drawn("text", { x: 450, y: middle.y + middle.height - 10, class: "middle small" }, `out: ${isolated.egress}`),
      side(ingress, 8, "in"), side(egress, PICTURE.width - 8 - PICTURE.box, "out")),
    element("figcaption", {}, "A thick wall denies by default. A thick frame is a rule of this namespace alone; a thin one is of the standard pattern."));
}

const spoken = (rules, state) => (rules.length ? rules.map((each) => `${each.title} (${each.peers}, ports ${each.ports})`).join("; ") : state);

// What is denied by default in each direction: for all pods of the namespace, for some or for none.
function isolation(namespace) {
  const found = { ingress: new Set(), egress: new Set() };
  for (const family of namespace.group < 0 ? [] : data.families) {
    for (const member of memberSet(family, family.groups[namespace.group]).list) {
      for (const direction of ["ingress", "egress"]) {
        found[direction].add(family[direction][member].some((number) => family.effects[number][0] >= 0));
      }
    }
  }
  const words = (states) => (states.size > 1 ? "denied by default for some pods" : states.has(true) ? "denied by default" : "open, no policy isolates it");
  return { ingress: words(found.ingress), egress: words(found.egress) };
}

function wall(x, { y, height }, state) {
  const look = state === "denied by default" ? "wall" : state.startsWith("denied") ? "wall partly" : "wall absent";
  return drawn("line", { x1: x, y1: y - 6, x2: x, y2: y + height + 6, class: look });
}

function ruleBox(each, x, y, word) {
  const middle = y + PICTURE.height / 2;
  const [start, end] = word === "in" ? [x + PICTURE.box, 342] : [558, x];
  return drawn("g", { class: each.own ? "rule own" : "rule" },
    drawn("title", {}, `${each.title}: ${each.peers}, ports ${each.ports}${each.why ? `. ${each.why}` : ""}`),
    drawn("line", { x1: start, y1: middle, x2: end - 7, y2: middle, class: "arrow" }),
    drawn("path", { d: `M${end - 8} ${middle - 5} L${end} ${middle} L${end - 8} ${middle + 5} Z`, class: "point" }),
    drawn("rect", { x, y, width: PICTURE.box, height: PICTURE.height, rx: 4 }),
    label(each.title, x + 10, y + 19, 29, "name"),
    label(`${each.peers}: ${each.ports === "all" ? "all ports" : each.ports}`, x + 10, y + 37, 37, "small"));
}

const label = (words, x, y, most, look) =>
  drawn("text", { x, y, class: look }, words.length > most ? `${[...words].slice(0, most - 1).join("")}…` : words);
