// Why a cell is open or not: the rules of both sides, with the lines where they are written.

const MOST_PAIRS = 40000; // pairs of endpoint classes that are looked at

// What decides between two groups: lists of pairs that the same rules decide, with what is open between them.
function reasonsBetween(from, to) {
  const found = new Map();
  let left = MOST_PAIRS;
  for (const family of data.families) {
    const [alone, outside] = [memberSet(family, family.alone), memberSet(family, family.outside)];
    for (const source of memberSet(family, family.groups[from]).list) {
      for (const destination of memberSet(family, family.groups[to]).list) {
        if ((source === destination && alone.has(source)) || (outside.has(source) && outside.has(destination))) continue;
        if (!left--) return { reasons: [...found.values()], complete: false };
        const each = reasonOf(family, source, destination, outside);
        const key = JSON.stringify([family.family, each.ports, each.out, each.into]);
        if (!found.has(key)) found.set(key, { ...each, sources: new Set(), destinations: new Set() });
        family.names[source].forEach((name) => found.get(key).sources.add(text(name)));
        family.names[destination].forEach((name) => found.get(key).destinations.add(text(name)));
      }
    }
  }
  return { reasons: [...found.values()], complete: true };
}

function reasonOf(family, source, destination, outside) {
  return {
    family: family.family,
    ports: openPorts(family, source, destination),
    out: outside.has(source) ? null : sideOf(family, family.egress[source], 2, destination, destination),
    into: outside.has(destination) ? null : sideOf(family, family.ingress[destination], 1, source, destination),
  };
}

// The ports that are open between two members: a number of the table, or -1.
function openPorts(family, source, destination) {
  family.rowOf ??= new Map(family.open.flatMap((row) => memberSet(family, row[0]).list.map((member) => [member, row[1]])));
  const part = (family.rowOf.get(source) ?? []).find(([, members]) => memberSet(family, members).has(destination));
  return part && isOpen(part[0]) ? part[0] : -1;
}

// The rules of one side that let a connection through, with the ports of each, and the policies that isolate the pod.
function sideOf(family, effects, direction, peer, destination) {
  const rules = [], policies = [];
  for (const number of effects) {
    const effect = family.effects[number];
    if (effect[0] >= 0) policies.push(effect[0]);
    for (const [ruleNumber, peers, opened] of effect[direction]) {
      if (!memberSet(family, peers).has(peer)) continue;
      const ports = opened.filter(([, having]) => memberSet(family, having).has(destination)).map(([set]) => set).filter(isOpen);
      if (ports.length) rules.push([ruleNumber, ports]);
    }
  }
  return { rules, policies };
}

function whySection(from, to) {
  const { reasons, complete } = reasonsBetween(from, to);
  const several = data.families.length > 1;
  reasons.sort((one, other) => (other.ports >= 0) - (one.ports >= 0));
  return [
    alikeWords(from, to), alikeWords(to, from, true),
    reasons.length ? null : element("p", {}, "There is no pair: policies decide between pods, and between a pod and an address."),
    shortList(reasons, 20, (each) => reasonArticle(each, several)),
    complete ? null : element("p", { class: "bad" }, "There are more pairs than are shown here."),
    element("p", {}, "The same in a terminal, port by port: ", code(`bulkhead explain '${groupName(from)}' '${groupName(to)}'`)),
  ];
}

// What is different between `outer`, a network, and the namespaces that are one row with `inner`.
function alikeWords(inner, outer, isInto) {
  const fold = data.matrix?.folds.find((each) => each.includes(inner));
  if (!fold || fold.length < 2) return null;
  const alike = element("p", {}, named(groupName(inner)), ` is one of ${fold.length} namespaces that are alike to all pods.`);
  if (!isOutside(outer)) return alike;
  const byKind = new Map();
  for (const group of fold) {
    const kind = isInto ? kindBetween(outer, group) : kindBetween(group, outer);
    byKind.set(kind, [...(byKind.get(kind) ?? []), group]);
  }
  if (byKind.size < 2) return alike;
  const row = ([kind, groups]) => element("li", {}, `${cellWords([kind]).phrase}: ${counted(groups.length, "namespace")}: `,
    shortList(groups, 6, (group) => element("span", {}, link(isInto ? whyHash(groupName(outer), groupName(group)) : whyHash(groupName(group), groupName(outer)), named(groupName(group))), " ")));
  return element("details", { open: byKind.size <= 8 }, element("summary", {}, `The ${fold.length} namespaces of this row differ in what is open ${isInto ? "from" : "to"} `, named(groupName(outer))),
    element("ul", {}, shortList([...byKind].sort((one, other) => other[1].length - one[1].length), 12, row)));
}

function reasonArticle(reason, several) {
  const ends = [...reason.sources], others = [...reason.destinations];
  return element("article", { class: "reason" },
    element("h3", {}, few(ends), " → ", few(others), several ? ` over IPv${reason.family}` : ""),
    element("p", { class: reason.ports < 0 ? "verdict closed" : "verdict open" },
      reason.ports < 0 ? "refused" : `open: ${portsText(reason.ports) === "all" ? "all ports" : portsText(reason.ports)}`),
    sideList("Out of", ends, reason.out, "egress"),
    sideList("Into", others, reason.into, "ingress"));
}

const few = (names) => named(names.slice(0, 3).join(", ") + (names.length > 3 ? ` and ${names.length - 3} more` : ""));

function sideList(way, names, side, direction) {
  const head = element("h4", {}, `${way} `, few(names));
  if (!side) return element("div", { class: "side" }, head, element("p", {}, "No policy applies to this address."));
  const open = !side.policies.length && element("p", {}, `Open: no policy isolates its ${direction}.`);
  const refused = side.policies.length > 0 && !side.rules.length && [
    element("p", {}, "Refused: no rule allows it. It is isolated by:"),
    listed(side.policies.map(policy).map(({ name, place }) => [named(name), place && [" ", code(place)]]))];
  return element("div", { class: "side" }, head, open, refused, side.rules.length > 0 && element("ul", { class: "rules" },
    side.rules.map(([number, ports]) => element("li", {}, ruleWords(rule(number), ports.map(portsText).join("; "))))));
}

function ruleWords(each, ports) {
  return [
    element("strong", {}, named(each.title)), ` opens ${ports === "all" ? "all ports" : ports} `, code(each.place),
    each.why && element("p", {}, named(each.why)),
    (each.owner || each.until) && element("p", { class: "small" },
      [each.owner && `owner: ${each.owner}`, each.until && `until ${each.until}`].filter(Boolean).join(", "))];
}
