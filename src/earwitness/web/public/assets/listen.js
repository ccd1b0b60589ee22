// The page that listens. What is sent is decided in one place (`hear`), and what the page says of it comes from the same facts.

import { Line } from "./line.js";
import { Microphone, NoMicrophone } from "./microphone.js";
import { Panel, TALKS } from "./panel.js";
import { attend } from "./pressing.js";
import { Speaker } from "./speaker.js";
import { ending } from "./states.js";
import { Turns } from "./turns.js";

const HELD = 350; // ms: who holds the button longer means to hold it, and has done when they let go
const NO_ANSWER = 8000; // ms until a hub that does not take a press counts as gone
const SILENT = 0.0005; // the loudness below which a microphone gives nothing at all
const LONGEST_LABEL = 120;

const place = /** @type {HTMLElement} */ (document.querySelector(".ear"));
const panel = new Panel(place);
const { part } = panel;
const talk = /** @type {HTMLButtonElement} */ (part("talk"));
const turns = new Turns(part("turns"), part("empty"));

const facts = { mic: "off", line: "off", why: "", turn: "idle", followUp: false, streams: false, word: "alexa", hint: "" };
let sending = false; // a turn takes sound
let finishing = false; // the frame that is being filled is the last of it
let pressed = false; // a press has not been answered yet
let held = false; // the button is down, and its press began a turn
let peak = 0;
let unanswered = 0;
/** @type {{context: AudioContext, microphone: Microphone, speaker: Speaker} | null} */
let sound = null;

const line = new Line(place.dataset.form ?? "", hello, {
  state(state, why) {
    facts.line = state;
    facts.why = why;
    if (state !== "open") rest();
    if (state === "ended") {
      sound?.microphone.close();
      facts.mic = "off";
    }
    render();
  },
  message: heed,
  sound: (piece) => sound?.speaker.push(piece),
});

/** The state that the facts add up to. */
function state() {
  if (facts.line === "ended") return facts.why;
  if (facts.mic !== "open" && facts.mic !== "muted") return facts.mic;
  if (facts.line === "gone") return facts.why === "voice-off" || facts.why === "full" ? facts.why : "gone";
  if (facts.line !== "open") return "connecting";
  if (facts.turn === "speaking") return "speaking";
  if (facts.mic === "muted") return "muted";
  if (facts.turn === "listening" && facts.followUp) return "asked";
  return facts.turn === "idle" && facts.streams ? "waiting" : facts.turn;
}

function render() {
  panel.show(state(), facts);
}

// --- what is sent -----------------------------------------------------------------------------

function hello() {
  const label = [...(sound?.microphone.label ?? "")].filter((letter) => letter >= " ").slice(0, LONGEST_LABEL).join("");
  return {
    type: "hello", listens: facts.streams ? "streams" : "button", program: "earwitness page",
    program_version: place.dataset.release ?? "", muted: facts.mic !== "open", microphone: label || null,
  };
}

/**
 * Take 32 ms of sound.
 * @param {ArrayBuffer} pcm
 * @param {number} loudness
 */
function hear(pcm, loudness) {
  peak = Math.max(peak, loudness);
  panel.level(loudness);
  if (facts.mic === "open" && (sending || facts.streams)) line.send(pcm);
  if (finishing) finish();
}

function begin() {
  sound?.speaker.silence();
  line.say({ type: "listen" });
  sending = pressed = true;
  finishing = false;
  peak = 0;
  facts.turn = "listening";
  facts.followUp = false;
  facts.hint = "";
  turns.begin();
  clearTimeout(unanswered);
  unanswered = setTimeout(() => line.lost(), NO_ANSWER);
  render();
}

function finish() {
  finishing = sending = false;
  if (facts.turn !== "listening") return;
  line.say({ type: "finish" });
  facts.turn = "thinking";
  render();
}

/** No turn any more, on this side. */
function rest() {
  clearTimeout(unanswered);
  sending = finishing = pressed = false;
  facts.turn = "idle";
  sound?.speaker.silence();
}

// --- what the hub says ------------------------------------------------------------------------

/** @type {Record<string, (message: import("./line.js").Message) => void>} */
const HEEDED = {
  welcome: ({ wake_word: word }) => (facts.word = word || facts.word),
  listening({ follow_up: followUp }) {
    clearTimeout(unanswered);
    if (!pressed) {
      turns.begin();
      sending = true;
      peak = 0;
    }
    pressed = false;
    facts.hint = "";
    if (facts.turn !== "thinking") facts.turn = "listening"; // a short press may be over before it is answered
    facts.followUp = followUp;
  },
  speech_ended() {
    sending = finishing = false;
    facts.turn = "thinking";
  },
  heard: ({ text }) => turns.heard(text),
  answered: ({ text, ending: how }) => turns.answered(text, how === "nothing"),
  speech({ rate }) {
    sound?.speaker.begin(rate);
    facts.turn = "speaking";
  },
  speech_end: () => sound?.speaker.end(),
  silence: () => sound?.speaker.silence(),
  idle({ reason }) {
    if (pressed) return; // of the turn before the press
    rest();
    facts.hint = facts.followUp && reason === "nothing_said" ? "" : ending(reason, peak < SILENT);
  },
  muted({ on }) {
    if (on) closed();
  },
  kept: ({ recording }) => turns.kept(recording),
  refused({ message, next_step: next }) {
    rest();
    facts.hint = `${message} ${next}`.trim();
  },
};

/** @param {import("./line.js").Message} message */
function heed(message) {
  HEEDED[message.type]?.(message);
  render();
}

// --- what a person does -----------------------------------------------------------------------

async function start() {
  facts.hint = "";
  facts.mic = "asking";
  if (facts.line === "ended") facts.line = "off";
  render();
  try {
    sound ??= furnish();
    sound.context.resume();
    await sound.microphone.open();
    facts.mic = "open";
  } catch (error) {
    facts.mic = error instanceof NoMicrophone ? error.why : "failed";
  }
  if (facts.mic !== "open") line.close();
  else if (line.open) line.say({ type: "mute", on: false });
  else line.connect();
  if (facts.mic !== "open") facts.line = "off";
  render();
}

function furnish() {
  const context = new AudioContext({ latencyHint: "interactive" });
  const speaker = new Speaker(context, () => line.say({ type: "played" }));
  const microphone = new Microphone(context, hear, () => {
    facts.mic = "taken";
    facts.line = "off";
    line.close();
    rest();
    render();
  });
  context.onstatechange = () => {
    if (facts.mic === "open" && context.state !== "running") facts.mic = "paused";
    else if (facts.mic === "paused" && context.state === "running") facts.mic = "open";
    render();
  };
  return { context, microphone, speaker };
}

function closed() {
  sound?.microphone.close();
  rest();
  facts.mic = "muted";
}

/** What the big button does, by state. */
function press() {
  const name = state();
  if (TALKS.has(name)) begin();
  else if (name === "listening" || name === "asked") finishing = true;
  else if (["gone", "full", "voice-off"].includes(name)) line.connect();
  else if (name === "paused") sound?.context.resume();
  else if (name === "signed-out") location.assign("/sign-in?next=/listen");
  else if (name === "no-device") location.assign("/listen?choose=1");
  else if (name === "stale" || name === "mistake") location.reload();
  else if (name !== "asking" && name !== "connecting") start();
}

function down() {
  held = TALKS.has(state());
  press();
}

/** @param {number} ms how long it was held */
function up(ms) {
  if (held && ms > HELD && sending) finishing = true;
  held = false;
}

function stop() {
  line.say({ type: "cancel" });
  rest();
  render();
}

attend(talk, { down, up, press, stop: () => part("stop").hidden || stop() });
part("stop").addEventListener("click", stop);
part("mute").addEventListener("click", () => {
  closed();
  line.say({ type: "mute", on: true });
  render();
});
for (const choice of /** @type {NodeListOf<HTMLInputElement>} */ (place.querySelectorAll("input[name=way]"))) {
  if (choice.checked) facts.streams = choice.value === "streams"; // it may have been chosen before this script was here
  choice.addEventListener("change", () => {
    facts.streams = choice.value === "streams";
    facts.hint = "";
    if (facts.line === "open" || facts.line === "gone" || facts.line === "connecting") line.connect();
    render();
  });
}
addEventListener("pagehide", () => line.close());
talk.disabled = false; // what is pressed before this script is here would go nowhere
render();
