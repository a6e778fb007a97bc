"use strict";
// The values of the page, and questions about them. Texts and sets of ports are in tables: a number stands for one.

const data = JSON.parse(document.getElementById("values").textContent);

const text = (number) => data.texts[number];
const groupName = (group) => text(data.groups[group][0]);
const isNamespace = (group) => data.groups[group][1] === "namespace";
const isInternet = (group) => data.groups[group][1] === "internet";
const isOutside = (group) => isInternet(group) || data.groups[group][1] === "outside";
const groupNumbers = new Map(data.groups.map((each, number) => [text(each[0]), number]));

const namespaces = data.namespaces.map(([name, group, policies, rules, reason]) => ({
  name: text(name), group, policies, rules, reason: reason < 0 ? null : text(reason),
}));
const namespaceNamed = new Map(namespaces.map((each) => [each.name, each]));

function rule(number) {
  const [title, way, peers, ports, policy, why, owner, until, file, line, own] = data.rules[number];
  return {
    number, title: text(title), direction: way === "i" ? "ingress" : "egress", peers: text(peers), ports: text(ports),
    policy, why: text(why), owner: text(owner), until: text(until), place: place(file, line), own: own === 1,
  };
}

function policy(number) {
  const [name, file, line, pods] = data.policies[number];
  return { name: text(name), place: place(file, line), pods: text(pods) };
}

const place = (file, line) => (line ? `${text(file)}:${line}` : text(file));

// Set number `number` of members of a family, as an object with `has` and `list`. It is decoded when it is first asked for.
const decodedSets = new Map();
function memberSet(family, number) {
  if (!decodedSets.has(family)) decodedSets.set(family, []);
  const known = decodedSets.get(family);
  known[number] ??= decodeSet(family.sets[number]);
  return known[number];
}

function decodeSet(spelt) {
  const list = [];
  if (spelt.startsWith("x")) {
    const digits = spelt.slice(1);
    for (let at = 0; at < digits.length; at++) {
      const digit = parseInt(digits[digits.length - 1 - at], 16);
      for (let bit = 0; bit < 4; bit++) if ((digit >> bit) & 1) list.push(4 * at + bit);
    }
  } else if (spelt) {
    for (const range of spelt.split(",")) {
      const [first, last] = range.split("-").map(Number);
      for (let each = first; each <= (last ?? first); each++) list.push(each);
    }
  }
  const known = new Set(list);
  return { list, has: (member) => known.has(member) };
}

// What is between group `from` and group `to`: a number of `data.matrix.kinds`.
const decodedRows = [];
function kindBetween(from, to) {
  decodedRows[from] ??= data.matrix.rows[from].reduce((row, value, at, runs) => {
    if (at % 2 === 0) for (let count = 0; count < runs[at + 1]; count++) row.push(value);
    return row;
  }, []);
  return decodedRows[from][to];
}

const portsText = (number) => data.ports[number][0];
const isOpen = (number) => data.ports[number][1].length > 0;

// A port as a person writes it: `443`, `53/UDP`, `8000-8010`. Returns null for nothing, undefined for something else.
function parsePort(written) {
  const trimmed = written.trim();
  if (!trimmed) return null;
  const found = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(TCP|UDP|SCTP))?$/i.exec(trimmed);
  if (!found) return undefined;
  const first = Number(found[1]), last = Number(found[2] ?? found[1]);
  if (first < 1 || last > 65535 || first > last) return undefined;
  return { protocol: (found[3] ?? "TCP").toUpperCase(), first, last };
}

const portsHave = (number, port) =>
  data.ports[number][1].some(([protocol, first, last]) => protocol === port.protocol && first <= port.last && port.first <= last);

const counted = (number, noun) => `${number.toLocaleString("en")} ${number === 1 ? noun : noun.endsWith("y") ? noun.slice(0, -1) + "ies" : noun + "s"}`;
