/** Building blocks of the page. Whatever came from somebody else becomes a text node, never markup. */

const LINK = /https?:\/\/[^\s<>"']+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\+\d[\d ()/-]{6,}\d/g;

const ICONS = {
  bell: "M4 17h16M12 6V4M10 4h4M5.5 17a6.5 6.5 0 0 1 13 0M4 20h16",
  close: "M6 6l12 12M18 6 6 18",
  send: "M4 12h14M12 5l7 7-7 7",
  person: "M12 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM5 20a7 7 0 0 1 14 0",
};

/** An element. Properties that start with "on" are listeners, true is an empty attribute, null and false are left out.
 * @param {string} tag @param {Record<string, any>} [properties] @param {...(Node | string | null | false)} children */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value != null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child || child === 0));
  return element;
}

/** @param {keyof ICONS} name */
export function icon(name) {
  const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  if (name === "send") svg.setAttribute("class", "turn");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Fill `{placeholders}`. @param {string} text @param {Record<string, any>} values */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

/** Text with its web, mail and phone addresses as links. @param {string} text @returns {(Node | string)[]} */
export function linked(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const address = match[0].replace(/[.,;:!?)]+$/, "");
    nodes.push(text.slice(end, match.index), link(address));
    end = match.index + address.length;
  }
  return [...nodes, text.slice(end)];
}

function link(address) {
  if (address.startsWith("http")) return h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, address);
  return h("a", { href: address.includes("@") ? `mailto:${address}` : `tel:${address.replace(/[^+\d]/g, "")}`, dir: "ltr" }, address);
}

/** One message. `who` is its author in words, `meta` what stands below it.
 * @param {{author: string, text: string, language?: string}} message @param {string} who @param {Node[]} meta */
export function bubble({ author, text, language }, who, meta) {
  return h("article", { class: author, "aria-label": who },
    author !== "guest" && h("p", { class: "who" }, who),
    h("p", { class: "text", dir: "auto", lang: language }, ...linked(text)),
    ...meta);
}

/** Somebody is writing. @param {string} label */
export const dots = (label) =>
  h("article", { class: "concierge", "aria-label": label, "aria-busy": "true" },
    h("p", { class: "text dots", role: "img", "aria-label": label }, h("i"), h("i"), h("i")));

/** Buttons with ready answers. @param {string[]} texts @param {(text: string) => void} onchoice */
export const choices = (texts, onchoice) =>
  h("div", { class: "choices" }, ...texts.map((text) => h("button", { type: "button", dir: "auto", onclick: () => onchoice(text) }, text)));

const FIELDS = { name: ["text", "name"], room_number: ["text", "off"], email: ["email", "email"], phone: ["tel", "tel"] };

/** Who is writing: asked in one line, opened on demand, skipped with one tap.
 * @param {Record<string, string>} texts @param {(details: object | null) => void} onanswer  null: skipped */
export function detailsCard(texts, onanswer) {
  const fields = Object.entries(FIELDS).map(([name, [type, autocomplete]]) =>
    h("label", {}, texts[name], h("input", { name, type, autocomplete, maxlength: 120 })));
  const consent = h("label", { class: "check" }, h("input", { type: "checkbox", name: "consent_follow_up" }), texts.consent_follow_up);
  const skip = () => h("button", { type: "button", class: "quiet", onclick: () => onanswer(null) }, texts.skip);
  const form = h("form", { class: "card", hidden: true, onsubmit: (event) => { event.preventDefault(); onanswer(answers(form)); } },
    ...fields, consent, h("div", { class: "row" }, h("button", { class: "main" }, texts.save), skip()));
  const ask = h("div", { class: "row" }, h("button", { type: "button", onclick: open }, texts.details), skip());
  function open() {
    [form.hidden, ask.hidden] = [false, true];
    form.elements[0].focus();
  }
  return h("div", { class: "card", role: "group", "aria-label": texts.details }, h("p", {}, texts.form), ask, form);
}

function answers(form) {
  const filled = [...new FormData(form)].filter(([name, value]) => name in FIELDS && value.trim());
  if (!filled.length) return null;
  return { ...Object.fromEntries(filled), consent_follow_up: form.elements.consent_follow_up.checked };
}

/** One to five stars, then a word if the guest likes.
 * @param {Record<string, string>} texts @param {(score: number | null, comment?: string) => void} onrate  null: skipped */
export function ratingCard(texts, onrate) {
  const stars = [1, 2, 3, 4, 5].map((count) =>
    h("button", { type: "button", class: "star", "aria-label": fill(texts.stars, { count }), onclick: () => onrate(count) }, "★"));
  return h("div", { class: "card", role: "group", "aria-label": texts.rate },
    h("p", {}, texts.rate), h("div", { class: "row" }, ...stars),
    h("button", { type: "button", class: "quiet", onclick: () => onrate(null) }, texts.skip));
}
