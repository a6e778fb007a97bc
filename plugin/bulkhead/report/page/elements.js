// Elements of the page. Every value becomes a text node: there is no way from a value to markup.

function element(name, attributes, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function drawn(name, attributes, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key === "on") for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.flat(Infinity).filter((each) => each !== null && each !== undefined && each !== false));
  return made;
}

// A name that people chose: it is isolated, so that its direction of writing does not change what is around it.
const named = (name) => element("bdi", {}, name);
const code = (words) => element("code", {}, words);
const link = (hash, ...children) => element("a", { href: hash }, ...children);
const listed = (items) => element("ul", {}, items.map((each) => element("li", {}, each)));

const namespaceHash = (name) => `#namespace/${encodeURIComponent(name)}`;
const whyHash = (from, to) => `#why/${encodeURIComponent(from)}/${encodeURIComponent(to)}`;
const namespaceLink = (name) => (namespaceNamed.has(name) ? link(namespaceHash(name), named(name)) : named(name));

function table(caption, heads, rows, look) {
  return element("div", { class: "scroll", role: "region", "aria-label": caption, tabindex: "0" },
    element("table", { class: look },
      element("caption", {}, caption),
      element("thead", {}, element("tr", {}, heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, rows.map((cells) => element("tr", {}, cells.map((cell, at) =>
        at ? element("td", {}, cell) : element("th", { scope: "row" }, cell)))))));
}

// The first items of a long list, and a button that shows the rest. In a list the button is an item of its own.
function shortList(items, most, made) {
  if (items.length <= most) return items.map(made);
  const first = items.slice(0, most).map(made);
  const button = element("button", { type: "button", on: { click: () => rest.replaceWith(...items.slice(most).map(made).flat(Infinity)) } },
    `Show ${items.length - most} more`);
  const rest = first[0] instanceof HTMLLIElement ? element("li", {}, button) : button;
  return [...first, rest];
}

function say(words) {
  const status = document.getElementById("status");
  if (status.textContent !== words) status.textContent = words;
}
