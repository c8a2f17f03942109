/**
 * `<concierge-chat>`: the hotel's chat, as a launcher with a panel, or as the whole page with `mode="page"`.
 * Attributes: `origin` (the hotel's server; default: where this file came from), `mode`, `language`, `theme` (light or
 * dark; default: as the device), `position` (left or right), `rating-after` (seconds of quiet before it asks, 90).
 * Events: `concierge-unread` (detail: how many), `concierge-language` (detail: the property in the guest's language).
 */

import { Connection, Memory, Outbox } from "./connection.js";
import { dress } from "./style.js";
import { EMPTY, draftText, lastSeq, reduce, unreadAfter } from "./transcript.js";
import { bubble, choices, detailsCard, dots, fill, h, icon, linked, ratingCard } from "./view.js";

const TEXTS = {
  en: () => import("./texts-en.js"), de: () => import("./texts-de.js"), fr: () => import("./texts-fr.js"),
  es: () => import("./texts-es.js"), it: () => import("./texts-it.js"), ar: () => import("./texts-ar.js"),
};
const RIGHT_TO_LEFT = ["ar", "fa", "he", "ur"];
const LIMIT = 4000; // characters of a message
const LIMIT_BYTES = 8000; // a frame has 8 KB

class ConciergeChat extends HTMLElement {
  #state = EMPTY;
  #property = { branding: {}, languages: [], quick_replies: [] };
  #parts = {}; // of the panel, by name
  #drawn = new Map(); // key of an item → [what it was drawn from, its element]
  #timers = {};
  #follows = true; // the guest looks at the end of the conversation
  #announced = Infinity;
  #typedAt = 0;
  #readSent = 0;

  async connectedCallback() {
    this.root = this.shadowRoot || this.attachShadow({ mode: "open" });
    this.end = new AbortController();
    this.origin = new URL(this.getAttribute("origin") || import.meta.url, location.href).origin;
    this.memory = new Memory(`concierge ${this.origin}`);
    this.connection = new Connection({
      url: `${this.origin.replace("http", "ws")}/ws`,
      hello: () => ({ token: this.memory.get("token"), last_seq: lastSeq(this.#state), language: this.language }),
      onframe: (frame) => this.#receive(frame),
      onstate: () => this.#later("state", this.connection.state === "reconnecting" ? 1500 : 0, () => this.#drawState()),
    });
    this.outbox = new Outbox(this.memory, (frame) => this.connection.send(frame));
    for (const message of this.outbox.all) this.#change({ type: "queued", message });
    document.addEventListener("visibilitychange", () => this.#markRead(), { signal: this.end.signal });
    await this.#speak(this.memory.get("language") || this.getAttribute("language"));
    if (this.isPage || this.memory.get("token")) this.#connect();
  }

  disconnectedCallback() {
    this.end.abort();
    Object.values(this.#timers).forEach(clearTimeout);
  }

  get isPage() { return this.getAttribute("mode") === "page"; }
  get isOpen() { return this.isPage || !this.#parts.panel.hidden; }

  /** Show the panel (after a gesture of the guest: it takes the focus). */
  open() {
    this.#toggle(true);
    this.#connect();
    this.#toEnd();
    this.#parts.text.focus();
  }

  /** Hide the panel and give the focus back to the launcher. */
  close() {
    this.#toggle(false);
    this.#parts.launcher.focus();
  }

  #toggle(open) {
    this.#parts.panel.hidden = !open;
    this.#parts.launcher.setAttribute("aria-expanded", open);
    this.#draw();
  }

  #connect() {
    if (!this.isConnecting) this.connection.start(this.end.signal);
    this.isConnecting = true;
  }

  /** One timer for each purpose; setting it again moves it. */
  #later(purpose, milliseconds, action) {
    clearTimeout(this.#timers[purpose]);
    this.#timers[purpose] = setTimeout(action, milliseconds);
  }

  // --- languages -----------------------------------------------------------------------------------------------

  /** Learn the hotel's facts and our texts in the guest's language (asked for, else the browser's), then build. */
  async #speak(wanted) {
    const inline = this.querySelector("script[type='application/json']");
    let property = inline ? { ...this.#property, ...JSON.parse(inline.textContent) } : await this.#ask(wanted || navigator.language);
    const wishes = [wanted, ...(inline ? [property.language] : navigator.languages)].map((tag) => tag?.slice(0, 2));
    this.language = wishes.find((code) => property.languages.includes(code)) || property.languages[0] || "en";
    if (property.language !== this.language && property.name) property = await this.#ask(this.language);
    this.#property = property;
    this.texts = (await (TEXTS[this.language] || TEXTS.en)()).default;
    this.#build();
    this.dispatchEvent(new CustomEvent("concierge-language", { detail: { ...property, language: this.language } }));
  }

  async #ask(language) {
    const answer = await fetch(`${this.origin}/api/property?language=${language}`).catch(() => null);
    return answer?.ok ? { ...this.#property, ...(await answer.json()) } : this.#property;
  }

  async #switchTo(language) {
    this.memory.set("language", language);
    await this.#speak(language);
    if (this.isConnecting) this.connection.restart();
    this.#parts.language?.focus();
  }

  /** A time in the guest's own way of writing it. */
  #time(at, options) {
    const locale = navigator.language.startsWith(this.language) ? navigator.language : this.language;
    return new Intl.DateTimeFormat(locale, options).format(new Date(at));
  }

  // --- what happens --------------------------------------------------------------------------------------------

  #change(frame) {
    this.#state = reduce(this.#state, frame);
  }

  #receive(frame) {
    const { conversation } = this.#state;
    this.#change(frame);
    if (frame.type === "welcome") this.#welcomed(frame, conversation);
    if (frame.type === "ack" || (frame.type === "message" && frame.client_id)) this.outbox.settle(frame.client_id);
    if (frame.type === "message") this.#announceMessage(frame);
    if (frame.type === "typing") this.#later("typing", 6000, () => this.#receive({ ...frame, active: false }));
    if (frame.type === "ownership") this.askedForPerson = false;
    if (frame.type === "error") this.#refused(frame);
    this.#draw();
  }

  #welcomed({ token, last_seq, conversation }, before) {
    if (token !== this.memory.get("token")) {
      this.memory.set("token", token);
      this.memory.set("seen", 0);
    }
    if (conversation !== before) this.#announced = last_seq;
    if (!this.#property.name) this.#speak(this.language);
    this.outbox.restart();
  }

  #refused({ code, message, client_id, retry_after_seconds: seconds = 5 }) {
    if (code === "bad_token") {
      this.memory.set("token", undefined);
      this.connection.restart();
    } else if (code === "too_many" || code === "unavailable") {
      this.#hint(message);
      this.outbox.restart(seconds);
    } else if (client_id) {
      this.#change({ type: "refused", client_id });
      this.outbox.settle(client_id);
    }
  }

  // --- what the guest does -------------------------------------------------------------------------------------

  #say(text) {
    const client_id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    this.#queue({ client_id, text, at: new Date().toISOString() });
  }

  #queue(message) {
    this.#change({ type: "queued", message });
    if (this.card && !this.card.contains(this.root.activeElement)) this.card = null;
    this.#connect();
    this.outbox.add(message);
    this.#toEnd();
  }

  #submit() {
    const { text } = this.#parts;
    if (!text.value.trim() || this.#isTooLong()) return;
    this.#say(text.value.trim());
    text.value = "";
    this.#typed();
  }

  #typed() {
    const { text } = this.#parts;
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight + 2}px`;
    this.#isTooLong();
    if (Date.now() - this.#typedAt > 3000 && text.value) {
      this.#typedAt = Date.now();
      this.connection.send({ type: "typing", active: true });
    }
    this.#later("typed", text.value ? 5000 : 0, () => {
      if (this.#typedAt) this.connection.send({ type: "typing", active: false });
      this.#typedAt = 0;
    });
  }

  #isTooLong() {
    const { value } = this.#parts.text;
    const count = [...value].length;
    const isLong = count > LIMIT || new TextEncoder().encode(JSON.stringify(value)).length > LIMIT_BYTES;
    if (isLong) this.#hint(fill(this.texts.too_long, { count, limit: LIMIT }), 0);
    else if (this.isLong) this.#hint("");
    this.isLong = isLong;
    return isLong;
  }

  #askForPerson() {
    if (this.#state.ownership === "staff" || this.askedForPerson) return;
    this.askedForPerson = true;
    this.connection.sendLater({ type: "person.request" });
    this.#announce(this.texts.waiting);
    this.#draw();
  }

  #markRead() {
    const seq = lastSeq(this.#state);
    if (!this.isOpen || document.hidden || !this.#follows || !seq) return;
    if (seq > (this.memory.get("seen") || 0)) this.memory.set("seen", seq);
    if (seq > this.#readSent && this.connection.send({ type: "read", seq })) this.#readSent = seq;
  }

  // --- cards: the guest's details, the rating ------------------------------------------------------------------

  #offerCard() {
    const { messages, pending, guest, status, rating } = this.#state;
    const answered = messages.at(-1)?.author !== "guest" && messages.some(({ author }) => author === "guest") && !pending.length;
    if (!answered || this.card) return;
    if (!this.memory.get("asked") && !guest.name) this.card = detailsCard(this.texts, (details) => this.#gotDetails(details));
    else if (status === "closed") this.#offerRating();
    else this.#later("quiet", (this.getAttribute("rating-after") || 90) * 1000, () => this.#offerRating());
    if (rating || this.rated) clearTimeout(this.#timers.quiet);
  }

  #gotDetails(details) {
    this.memory.set("asked", true);
    if (details) this.connection.sendLater({ type: "guest.update", ...details });
    this.#putAway(details && this.texts.saved);
  }

  #offerRating() {
    if (this.rated || this.#state.rating || this.card || this.#parts.text.value) return;
    this.card = ratingCard(this.texts, (score) => this.#gotRating(score));
    this.#draw();
  }

  #gotRating(score) {
    this.rated = true;
    if (!score) return this.#putAway();
    this.connection.sendLater({ type: "rate", score });
    this.#putAway(this.texts.thanks);
  }

  /** The card goes; the focus, which was in it, stays in the conversation. */
  #putAway(words) {
    this.card = null;
    this.#draw();
    this.#parts.log.focus({ preventScroll: true });
    if (words) this.#hint(words);
  }

  // --- what is seen and heard ----------------------------------------------------------------------------------

  #build() {
    const { texts, root, isPage } = this;
    const draft = this.#parts.text?.value || "";
    const isHidden = this.#parts.panel?.hidden ?? !isPage;
    const p = (this.#parts = this.#makeParts(texts));
    p.text.value = draft;
    p.panel = h("section", {
      class: "panel", role: isPage ? "region" : "dialog", "aria-label": p.title.textContent, lang: this.language,
      dir: RIGHT_TO_LEFT.includes(this.language) ? "rtl" : "ltr", hidden: isHidden,
      onkeydown: (event) => event.key === "Escape" && !isPage && this.close(),
    },
    h("header", {}, h("div", {}, p.title, p.state), p.language, !isPage &&
      h("button", { type: "button", class: "icon", "aria-label": texts.close, onclick: () => this.close() }, icon("close"))),
    p.trouble, p.owner, p.log, p.newest, p.hint,
    h("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); this.#submit(); } }, p.text,
      h("button", { class: "main icon", "aria-label": texts.send }, icon("send"))),
    h("div", { class: "foot" }, p.person));
    this.#drawn.clear();
    this.card = null;
    root.replaceChildren(p.panel, p.live, ...(isPage ? [] : [p.launcher]));
    dress(root, this.#property.branding);
    new ResizeObserver(() => this.#follows && this.#toEnd()).observe(p.log);
    this.#drawState();
    this.#draw();
  }

  #makeParts(texts) {
    const { name, languages } = this.#property;
    const named = (code) => new Intl.DisplayNames([code], { type: "language" }).of(code);
    return {
      title: h("h2", {}, name || texts.title),
      state: h("p", { class: "state" }),
      language: languages.length > 1 && h("select", { "aria-label": texts.language, onchange: ({ target }) => this.#switchTo(target.value) },
        ...languages.map((code) => h("option", { value: code, selected: code === this.language, lang: code }, named(code)))),
      trouble: h("p", { class: "strip", hidden: true }),
      owner: h("p", { class: "strip", hidden: true }),
      log: h("div", { class: "log", role: "log", "aria-live": "off", "aria-label": texts.log, tabindex: 0, onscroll: () => this.#scrolled() }),
      newest: h("button", { type: "button", class: "main newest", hidden: true, onclick: () => this.#toEnd() }, texts.newest, " ↓"),
      hint: h("p", { class: "strip", hidden: true }),
      text: h("textarea", { rows: 1, "aria-label": texts.message, placeholder: texts.ask, dir: "auto", enterkeyhint: "send",
        oninput: () => this.#typed(), onkeydown: (event) => this.#pressed(event) }),
      person: h("button", { type: "button", class: "quiet", onclick: () => this.#askForPerson() }, icon("person"), texts.person),
      live: h("div", { class: "unseen", "aria-live": "polite", lang: this.language }),
      launcher: h("button", { type: "button", class: "launcher main", "aria-expanded": false, onclick: () => (this.isOpen ? this.close() : this.open()) }),
    };
  }

  #pressed(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit();
  }

  #draw() {
    if (!this.#parts.log) return;
    this.#offerCard();
    const { owner, person, log, newest } = this.#parts;
    const end = log.lastElementChild;
    const items = this.#items();
    for (const [key, [, element]] of this.#drawn) if (!items.some((item) => item[0] === key)) element.remove(), this.#drawn.delete(key);
    let place = log.firstChild;
    for (const [key, from, make] of items) place = this.#drawItem(key, from, make, place).nextSibling;
    this.#words(owner, this.#ownerWords());
    person.setAttribute("aria-disabled", this.#state.ownership === "staff");
    if (this.#follows) log.scrollTop = log.scrollHeight;
    else if (log.lastElementChild !== end) newest.hidden = false;
    this.#markRead();
    this.#drawLauncher();
  }

  #drawItem(key, from, make, place) {
    const [before, old] = this.#drawn.get(key) || [];
    if (old && before === from) {
      if (old !== place) this.#parts.log.insertBefore(old, place);
      return old;
    }
    const element = make();
    if (old) {
      element.classList.add("known");
      old.replaceWith(element);
    } else this.#parts.log.insertBefore(element, place);
    this.#drawn.set(key, [from, element]);
    return element;
  }

  /** Everything in the log: [key, what it is drawn from, how to draw it]. */
  #items() {
    const { messages, pending, draft, typing } = this.#state;
    const { ai_disclosure, greeting } = this.#property;
    const items = [];
    if (ai_disclosure) items.push(["disclosure", 0, () => h("p", { class: "note" }, ai_disclosure)]);
    if (greeting) items.push(["greeting", 0, () => bubble({ author: "concierge", text: greeting }, this.texts.ai, [])]);
    let day = this.#day(Date.now());
    for (const message of [...messages, ...pending]) {
      const itsDay = this.#day(message.at);
      if (itsDay !== day) items.push([itsDay, 0, () => h("p", { class: "day" }, itsDay)]);
      day = itsDay;
      const meta = this.#meta(message);
      items.push([message.client_id || message.seq, `${message.text} ${meta}`, () => bubble(message, this.#who(message), meta.map((part) => this.#metaNode(part, message)))]);
    }
    const text = draft && draftText(draft);
    if (text) items.push(["draft", text, () => this.#draftBubble(text)]);
    else if (draft || typing) items.push(["dots", typing, () => dots(this.#writing())]);
    const replies = this.#quickReplies();
    if (replies.length) items.push(["choices", replies, () => choices(replies, (reply) => this.#chose(reply))]);
    if (this.card) items.push(["card", this.card, () => this.card]);
    return items;
  }

  #draftBubble(text) {
    const article = bubble({ author: "concierge", text }, this.texts.ai, []);
    article.setAttribute("aria-busy", "true");
    return article;
  }

  #day(at) { return this.#time(at, { weekday: "long", day: "numeric", month: "long" }); }

  #who({ author, staff_name }) {
    return { guest: this.texts.you, concierge: this.texts.ai }[author] || staff_name || this.texts.team;
  }

  #writing() {
    const { typing, staffName } = this.#state;
    return typing === "staff" ? fill(this.texts.typing, { name: staffName || this.texts.team }) : this.texts.thinking;
  }

  /** What stands below a message: its sources, its time and, for our own, how far it has come. */
  #meta({ author, at, sources = [], sending, seq }) {
    const { texts } = this;
    const state = sending ? { waiting: texts.waits, failed: texts.failed }[sending] : seq <= this.#state.readByStaff ? texts.read : texts.sent;
    const from = sources.map(({ title, updated_at }) => fill(texts.from, { title }) +
      (updated_at ? ` · ${fill(texts.updated, { date: this.#time(updated_at, { day: "numeric", month: "short", year: "numeric" }) })}` : ""));
    return [...from, this.#time(at, { hour: "numeric", minute: "2-digit" }) + (author === "guest" && !sending ? ` · ${state}` : ""), sending && state].filter(Boolean);
  }

  #metaNode(part, message) {
    if (part !== this.texts.failed) return h("p", { class: "meta" }, part);
    return h("button", { type: "button", class: "meta", onclick: () => this.#queue(message) }, part);
  }

  #quickReplies() {
    const { messages, pending, draft, ownership } = this.#state;
    if (pending.length || draft || ownership === "staff") return [];
    return (messages.length ? messages.at(-1).quick_replies : this.#property.quick_replies) || [];
  }

  #chose(reply) {
    this.#say(reply);
    this.#parts.log.focus({ preventScroll: true });
  }

  #ownerWords() {
    const { texts } = this;
    const { status, staffName, returned, request } = this.#state;
    if (this.askedForPerson || status === "waiting") return texts.waiting;
    if (status === "with_staff") return fill(texts.with_staff, { name: staffName || texts.team });
    if (status === "closed") return texts.closed;
    if (request) return fill(texts.request, { number: request.number, state: texts[`request_${request.state}`] });
    return returned && texts.returned;
  }

  #drawState() {
    const { state, failures } = this.connection;
    const { texts } = this;
    const { phone } = this.#property;
    const isThere = state === "connected";
    this.#parts.state.textContent = isThere ? texts.connected : texts.connecting;
    this.#parts.state.classList.toggle("connected", isThere);
    const isTrouble = state === "reconnecting" && failures > 4 && phone;
    const words = isTrouble ? fill(texts.trouble, { phone }) : isThere || state === "connecting" ? "" : texts[state];
    if (words !== this.troubleWords) this.#announce(words);
    this.troubleWords = words;
    this.#words(this.#parts.trouble, words);
  }

  #drawLauncher() {
    const { launcher } = this.#parts;
    const count = this.isOpen && !document.hidden ? 0 : unreadAfter(this.#state, this.memory.get("seen") || 0);
    const { open, close, unread } = this.texts;
    launcher.setAttribute("aria-label", (this.isOpen ? close : open) + (count ? `. ${fill(unread, { count })}` : ""));
    launcher.replaceChildren(icon(this.isOpen ? "close" : "bell"), ...(count ? [h("span", { class: "badge" }, count)] : []));
    if (count !== this.unread) this.dispatchEvent(new CustomEvent("concierge-unread", { detail: count }));
    this.unread = count;
  }

  /** Words in a strip; an empty strip is not there. */
  #words(strip, words) {
    strip.hidden = !words;
    strip.replaceChildren(...linked(words || ""));
  }

  /** Words above the composer, for a while (0: until replaced). */
  #hint(words, milliseconds = 8000) {
    this.#words(this.#parts.hint, words);
    this.#announce(words);
    if (milliseconds) this.#later("hint", milliseconds, () => this.#words(this.#parts.hint, ""));
  }

  #announceMessage({ seq, author, text, staff_name }) {
    if (author === "guest" || seq <= this.#announced) return;
    this.#announced = seq;
    this.#announce(`${this.#who({ author, staff_name })}: ${text}`);
  }

  /** Say it once to a screen reader; the log itself is silent, so that half sentences are not read out. */
  #announce(words) {
    if (!words) return;
    const line = h("p", {}, words);
    this.#parts.live.append(line);
    setTimeout(() => line.remove(), 3000);
  }

  #toEnd() {
    const { log } = this.#parts;
    this.#follows = true;
    this.#draw();
    log.scrollTop = log.scrollHeight;
  }

  #scrolled() {
    const { log, newest } = this.#parts;
    this.#follows = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    if (this.#follows) newest.hidden = true;
    this.#markRead();
  }
}

customElements.get("concierge-chat") || customElements.define("concierge-chat", ConciergeChat);
