// What was said: a line for each turn, with what was heard, what was answered, and where it is kept.

import { make } from "./marks.js";

const MOST = 20;

export class Turns {
  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} empty what is shown while there is none
   */
  constructor(list, empty) {
    this.list = list;
    this.empty = empty;
    /** @type {HTMLElement | null} */
    this.open = null;
    /** @type {HTMLElement | null} */
    this.last = null;
  }

  /** A turn begins. */
  begin() {
    this.open = null;
  }

  /** @param {string} text */
  heard(text) {
    this.add(make("p", { class: "said" }, make("span", { class: "quiet small" }, "You: "), make("q", {}, text)));
  }

  /**
   * What was answered; without a question before it, it is something like a timer's.
   * @param {string} text
   * @param {boolean} puzzled nothing was made of what was said
   */
  answered(text, puzzled) {
    const said = make("p", { class: "back-said" }, make("span", { class: "hidden" }, "Answer: "), text);
    if (!this.open && puzzled) this.add(make("p", { class: "said quiet" }, "Your words could not be made out."));
    if (this.open) this.open.append(said);
    else this.add(said);
    this.open = null;
  }

  /** @param {string | null} recording */
  kept(recording) {
    const place = this.last;
    if (!place || place.querySelector(".kept")) return;
    const said = recording
      ? make("a", { href: `/recordings/${encodeURIComponent(recording)}` }, "Kept: listen, see why, correct, delete")
      : make("a", { href: "/choices" }, "Not kept");
    place.append(make("p", { class: "kept small" }, said));
  }

  /** @param {HTMLElement} first */
  add(first) {
    this.open = make("li", { class: "turn" }, first);
    this.last = this.open;
    this.list.prepend(this.open);
    while (this.list.childElementCount > MOST) this.list.lastElementChild?.remove();
    this.empty.hidden = true;
  }
}
