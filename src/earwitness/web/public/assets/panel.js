// What the page that listens shows: its state in words, what can be pressed, and how loud it is.

import { describe } from "./states.js";

/** The states in which a press begins a turn. */
export const TALKS = new Set(["idle", "waiting", "thinking", "speaking"]);
const GOING = new Set(["listening", "asked", "thinking", "speaking"]);

/** @typedef {{mic: string, line: string, streams: boolean, word: string, hint: string}} Facts */

export class Panel {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    this.part = this.part.bind(this);
  }

  /**
   * @param {string} name
   * @returns {HTMLElement}
   */
  part(name) {
    return /** @type {HTMLElement} */ (this.place.querySelector(`[data-part="${name}"]`));
  }

  /**
   * @param {string} name of the state
   * @param {Facts} facts
   */
  show(name, facts) {
    const { place } = this;
    const shown = describe(name, facts.word);
    if (place.dataset.state !== name) place.dataset.state = name;
    place.classList.toggle("trouble", Boolean(shown.trouble));
    this.write("word", shown.word);
    this.write("about", shown.about);
    this.write("label", shown.button);
    this.write("hint", facts.hint);
    this.write("wake-word", facts.word);
    const talk = this.part("talk");
    talk.setAttribute("aria-disabled", String(name === "asking" || name === "connecting"));
    this.part("stop").hidden = !GOING.has(name);
    this.part("mute").hidden = facts.mic === "muted" || !(TALKS.has(name) || GOING.has(name));
    this.part("streaming").hidden = !(facts.streams && facts.mic === "open" && facts.line === "open");
    this.part("hint").hidden = !facts.hint;
    if (facts.mic !== "open") this.level(0);
  }

  /** @param {number} loudness of the microphone, from 0 to 1 */
  level(loudness) {
    this.place.style.setProperty("--level", Math.min(1, Math.sqrt(loudness) * 1.8).toFixed(2));
  }

  /**
   * Say something only if it is not said already, so that nothing is read out twice.
   * @param {string} name
   * @param {string} text
   */
  write(name, text) {
    for (const each of this.place.querySelectorAll(`[data-part="${name}"]`)) if (each.textContent !== text) each.textContent = text;
  }
}
