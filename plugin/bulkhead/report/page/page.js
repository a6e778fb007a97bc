// The page as a whole: its head, the view that the fragment of the address names, the dialog with the reasons of a cell.

const VIEWS = {
  matrix: ["Who reaches whom", matrixSection],
  namespaces: ["Namespaces", namespacesSection],
  findings: ["Findings of lint", findingsSection],
  promises: ["Promises of test", promisesSection],
  unprotected: ["Unprotected on record", unprotectedSection],
  "not-understood": ["What was not understood", notUnderstoodSection],
};
let view = "#matrix"; // the view behind the dialog

function head() {
  const themes = { system: "as the system", light: "light", dark: "dark" };
  const choose = (event) => {
    if (event.target.value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = event.target.value;
  };
  const search = (event) => {
    const words = event.target.value;
    history.replaceState(null, "", words.trim() ? `#search/${encodeURIComponent(words)}` : "#matrix");
    show();
  };
  return element("header", {},
    element("a", { class: "skip", href: "#content", on: { click: (event) => { event.preventDefault(); document.querySelector("main").focus(); } } }, "Skip to the content"),
    element("div", { class: "top" },
      element("h1", {}, named(data.title), element("span", { class: "small" }, " network segmentation")),
      element("label", {}, "Search", element("input", { type: "search", name: "search", placeholder: "namespace, rule, reason, owner", autocomplete: "off", on: { input: search } })),
      element("label", {}, "Colours", element("select", { name: "theme", on: { change: choose } }, Object.entries(themes).map(([value, words]) => element("option", { value }, words)))),
      element("button", { type: "button", on: { click: () => window.print() } }, "Print")),
    element("p", { class: "summary" }, summary()),
    element("nav", { "aria-label": "Sections" }, element("ul", {},
      Object.entries(VIEWS).map(([key, [title]]) => element("li", {}, link(`#${key}`, title))),
      element("li", {}, link("#everything", "Everything, to print")))));
}

function summary() {
  const unprotected = namespaces.filter((each) => each.reason !== null).length;
  const guarded = namespaces.filter((each) => each.reason === null && each.policies.length).length;
  const open = data.findings.filter((each) => !text(each[7])), worse = open.filter((each) => each[0] !== "note").length;
  const broken = (data.promises ?? []).filter((each) => each[0] === "FAIL" || each[0] === "NOT DECIDED").length;
  return [
    `${counted(guarded, "namespace")} with policies, ${unprotected} unprotected on record, ${counted(data.policies.length, "policy")}. `,
    `lint: ${counted(open.length, "finding")}, ${worse} of them warnings or errors. `,
    data.promises ? `test: ${counted(data.promises.length, "promise")}, ${broken} broken or not decided.` : data.testsLeftOut ? "The reachability tests were left out." : "No reachability tests."].join("");
}

function foot() {
  return element("footer", {}, element("p", {}, `evidence: ${data.evidence}`),
    element("p", {}, `Policies are read ${data.semantics}. bulkhead ${data.bulkhead}`, data.revision && [", commit ", code(data.revision)], `, ${data.day}.`));
}

const heading = (...words) => element("h2", { tabindex: "-1" }, ...words);

function everything() {
  return [
    ...Object.values(VIEWS).map(([title, made]) => element("section", {}, element("h2", {}, title), made())),
    ...namespaces.map((each) => element("section", { class: "page" }, element("h2", {}, named(each.name)), namespaceSection(each)))];
}

// The content for a fragment: `namespace/media`, `search/dns`, or a view of the table.
function content(fragment) {
  const [kind, ...words] = fragment.split("/").map(decoded);
  if (kind === "namespace" && namespaceNamed.has(words[0])) return [heading("Namespace ", named(words[0])), namespaceSection(namespaceNamed.get(words[0]))];
  if (kind === "search") return [heading("Found"), searchSection(words.join("/"))];
  if (kind === "everything") return [everything()];
  if (kind && !VIEWS[kind]) return [heading("There is no such section"), element("p", {}, "This report has no ", code(fragment.slice(0, 300)), "."), link("#matrix", "Who reaches whom")];
  const [title, made] = VIEWS[kind || "matrix"];
  return [heading(title), made()];
}

function decoded(word) {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

function show() {
  const fragment = location.hash.slice(1);
  const [kind, from, to] = fragment.split("/").map(decoded);
  const dialog = document.querySelector("dialog");
  if (kind === "why" && groupNumbers.has(from) && groupNumbers.has(to)) {
    if (!document.querySelector("main").childElementCount) fill(view.slice(1));
    dialog.querySelector(".body").replaceChildren(
      element("h2", { id: "why" }, "Why: ", named(from), " → ", named(to)), ...whySection(groupNumbers.get(from), groupNumbers.get(to)).flat(2).filter(Boolean));
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    return;
  }
  if (dialog.open) dialog.close();
  const changed = view !== `#${fragment}`;
  const filledAlready = document.querySelector("main").childElementCount > 0;
  view = `#${fragment || "matrix"}`;
  if (filledAlready && !changed) return;
  fill(fragment);
  if (filledAlready && kind !== "search") {
    document.querySelector("main h2")?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
}

function fill(fragment) {
  document.querySelector("main").replaceChildren(...content(fragment).flat(Infinity).filter(Boolean));
  document.querySelectorAll("nav a").forEach((each) => {
    if (each.getAttribute("href") === `#${fragment || "matrix"}`) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  });
}

function closeReasons() {
  if (location.hash.startsWith("#why/")) history.replaceState(null, "", view);
  redrawMatrix(`[data-at="${cursor[0]} ${cursor[1]}"]`);
}

document.body.append(
  head(),
  element("p", { id: "status", role: "status", class: "small" }),
  element("main", { id: "content", tabindex: "-1" }),
  foot(),
  element("dialog", { "aria-labelledby": "why", on: { close: closeReasons } },
    element("button", { type: "button", class: "close", on: { click: () => document.querySelector("dialog").close() } }, "Close"),
    element("div", { class: "body" })));
window.addEventListener("hashchange", show);
show();
