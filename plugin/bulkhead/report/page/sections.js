// The sections of the page in addition to the matrix.

const SEVERITIES = ["error", "warning", "note"];

function findingItem([severity, check, message, hint, places, spaces, facts, accepted]) {
  const reason = text(accepted);
  return element("article", { class: `finding ${reason ? "note" : severity}` },
    element("h3", {}, element("span", { class: "tag" }, reason ? "accepted" : severity), ` ${check}`),
    element("p", {}, named(text(message))),
    element("p", { class: "small" }, shortList(places, 5, (each) => [code(text(each)), " "])),
    spaces.length > 0 && element("p", { class: "small" }, "namespaces: ", shortList(spaces, 12, (each) => element("span", {}, namespaceLink(text(each)), " "))),
    facts.map(([title, words]) => element("p", { class: "small" }, `${text(title)}: `, shortList(words, 8, (each) => element("span", {}, named(text(each)), " ")))),
    reason ? element("p", {}, "accepted: ", named(reason)) : text(hint) && element("p", {}, "hint: ", named(text(hint))));
}

function findingsSection(found = data.findings) {
  const open = found.filter((each) => !text(each[7])), accepted = found.filter((each) => text(each[7]));
  const order = (one, other) => SEVERITIES.indexOf(one[0]) - SEVERITIES.indexOf(other[0]);
  return [
    open.length ? shortList([...open].sort(order), 100, findingItem) : element("p", {}, "lint finds nothing that is not accepted."),
    accepted.length > 0 && element("details", {}, element("summary", {}, counted(accepted.length, "accepted finding")), shortList(accepted, 100, findingItem))];
}

const MARKS = { ok: "✓ ok", FAIL: "✗ FAIL", known: "! known", "NOT DECIDED": "? NOT DECIDED" };

function promisesSection() {
  if (data.testsLeftOut) return [element("p", {}, "The reachability tests in tests/reachability were left out (--no-tests).")];
  if (!data.promises) return [element("p", {}, "There are no reachability tests in tests/reachability.")];
  const failed = (each) => ["FAIL", "NOT DECIDED", "known", "ok"].indexOf(each[0]);
  const rows = [...data.promises].sort((one, other) => failed(one) - failed(other)).map(([word, test, message, at, because, reasons, notes]) => [
    named(text(message)), element("span", { class: `tag ${word === "ok" ? "good" : word === "known" ? "odd" : "wrong"}` }, MARKS[word] ?? word), named(text(test)),
    code(text(at)), [named(text(because)), reasons.map((each) => element("p", { class: "small" }, named(text(each)))),
      notes.map((each) => element("p", { class: "small" }, "note: ", named(text(each))))]]);
  return [table("Promises of the reachability tests", ["promise", "result", "test", "place", "reason"], rows)];
}

function unprotectedSection() {
  const found = namespaces.filter((each) => each.reason !== null);
  if (!found.length) return [element("p", {}, "No namespace is on record as unprotected.")];
  return [table("Namespaces that are unprotected on record", ["namespace", "reason"], found.map((each) => [namespaceLink(each.name), named(each.reason)]))];
}

function notUnderstoodSection() {
  return [
    data.notUnderstood.length ? null : element("p", {}, "Everything that was read was judged."),
    data.notUnderstood.map(([heading, lines]) => [element("h3", {}, heading), element("ul", {}, shortList(lines, 100, (line) => element("li", {}, named(line))))])];
}

const stateOf = (each) => (each.reason !== null ? "unprotected on record" : each.policies.length ? "protected" : "no policy");
const findingsOf = (name) => data.findings.filter((each) => each[5].some((number) => text(number) === name));

function namespacesSection() {
  const counts = new Map();
  for (const each of data.findings) if (!text(each[7])) for (const name of each[5]) counts.set(text(name), (counts.get(text(name)) ?? 0) + 1);
  const rows = namespaces.map((each) => [
    namespaceLink(each.name), stateOf(each), String(each.policies.length), String(each.rules.filter((number) => data.rules[number][10]).length), String(counts.get(each.name) ?? 0)]);
  return [table("Namespaces", ["namespace", "state", "policies", "rules of its own", "findings"], rows)];
}

function namespaceSection(each) {
  const rules = each.rules.map(rule), selected = (found) => policy(found.policy).pods;
  const cells = (found) => [
    [element("strong", {}, named(found.title)), !found.own && element("span", { class: "small" }, " (standard)")],
    selected(found), named(found.peers), found.ports === "all" ? "all ports" : found.ports, named(found.why), named(found.owner), found.until, code(found.place)];
  const heads = (who) => ["rule", "pods", who, "ports", "why", "owner", "until", "line"];
  const [ingress, egress] = ["ingress", "egress"].map((direction) => rules.filter((found) => found.direction === direction));
  const state = isolation(each);
  const found = findingsOf(each.name);
  return [
    element("p", {}, `State: ${stateOf(each)}. In: ${state.ingress}. Out: ${state.egress}.`),
    each.reason !== null && element("p", {}, "Unprotected on record: ", named(each.reason)),
    picture(each),
    ingress.length > 0 && table(`Who may connect to ${each.name}`, heads("from"), ingress.map(cells), "rules"),
    egress.length > 0 && table(`Where ${each.name} may connect to`, heads("to"), egress.map(cells), "rules"),
    each.policies.length > 0 && element("details", {}, element("summary", {}, counted(each.policies.length, "policy")),
      listed(each.policies.map(policy).map((found) => [named(found.name), " ", code(found.place)]))),
    data.matrix && each.group >= 0 && reachOf(each.group),
    element("h3", {}, "Findings"), found.length ? findingsSection(found) : element("p", {}, "lint finds nothing about this namespace alone."),
  ];
}

// What a namespace reaches and who reaches it, with a link to the reasons of each.
function reachOf(group) {
  const list = (title, between) => {
    const open = data.groups.map((_, other) => other).filter((other) => portSetsOf([between(other)[0]]).some(isOpen));
    const item = (other) => {
      const [kind, from, to] = between(other);
      return element("li", {}, link(whyHash(groupName(from), groupName(to)), named(groupName(other))), `: ${cellWords([kind]).phrase}`);
    };
    return element("details", {}, element("summary", {}, `${title}: ${open.length}`), element("ul", { class: "columns" }, shortList(open, 60, item)));
  };
  return [
    list("Namespaces and networks that reach it", (other) => [kindBetween(other, group), other, group]),
    list("Namespaces and networks that it reaches", (other) => [kindBetween(group, other), group, other])];
}

function searchSection(query) {
  const wanted = query.trim().toLowerCase();
  const has = (...words) => words.some((word) => word.toLowerCase().includes(wanted));
  const spaces = namespaces.filter((each) => has(each.name, each.reason ?? ""));
  const rules = namespaces.flatMap((each) => each.rules.map((number) => [each, rule(number)]))
    .filter(([, found]) => has(found.title, found.peers, found.ports, found.why, found.owner, found.place));
  const findings = data.findings.filter((each) => has(each[1], text(each[2]), text(each[3])));
  const promises = (data.promises ?? []).filter((each) => has(text(each[1]), text(each[2]), text(each[4])));
  say(`${counted(spaces.length, "namespace")}, ${counted(rules.length, "rule")}, ${counted(findings.length, "finding")}, ${counted(promises.length, "promise")}`);
  const part = (title, items, made) => items.length > 0 && [element("h3", {}, `${title} (${items.length})`), element("ul", {}, shortList(items, 50, (each) => element("li", {}, made(each))))];
  return [
    part("Namespaces", spaces, (each) => [namespaceLink(each.name), ` ${stateOf(each)}`]),
    part("Rules", rules, ([each, found]) => [namespaceLink(each.name), ` ${found.direction} `, element("strong", {}, named(found.title)), " ", named(found.why), " ", code(found.place)]),
    part("Findings", findings, (each) => [link("#findings", each[1]), " ", named(text(each[2]))]),
    part("Promises", promises, (each) => [link("#promises", named(text(each[2]))), ` ${each[0]}`]),
    !spaces.length && !rules.length && !findings.length && !promises.length && element("p", {}, "Nothing has these words.")];
}
