/** Building blocks of the page. Whatever came from somebody else becomes a text node, never markup. */

const LINK = /https?:\/\/[^\s<>"']+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\+\d[\d ()/-]{6,}\d/g;

const ICONS = {
  bell: "M1 20h22M12 7V3M3 20a9 9 0 0 1 18 0",
  close: "M6 6l12 12M18 6 6 18",
  send: "M12 19V5M5 12l7-7 7 7",
  person: "M12 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6M5 20a7 7 0 0 1 14 0",
};

/** An element. Functions are listeners; attributes that are undefined, null or false are left out.
 * @param {string} tag @param {Record<string, any>} [properties] @param {...(Node | string | null | false)} children */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value != null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child));
  return element;
}

/** @param {(event: Event) => void} click @param {string} look  its classes @param {...(Node | string)} children */
export const button = (click, look, ...children) => h("button", { type: "button", class: look, click }, ...children);

/** @param {keyof ICONS} name */
export function icon(name) {
  const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 24 24");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Fill `{placeholders}`. @param {string} text @param {Record<string, any>} values */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** Text with its web, mail and phone addresses as links. @param {string} text @returns {(Node | string)[]} */
export function linked(text) {
  const nodes = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(LINK)) {
    const address = found.replace(/[.,;:!?)]+$/, "");
    nodes.push(text.slice(end, index), link(address));
    end = index + address.length;
  }
  return [...nodes, text.slice(end)];
}

function link(address) {
  const scheme = address.startsWith("http") ? "" : address.includes("@") ? "mailto:" : "tel:";
  const href = scheme + address.replace(/\s/g, "");
  return h("a", { href, target: !scheme && "_blank", rel: "noopener noreferrer", dir: "ltr" }, address);
}

/** One message. `who` is its author in words, `below` what stands under it.
 * @param {{author: string, text: string, language?: string, busy?: string}} message
 * @param {string} who @param {...(Node | false)} below */
export const bubble = ({ author, text, language, busy }, who, ...below) =>
  h("article", { class: author, "aria-label": who, "aria-busy": busy },
    (author === "concierge" || author === "staff") && h("p", { class: "who" }, who),
    h("p", { class: "text", dir: "auto", lang: language }, ...linked(text)), ...below);

/** Somebody is writing. @param {string} label */
export const dots = (label) =>
  h("article", { "aria-busy": "true" }, h("p", { class: "text dots", role: "img", "aria-label": label }, "● ● ●"));

/** Buttons with ready answers. @param {string[]} replies @param {(reply: string) => void} choose */
export const choices = (replies, choose) =>
  h("div", { class: "row" }, ...replies.map((reply) => button(() => choose(reply), "", reply)));

/** A question of ours with answers below. @param {string} words @param {...Node} children */
const card = (words, ...children) =>
  h("div", { class: "card", role: "group", "aria-label": words }, h("p", {}, words), ...children);

/** Who is writing: asked in one line, opened on demand, skipped with one tap.
 * @param {Record<string, string>} texts @param {(details: object | null) => void} answer  null: skipped */
export function detailsCard(texts, answer) {
  const field = (name, type, autocomplete) =>
    h("label", {}, texts[name], h("input", { name, type, autocomplete, maxlength: 120 }));
  const consent = h("input", { type: "checkbox" });
  const submit = (event) => {
    event.preventDefault();
    const details = Object.fromEntries([...new FormData(form)].filter(([, value]) => value.trim()));
    answer({ ...details, consent_follow_up: consent.checked });
  };
  const form = h("form", { class: "row", hidden: true, submit },
    field("name", "text", "name"), field("room_number", "text"),
    field("email", "email", "email"), field("phone", "tel", "tel"),
    h("label", { class: "check" }, consent, texts.consent), h("button", { class: "main" }, texts.save));
  const open = button(() => {
    form.hidden = false;
    open.hidden = true;
    form.scrollIntoView();
    form[0].focus();
  }, "", texts.details);
  return card(texts.form, form, h("div", { class: "row" }, open, button(() => answer(null), "quiet", texts.skip)));
}

/** One to five stars.
 * @param {Record<string, string>} texts @param {(score?: number) => void} rate  undefined: skipped */
export function ratingCard(texts, rate) {
  const stars = [1, 2, 3, 4, 5].map((count) => {
    const star = button(() => rate(count), "star", "★");
    star.setAttribute("aria-label", fill(texts.stars, { count }));
    return star;
  });
  return card(texts.rate, h("div", { class: "row" }, ...stars), button(() => rate(), "quiet", texts.skip));
}
