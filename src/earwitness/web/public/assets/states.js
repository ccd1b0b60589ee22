// What the page that listens says of itself: one word, what it means, and what the button does then.

/** @typedef {{word: string, about: string, button: string, trouble?: boolean}} State */

const AGAIN = "Try again";

/** @type {Record<string, State>} */
const STATES = {
  off: { word: "Off", about: "The microphone is closed.", button: "Turn the microphone on" },
  asking: { word: "Asking", about: "Your browser asks whether this page may use the microphone.", button: "Waiting for you" },
  connecting: { word: "Connecting", about: "Nothing is sent yet.", button: "Connecting" },
  idle: { word: "Ready", about: "Nothing is sent until you press.", button: "Press to talk" },
  waiting: { word: "Waiting", about: "Say “{word}”, or press.", button: "Press to talk" },
  listening: { word: "Listening", about: "Speak now. It goes to your hub.", button: "Done" },
  asked: { word: "Listening", about: "It asked you something: answer now.", button: "Done" },
  thinking: { word: "Thinking", about: "Your hub works on it.", button: "Press to talk" },
  speaking: { word: "Speaking", about: "Press to interrupt.", button: "Press to talk" },
  muted: { word: "Muted", about: "The microphone is closed. Nothing is heard and nothing is sent.", button: "Unmute" },
  paused: { word: "Paused", about: "Your browser has stopped this page’s sound.", button: "Go on", trouble: true },
  denied: {
    word: "Not allowed",
    about: "Your browser does not let this page use the microphone. Allow it for this page, beside its address or in the browser’s settings; then try again.",
    button: AGAIN, trouble: true,
  },
  none: { word: "No microphone", about: "None was found. Plug one in or turn it on; then try again.", button: AGAIN, trouble: true },
  busy: {
    word: "No microphone",
    about: "Another program holds it, or it does not work. Close what else records; then try again.",
    button: AGAIN, trouble: true,
  },
  taken: { word: "No microphone", about: "It was unplugged, or taken away in the browser. Give it back; then try again.", button: AGAIN, trouble: true },
  unsafe: {
    word: "No microphone",
    about: "Browsers give one only to pages with an encrypted address or of this very machine. Open the hub as “localhost” on its own machine, or put it behind TLS.",
    button: AGAIN, trouble: true,
  },
  failed: { word: "No microphone", about: "This browser could not begin to record. Reload the page, or use a newer browser.", button: AGAIN, trouble: true },
  gone: { word: "Hub gone", about: "Your hub does not answer. Nothing is sent; what you say now is lost. It is tried again by itself.", button: "Try now", trouble: true },
  full: { word: "Not connected", about: "Too many devices are connected. It is tried again by itself.", button: "Try now", trouble: true },
  "voice-off": {
    word: "Not connected",
    about: "This hub shows pages, but its voice is off. Whoever runs it finds why where it was started. It is tried again by itself.",
    button: "Try now", trouble: true,
  },
  "signed-out": { word: "Not connected", about: "You are signed out here, so the microphone is closed.", button: "Sign in", trouble: true },
  "no-device": { word: "Not connected", about: "This browser is no device of yours any more.", button: "Set it up again", trouble: true },
  stale: { word: "Not connected", about: "The hub is newer than this page.", button: "Load it anew", trouble: true },
  elsewhere: { word: "Not connected", about: "Another window of this browser listens now, and this one has closed its microphone.", button: "Listen here", trouble: true },
  unasked: { word: "Not connected", about: "This page sent sound that the hub had not asked for, so the microphone is closed. That is a mistake of ours.", button: AGAIN, trouble: true },
  mistake: { word: "Not connected", about: "The hub did not understand this page. That is a mistake of ours. Load the page anew.", button: "Load it anew", trouble: true },
};

export const NAMES = Object.keys(STATES);

/** @type {Record<string, string>} */
const ENDINGS = {
  nothing_said: "I heard nobody speak. Speak right after pressing.",
  not_for_me: "That seemed not to be for me.",
  elsewhere: "Another device of your home answers.",
  failed: "That did not work. Try it once more.",
};

/**
 * @param {string} name
 * @param {string} word the wake word
 * @returns {State}
 */
export function describe(name, word) {
  const state = STATES[name] ?? STATES.mistake;
  return { ...state, about: state.about.replace("{word}", word) };
}

/**
 * What is said about how a turn ended; nothing where the answer said it all.
 * @param {string} reason
 * @param {boolean} silent whether nothing but silence came from the microphone
 */
export function ending(reason, silent) {
  if (reason === "nothing_said" && silent) return "Your microphone gave only silence. Is it the right one, and is it turned up?";
  return ENDINGS[reason] ?? "";
}
