/** Where the guest writes: it grows with the text, sends on Enter, tells that somebody types, is kind to long texts. */

import { fill, h, icon } from "./view.js";

const MOST_CHARACTERS = 4000;
const MOST_BYTES = 8000; // a frame has 8 KB
const TELL_TYPING_EVERY = 3000;
const STOPPED_AFTER = 5000;

export class Composer {
  #toldAt = 0;
  #timer = 0;
  #wasLong = false;

  /** @param {Record<string, string>} texts
   * @param {(words: string) => void} say @param {(active: boolean) => boolean} typing
   * @param {(words: string | false, milliseconds: number) => void} hint */
  constructor(texts, say, typing, hint) {
    Object.assign(this, { texts, say, typing, hint });
    this.text = h("textarea", {
      rows: 1, placeholder: texts.ask, dir: "auto", "aria-label": texts.text,
      input: () => this.#changed(), keydown: (event) => this.#pressed(event),
    });
    const send = h("button", { class: "main icon", "aria-label": texts.send }, icon("send"));
    this.form = h("form", { class: "composer", submit: (event) => this.#submit(event) }, this.text, send);
  }

  #pressed(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.#submit(event);
  }

  #submit(event) {
    event.preventDefault();
    const words = this.text.value.trim();
    if (!words || this.#isTooLong()) return;
    this.text.value = "";
    this.#changed();
    this.say(words);
  }

  #changed() {
    const { style, value } = this.text;
    style.height = "auto";
    style.height = `${this.text.scrollHeight + 2}px`;
    this.#isTooLong();
    if (value && Date.now() - this.#toldAt > TELL_TYPING_EVERY) this.#tellTyping(true);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#toldAt && this.#tellTyping(false), value ? STOPPED_AFTER : 0);
  }

  #tellTyping(active) {
    this.#toldAt = this.typing(active) && active && Date.now(); // no line yet: the next key tells it
  }

  #isTooLong() {
    const { value } = this.text;
    const count = [...value].length;
    const isLong = count > MOST_CHARACTERS || new Blob([JSON.stringify(value)]).size > MOST_BYTES;
    if (isLong || this.#wasLong) this.hint(isLong && fill(this.texts.too_long, { count, limit: MOST_CHARACTERS }), 1e6);
    return (this.#wasLong = isLong);
  }
}
