// The player: nothing is opened before somebody presses play, because every listening is an entry in their log.
//
// The sound streams by ranges into an audio element; the picture of it comes from the hub under the same grant. Without
// this script the page's own audio element does the same, without the picture.

import { draw, make, mark } from "./marks.js";

const BARS = 120;
const FEW = 40;
const GONE = "It cannot be opened any more.";

/** @type {HTMLAudioElement | null} */
let playing = null;

for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-sound]"))) furnish(place);

/**
 * Put a player into its place.
 * @param {HTMLElement} place
 */
function furnish(place) {
  const { sound = "", picture = "", ms = "0" } = place.dataset;
  const small = "small" in place.dataset;
  const length = Number(ms) / 1000;
  const audio = new Audio();
  audio.preload = "none";
  const button = /** @type {HTMLButtonElement} */ (make("button", { type: "button", class: "button round" }, mark("play")));
  const said = place.closest("li")?.querySelector(".heard")?.textContent?.trim() ?? "";
  const label = small && said ? `: ${said}` : "";
  button.setAttribute("aria-label", `Play${label}`);
  const wave = draw("svg", { class: "wave", viewBox: `0 0 ${BARS * 4} 64`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const slider = /** @type {HTMLInputElement} */ (
    make("input", { type: "range", min: "0", max: String(length), step: "0.1", value: "0", class: "seek", "aria-label": "Position" })
  );
  const time = make("span", { class: "time" }, shown(0, length));
  const trouble = make("p", { class: "alarm small", role: "alert", hidden: "" });
  let asked = false;
  paint(wave, []);

  function update() {
    const total = Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : length;
    slider.max = String(total);
    slider.value = String(audio.currentTime);
    slider.setAttribute("aria-valuetext", shown(audio.currentTime, total));
    time.textContent = shown(audio.currentTime, total);
    const reached = (audio.currentTime / total) * wave.childElementCount;
    [...wave.children].forEach((bar, index) => bar.classList.toggle("past", index < reached));
  }

  function settle() {
    const going = !audio.paused && !audio.ended;
    button.replaceChildren(mark(going ? "pause" : "play"));
    button.setAttribute("aria-label", (going ? "Pause" : "Play") + label);
    place.classList.toggle("open", going || audio.currentTime > 0);
  }

  function fail() {
    trouble.textContent = GONE;
    trouble.hidden = false;
    settle();
  }

  async function begin() {
    if (playing && playing !== audio) playing.pause();
    playing = audio;
    trouble.hidden = true;
    if (!audio.src) audio.src = sound;
    try {
      await audio.play();
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) fail();
      return;
    }
    if (asked) return;
    asked = true;
    const answer = await fetch(picture, { headers: { accept: "application/json" } });
    if (answer.ok) paint(wave, (await answer.json()).bars);
    update();
  }

  button.addEventListener("click", () => (audio.paused ? begin() : audio.pause()));
  slider.addEventListener("input", () => {
    if (!audio.src) audio.src = sound;
    audio.currentTime = Number(slider.value);
  });
  for (const event of ["play", "pause", "ended"]) audio.addEventListener(event, settle);
  audio.addEventListener("timeupdate", update);
  audio.addEventListener("error", () => audio.src && fail());

  const stage = make("div", { class: "stage" }, wave, slider);
  place.replaceChildren(button, stage, time, trouble);
  place.classList.add("player-on");
}

/**
 * Draw the picture of the sound; a quiet line before there is one.
 * @param {SVGElement} wave
 * @param {number[]} bars loudness of each piece, 0 to 1
 */
function paint(wave, bars) {
  const count = bars.length || FEW;
  const width = (BARS * 4) / count;
  const drawn = Array.from({ length: count }, (_, index) => {
    const height = Math.max(3, Math.sqrt(bars[index] ?? 0) * 60);
    return draw("rect", {
      x: String(index * width + width * 0.18), y: String(32 - height / 2), rx: String(Math.min(1.6, width / 4)),
      width: String(width * 0.64), height: String(height),
    });
  });
  wave.replaceChildren(...drawn);
  wave.classList.toggle("heard", bars.length > 0);
}

/**
 * Write where it is and how long it is.
 * @param {number} at seconds
 * @param {number} length seconds
 */
function shown(at, length) {
  return `${at.toFixed(1)} / ${length.toFixed(1)} s`;
}
