/**
 * `<concierge-chat>`: the hotel's chat, as a launcher with a panel, or as the whole page with `mode="page"`.
 * Attributes: `origin` (the hotel's server; default: where this file came from), `mode`, `language`, `theme` (light or
 * dark; default: as the device), `position` (left or right), `rating-after` (seconds of quiet before it asks, 90).
 * Events: `concierge-unread` (detail: how many), `concierge-language` (detail: the property in the guest's language).
 */

import { Composer } from "./composer.js";
import { Connection, Memory, Outbox } from "./connection.js";
import { dress } from "./style.js";
import { EMPTY, isNotice, lastSeq, reduce, unreadAfter } from "./transcript.js";
import { bubble, button, choices, detailsCard, dots, fill, h, icon, linked, ratingCard } from "./view.js";

const TEXTS = {
  en: "./texts-en.js", de: "./texts-de.js", fr: "./texts-fr.js",
  es: "./texts-es.js", it: "./texts-it.js", ar: "./texts-ar.js",
};

class ConciergeChat extends HTMLElement {
  state = EMPTY;
  property = { branding: {}, languages: [] };
  /** Parts of the panel, by name. @type {Record<string, any>} */
  ui = {};
  drawn = new Map(); // key of an item → [what it was drawn from, its element]
  timers = {};
  follows = true; // the guest looks at the end of the conversation
  announced = 0;
  readSent = 0;

  async connectedCallback() {
    this.root = this.shadowRoot || this.attachShadow({ mode: "open" });
    this.end = new AbortController();
    this.origin = new URL(this.getAttribute("origin") || import.meta.url).origin;
    this.memory = new Memory(`concierge ${this.origin}`);
    this.connection = new Connection({
      url: `${this.origin.replace("http", "ws")}/ws`,
      hello: () => ({ token: this.memory.get("token"), last_seq: lastSeq(this.state), language: this.language }),
      onframe: (frame) => this.#receive(frame),
      onstate: () => this.#drawState(),
    });
    this.outbox = new Outbox(this.memory, (frame) => this.connection.send(frame));
    for (const message of this.outbox.all) this.#change({ type: "queued", message });
    document.addEventListener("visibilitychange", () => this.#markRead(), { signal: this.end.signal });
    await this.#speak(this.memory.get("language") || this.getAttribute("language"));
    if (this.isPage || this.memory.get("token")) this.#connect();
  }

  disconnectedCallback() {
    this.end.abort();
    Object.values(this.timers).forEach(clearTimeout);
  }

  get isPage() { return this.getAttribute("mode") === "page"; }
  get isOpen() { return this.ui.panel?.hidden === false; }

  /** Show the panel (after a gesture of the guest: it takes the focus). */
  open() {
    this.#toggle(true);
    this.#connect();
    this.#toEnd();
    this.ui.text.focus();
  }

  /** Hide the panel and give the focus back to the launcher. */
  close() {
    this.#toggle(false);
    this.ui.launcher.focus();
  }

  #toggle(open) {
    this.ui.panel.hidden = !open;
    this.ui.launcher.setAttribute("aria-expanded", open);
    this.#draw();
  }

  #connect() {
    if (!this.isConnecting) this.connection.start(this.end.signal);
    this.isConnecting = true;
  }

  /** One timer for each purpose; setting it again moves it. */
  #later(purpose, milliseconds, action) {
    clearTimeout(this.timers[purpose]);
    this.timers[purpose] = setTimeout(action, milliseconds);
  }

  // --- languages -----------------------------------------------------------------------------------------------

  /** Learn the hotel's facts and our texts in this language (else as the browser prefers), then build the panel. */
  async #speak(wanted) {
    const inline = this.querySelector("script");
    let property = inline && JSON.parse(inline.textContent);
    if (!property || (wanted && wanted !== property.language)) property = await this.#facts(wanted);
    this.property = { ...this.property, ...property };
    this.language = this.property.language || "en";
    this.texts = (await import(TEXTS[this.language] || TEXTS.en)).default;
    this.#build();
    this.dispatchEvent(new CustomEvent("concierge-language", { detail: this.property }));
  }

  async #facts(language) {
    const answer = await fetch(`${this.origin}/api/property?language=${language || ""}`).catch(() => null);
    return answer?.ok && answer.json();
  }

  async #switchTo(language) {
    this.memory.set("language", language);
    await this.#speak(language);
    if (this.isConnecting) this.connection.restart();
    this.ui.language.focus();
  }

  /** A time in the guest's own way of writing it. */
  #time(at, options) {
    const locale = navigator.languages.find((tag) => tag.startsWith(this.language)) || this.language;
    return new Date(at).toLocaleString(locale, options);
  }

  // --- what happens --------------------------------------------------------------------------------------------

  #change(frame) {
    this.state = reduce(this.state, frame);
  }

  #receive(frame) {
    const { conversation } = this.state;
    this.#change(frame);
    if (frame.client_id && frame.type !== "error") this.outbox.settle(frame.client_id);
    if (frame.type === "welcome") this.#welcomed(frame, conversation);
    if (frame.type === "message") this.#arrived(frame);
    if (frame.active) this.#later("typing", 6000, () => this.#receive({ ...frame, active: false }));
    if (frame.type === "ownership") this.askedForPerson = false;
    if (frame.type === "error") this.#refused(frame);
    this.#draw();
  }

  #welcomed({ token, last_seq, conversation }, before) {
    if (token !== this.memory.get("token")) {
      this.memory.set("seen", 0);
      this.memory.set("asked");
    }
    this.memory.set("token", token);
    if (conversation !== before) this.announced = last_seq;
    if (!this.property.name) this.#speak(this.language);
    this.outbox.restart();
  }

  #arrived(message) {
    const { seq, author, text } = message;
    if (author === "guest" || seq <= this.announced) return;
    this.announced = seq;
    this.askedForPerson = false;
    this.#announce(`${this.#who(message)}: ${text}`);
    this.ui.newest.hidden = this.follows;
  }

  #refused({ code, message, client_id, retry_after_seconds }) {
    if (code === "bad_token") {
      this.memory.set("token");
      this.connection.restart();
    } else if (retry_after_seconds) {
      this.#hint(message);
      this.outbox.restart(retry_after_seconds);
    } else if (client_id) {
      this.#change({ type: "refused", client_id });
      this.outbox.settle(client_id);
    } else this.#hint(message);
  }

  // --- what the guest does -------------------------------------------------------------------------------------

  #say(text) {
    const client_id = Date.now().toString(36) + Math.random().toString(36).slice(2); // unique among this guest's own
    this.#queue({ client_id, text, at: new Date().toISOString() });
  }

  #queue(message) {
    this.#change({ type: "queued", message });
    if (!this.card?.contains(this.root.activeElement)) this.card = null;
    this.#connect();
    this.outbox.add(message);
    this.#toEnd();
  }

  #askForPerson() {
    if (this.state.ownership === "staff" || this.askedForPerson) return;
    this.askedForPerson = true;
    this.connection.sendLater({ type: "person.request" });
    this.#draw();
  }

  #markRead() {
    const seq = lastSeq(this.state);
    if (!this.isOpen || document.hidden || !this.follows) return;
    if (seq > this.memory.get("seen")) this.memory.set("seen", seq);
    if (seq > this.readSent && this.connection.send({ type: "read", seq })) this.readSent = seq;
  }

  // --- cards: the guest's details, the rating ------------------------------------------------------------------

  /** After an answer: the details, and later (when it is quiet, or closed) the rating. Each is asked once. */
  #offerCard(isQuiet) {
    const { messages, pending, guest, status, rating } = this.state;
    const hasWritten = messages.some(({ author }) => author === "guest");
    if (!hasWritten || messages.at(-1).author === "guest" || pending[0] || this.card || this.ui.text.value) return;
    const asked = this.memory.get("asked");
    if (!asked && !guest.name) this.#ask("details", detailsCard, (details) => ({ type: "guest.update", ...details }));
    else if (rating || asked === "rating") return;
    else if (isQuiet || status === "closed") this.#ask("rating", ratingCard, (score) => ({ type: "rate", score }));
    else this.#later("quiet", (this.getAttribute("rating-after") || 90) * 1000, () => this.#draw(true));
  }

  #ask(what, makeCard, toFrame) {
    this.memory.set("asked", what);
    this.card = makeCard(this.texts, (answer) => this.#answered(answer && toFrame(answer)));
  }

  /** The card goes; the focus, which was in it, stays in the conversation. */
  #answered(frame) {
    this.card = null;
    if (frame) {
      this.connection.sendLater(frame);
      this.#hint(this.texts.thanks);
    }
    this.ui.log.focus();
    this.#draw();
  }

  // --- what is seen and heard ----------------------------------------------------------------------------------

  #build() {
    const { texts, isPage, language, property } = this;
    const { phone } = property;
    const before = this.ui;
    const ui = (this.ui = this.#parts(texts, property));
    const composer = new Composer(
      texts, (words) => this.#say(words),
      (active) => this.connection.send({ type: "typing", active }),
      (words, milliseconds) => this.#hint(words, milliseconds),
    );
    ui.text = composer.text;
    ui.text.value = before.text?.value || "";
    ui.panel = h("section", {
      class: isPage ? "panel" : "panel float", role: isPage ? "region" : "dialog", "aria-label": texts.log, lang: language,
      dir: /ar|fa|he|ur/.test(language) && "rtl", hidden: before.panel ? before.panel.hidden : !isPage,
      keydown: ({ key }) => key === "Escape" && !isPage && this.close(),
    },
    h("div", { class: "head" }, h("div", {}, ui.title, ui.state), ui.language, !isPage && ui.close),
    ui.trouble, ui.owner, ui.log, ui.newest, ui.hint,
    composer.form, h("div", { class: "row foot" }, ui.person, phone && h("p", {}, ...linked(`☎\ufe0e ${phone}`))));
    this.drawn.clear();
    this.card = null;
    this.root.replaceChildren(ui.panel, ui.live, isPage ? "" : ui.launcher);
    if (!this.hasAttribute("position")) this.setAttribute("position", property.position);
    dress(this.root, property.branding);
    new ResizeObserver(() => this.follows && this.#toEnd()).observe(ui.log);
    this.#drawState();
    this.#draw();
  }

  #parts(texts, { name, title, languages }) {
    const named = (code) => new Intl.DisplayNames([code], { type: "language" }).of(code);
    const strip = () => h("p", { class: "strip", hidden: true });
    const parts = {
      title: h("h2", {}, this.isPage ? texts.title : title || name),
      state: h("p"),
      language: languages.length > 1 && h("select", {
        "aria-label": texts.language, change: ({ target }) => this.#switchTo(target.value) },
        ...languages.map((value) => h("option", { value, selected: value === this.language }, named(value)))),
      close: h("button", { class: "quiet icon", "aria-label": texts.close, click: () => this.close() }, icon("close")),
      trouble: strip(), owner: strip(), hint: strip(),
      log: h("div", {
        class: "log", role: "log", "aria-label": texts.log, "aria-live": "off", tabindex: 0,
        scroll: () => this.#scrolled() }),
      newest: button(() => this.#toEnd(), "main newest", texts.newest, " ↓"),
      person: button(() => this.#askForPerson(), "person", icon("person"), texts.person),
      live: h("div", { class: "live", "aria-live": "polite", lang: this.language }),
      launcher: button(() => (this.isOpen ? this.close() : this.open()), "float launcher main icon"),
    };
    parts.newest.hidden = true;
    return parts;
  }

  #draw(isQuiet) {
    if (!this.texts) return;
    this.#offerCard(isQuiet);
    const { owner, person, log } = this.ui;
    const items = this.#items();
    const keys = new Set(items.map(([key]) => key));
    for (const [key, [, element]] of this.drawn) if (!keys.has(key)) element.remove(), this.drawn.delete(key);
    let place = log.firstChild;
    for (const item of items) place = this.#drawItem(item, place).nextSibling;
    this.#words(owner, this.#ownerWords());
    person.setAttribute("aria-disabled", this.state.ownership === "staff");
    if (this.follows) log.scrollTop = log.scrollHeight;
    this.top = log.scrollTop;
    this.#markRead();
    this.#drawLauncher();
  }

  /** Draw an item that is new or has changed; leave the others alone, they may have the focus. */
  #drawItem([key, from, make], place) {
    const [before, old] = this.drawn.get(key) || [];
    const element = before === from ? old : make();
    if (element === place) return element;
    this.ui.log.insertBefore(element, place);
    if (old !== element) old?.remove();
    this.drawn.set(key, [from, element]);
    return element;
  }

  /** Everything in the log, in order: [key, what it is drawn from, how to draw it]. */
  #items() {
    const { messages, pending, draft, typing } = this.state;
    const { texts } = this;
    const { ai_disclosure, greeting } = this.property;
    const items = [];
    const note = (text) => text && items.push([text, text, () => h("p", { class: "note" }, text)]);
    note(ai_disclosure);
    if (greeting) items.push(["greeting", greeting, () => bubble({ author: "concierge", text: greeting }, texts.ai)]);
    let day = this.#day(Date.now());
    for (const message of [...messages, ...pending]) {
      if (this.#day(message.at) !== day) note((day = this.#day(message.at)));
      const from = this.#below(message) + message.text + message.sending;
      items.push([message.client_id || message.seq, from, () => this.#message(message)]);
    }
    const text = draft?.parts.join("");
    if (text) items.push(["draft", text, () => bubble({ author: "concierge", text, busy: "true" }, texts.ai)]);
    else if (draft || typing) items.push(["dots", typing, () => dots(this.#writing())]);
    const replies = this.#quickReplies();
    if (replies[0]) items.push(["choices", replies, () => choices(replies, (reply) => this.#chose(reply))]);
    if (this.card) items.push(["card", this.card, () => this.card]);
    return items;
  }

  #message(message) {
    return bubble(isNotice(message) ? { ...message, author: "note" } : message, this.#who(message), h("p", { class: "meta" }, this.#below(message)),
      message.sending === "failed" && button(() => this.#queue(message), "meta", this.texts.failed));
  }

  #day(at) { return this.#time(at, { dateStyle: "full" }); }

  #who({ author, staff_name }) {
    const { you, ai, team } = this.texts;
    return { guest: you, concierge: ai }[author] || staff_name || team;
  }

  #writing() {
    const { typing, staffName } = this.state;
    const { team, title } = this.texts;
    return fill(this.texts.typing, { name: typing === "staff" ? staffName || team : title });
  }

  /** What stands below a message: its time; how far it has come if it is ours; on what it rests and how old that is. */
  #below({ author, at, sources = [], sending, seq }) {
    const { sent, read, waits, from, updated } = this.texts;
    const parts = [this.#time(at, { timeStyle: "short" })];
    if (sending === "waiting") parts.push(waits);
    else if (author === "guest" && !sending) parts.push(seq <= this.state.readByStaff ? read : sent);
    for (const { title, updated_at } of sources) {
      parts.push(fill(from, { title }));
      if (updated_at) parts.push(fill(updated, { date: this.#time(updated_at, { dateStyle: "medium" }) }));
    }
    return parts.join(" · ");
  }

  #quickReplies() {
    const { messages, pending, draft, ownership } = this.state;
    if (pending[0] || draft || ownership === "staff") return [];
    return (messages[0] ? messages.at(-1) : this.property).quick_replies || [];
  }

  #chose(reply) {
    this.#say(reply);
    this.ui.log.focus();
  }

  #ownerWords() {
    const { texts } = this;
    const { status, staffName, returned } = this.state;
    if (this.property.closed) return this.property.closed.message;
    if (this.askedForPerson || status === "waiting") return texts.waiting;
    if (status === "with_staff") return fill(texts.with_staff, { name: staffName || texts.team });
    return status === "closed" ? texts.closed : returned && texts.returned;
  }

  /** The line to the hotel: a dot in the header, and words once a first quick attempt to come back has failed. */
  #drawState() {
    const { state, failures } = this.connection;
    const { texts, ui } = this;
    const isAway = state !== "connected" && (failures > 1 || state === "offline");
    ui.state.textContent = texts[state === "connected" ? state : "connecting"];
    ui.state.className = `state ${state}`;
    this.#words(ui.trouble, isAway && texts[state]);
  }

  #drawLauncher() {
    const { launcher } = this.ui;
    const { open, close, unread } = this.texts;
    const count = this.isOpen && !document.hidden ? 0 : unreadAfter(this.state, this.memory.get("seen"));
    launcher.setAttribute("aria-label", (this.isOpen ? close : open) + (count ? `. ${fill(unread, { count })}` : ""));
    const badge = count ? h("span", { class: "badge" }, `${count}`) : "";
    launcher.replaceChildren(icon(this.isOpen ? "close" : "bell"), badge);
    if (count !== this.unread) this.dispatchEvent(new CustomEvent("concierge-unread", { detail: count }));
    this.unread = count;
  }

  /** Words in a strip, also said; an empty strip is not there. */
  #words(strip, words) {
    if (strip.textContent === (words || "")) return;
    strip.hidden = !words;
    strip.replaceChildren(...linked(words || ""));
    this.#announce(words);
  }

  /** Words above the composer, for a while. */
  #hint(words, milliseconds = 8000) {
    this.#words(this.ui.hint, words);
    this.#later("hint", milliseconds, () => this.#words(this.ui.hint));
  }

  /** Say it once to a screen reader; the log itself is silent, so that half sentences are not read out. */
  #announce(words) {
    if (!words) return;
    const line = h("p", {}, words);
    this.ui.live.append(line);
    setTimeout(() => line.remove(), 3000);
  }

  #toEnd() {
    this.follows = true;
    this.ui.newest.hidden = true;
    this.#draw();
  }

  #scrolled() {
    const { log, newest } = this.ui;
    const { scrollTop } = log;
    // Only guests scroll up. That the log has grown, or its room has shrunk, since it was scrolled says nothing of them.
    if (log.scrollHeight - scrollTop - log.clientHeight < 60) this.follows = true;
    else if (scrollTop < this.top) this.follows = false;
    this.top = scrollTop;
    if (this.follows) newest.hidden = true;
    this.#markRead();
  }
}

customElements.get("concierge-chat") || customElements.define("concierge-chat", ConciergeChat);
