// The button to talk: by mouse, finger, space bar, Enter or a screen reader; held for as long as one speaks, or tapped.

/**
 * @typedef {object} Pressed
 * @property {() => void} down the button went down
 * @property {(ms: number) => void} up it went up after so long
 * @property {() => void} press it was pressed by something that cannot hold it
 * @property {() => void} stop the escape key
 */

/**
 * Attend to the button; the space bar works from anywhere on the page where it has no other meaning.
 * @param {HTMLButtonElement} button
 * @param {Pressed} pressed
 */
export function attend(button, pressed) {
  let since = 0;

  function down() {
    since = performance.now();
    pressed.down();
  }

  function up() {
    if (since) pressed.up(performance.now() - since);
    since = 0;
  }

  /** @param {KeyboardEvent} event */
  function meant(event) {
    const { target } = event;
    const other = target instanceof Element && target !== button && target.closest("input, textarea, select, a, button, summary");
    return event.key === " " && !other;
  }

  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    down();
  });
  for (const name of ["pointerup", "pointercancel"]) button.addEventListener(name, up);
  button.addEventListener("click", ({ detail }) => detail === 0 && pressed.press());
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") pressed.stop();
    if (!meant(event)) return;
    event.preventDefault();
    if (!event.repeat) down();
  });
  document.addEventListener("keyup", (event) => {
    if (!meant(event)) return;
    event.preventDefault();
    up();
  });
}
