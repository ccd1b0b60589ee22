// The keyboard: one table of keys for each situation, shown by the help, and nothing else listens to keys.

export const KEYS = [
  ["Space", "play or stop", " "],
  ["R", "from the start", "r"],
  ["← →", "one second back or forth", "arrowleft arrowright"],
  ["Enter", "the words are right: save and go on", "enter"],
  ["E", "put the words right", "e"],
  ["T", "type them from scratch, without seeing any", "t"],
  ["I", "what it was taken for: right, wrong, cannot tell", "i"],
  ["W", "said to the assistant: yes, no, unsure", "w"],
  ["S", "skip, no reason needed", "s"],
  ["X", "pass on to somebody", "x"],
  ["G", "a child or a guest can be heard", "g"],
  ["?", "these keys", "?"],
];

/** Call `actions[key]` for each key pressed outside of fields and dialogs; keys with a modifier are the browser's. */
export function listen(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const dialog = document.querySelector("dialog[open]");
    const key = event.key.toLowerCase();
    if (dialog) {
      const chosen = !inField(event.target) && dialog.querySelector(`[data-key="${CSS.escape(key)}"]`);
      if (chosen) {
        event.preventDefault();
        chosen.click();
      }
      return;
    }
    if (inField(event.target)) {
      const action = actions[`field ${key}`];
      if (action && !event.shiftKey && action(event.target)) event.preventDefault();
      return;
    }
    if ((key === "enter" || key === " ") && event.target instanceof HTMLButtonElement) return;
    const action = actions[key];
    if (action) {
      event.preventDefault();
      action();
    }
  });
}

function inField(target) {
  return target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
}
