// The workbench: one clip at a time, the next two fetched ahead, everything on the keyboard.
// What was typed stays in the page until the hub has confirmed it; nothing is kept in the browser beyond that.

import { KEYS, listen } from "/assets/keys.js";
import { drawSpectrogram, samplesOf } from "/assets/spectrogram.js";

const at = (id) => document.getElementById(id);
const audio = new Audio();
const fetched = new Map(); // clip id → promise of {text, wav}
const state = { session: null, clips: [], clip: null, text: null, mode: "hear", route: "verify", begun: 0, done: 0, waiting: 0 };
const AGAIN_AFTER = [250, 500, 1000, 2000];
const VERDICTS = ["yes", "no", "skip"];
const WAKES = ["yes", "no", "unsure"];

class Failed extends Error {
  constructor(status, answer) {
    super(answer.what || "That failed.");
    this.status = status;
    this.kind = answer.error;
    this.next = answer.next || "";
  }
}

/** Ask the workbench; a hub that is away is asked again until it answers. */
async function ask(path, body, method = body === undefined ? "GET" : "POST") {
  for (let tries = 0; ; tries++) {
    try {
      const answer = await fetch(`/api/${path}`, {
        method,
        headers: { "X-Workbench": "1", "Content-Type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      if (answer.ok) {
        quiet();
        return answer;
      }
      const failed = new Failed(answer.status, await answer.json().catch(() => ({})));
      if (failed.kind !== "DeskAway") throw failed;
    } catch (error) {
      if (error instanceof Failed) throw error;
    }
    tell("The hub does not answer. What you typed stays here; I keep trying.", true);
    await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER[Math.min(tries, AGAIN_AFTER.length - 1)]));
  }
}

const send = async (path, body = {}) => (await ask(path, body)).json();

function tell(text, alarm = false) {
  const notice = at("notice");
  notice.textContent = text;
  notice.hidden = !text;
  notice.classList.toggle("alarm", alarm);
}
const quiet = () => at("notice").classList.contains("alarm") && tell("");

function show(section) {
  for (const each of ["door", "nothing", "bench", "figures"]) at(each).hidden = each !== section;
  at("tools").hidden = section === "door";
}

// --- signing in ------------------------------------------------------------------------------------

async function begin() {
  try {
    enter(await (await ask("session")).json());
  } catch (error) {
    if (error.status !== 401) throw error;
    show("door");
    at("sign-in-form").elements.name.focus();
  }
}

async function signIn(event) {
  event.preventDefault();
  const form = at("sign-in-form");
  const wrong = at("sign-in-error");
  wrong.hidden = true;
  try {
    const session = await send("sign-in", Object.fromEntries(new FormData(form)));
    form.reset();
    await enter(session);
  } catch (error) {
    wrong.textContent = `${error.message} ${error.next || ""}`;
    wrong.hidden = false;
    form.elements.code.value = "";
    form.elements.code.focus();
  }
}

async function enter(session) {
  state.session = session;
  if (session.role === "operator") return figures();
  at("intents").replaceChildren(...session.intents.map((name) => new Option(name, name)));
  at("queues").replaceChildren(...Object.entries(session.queues).map(queueButton));
  if (state.clip && state.text) return show("bench"); // signed in again in the middle of a clip
  return following();
}

function queueButton([name, what], number) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.key = String(number + 1);
  button.innerHTML = "<strong></strong> <kbd></kbd><small></small>";
  button.children[0].textContent = name;
  button.children[1].textContent = String(number + 1);
  button.children[2].textContent = what;
  button.addEventListener("click", () => finish("escalate", { queue: name, note: at("note").value }));
  return button;
}

async function signOut() {
  if (state.session.role === "reviewer") await send("leave").catch(() => {});
  await send("sign-out").catch(() => {});
  location.reload();
}

// --- clips -----------------------------------------------------------------------------------------

/** Take the next clip; the ones behind it are fetched while this one is heard. */
async function following() {
  try {
    const answer = await send("next");
    state.clips = answer.clips.map((each) => each.clip);
    state.waiting = answer.waiting;
  } catch (error) {
    return problem(error);
  }
  for (const clip of fetched.keys()) if (!state.clips.includes(clip)) fetched.delete(clip);
  if (!state.clips.length) return nothing();
  return open(state.clips[0]);
}

function fetchClip(clip) {
  if (!fetched.has(clip)) {
    const both = (async () => {
      const text = await (await ask(`clips/${clip}`)).json();
      const wav = await (await ask(`clips/${clip}/sound`)).arrayBuffer();
      return { text, wav };
    })();
    both.catch(() => fetched.delete(clip));
    fetched.set(clip, both);
  }
  return fetched.get(clip);
}

async function open(clip) {
  let found;
  try {
    found = await fetchClip(clip);
  } catch (error) {
    return problem(error);
  }
  Object.assign(state, { clip, text: found.text, mode: "hear", route: "verify", begun: performance.now() });
  show("bench");
  showWords();
  showJudgement();
  standing();
  play(found.wav);
  for (const next of state.clips.slice(1)) fetchClip(next).catch(() => {});
}

function nothing() {
  state.clip = state.text = null;
  show("nothing");
  at("nothing-why").textContent = state.waiting
    ? `${state.waiting === 1 ? "1 clip waits" : `${state.waiting} clips wait`} for somebody else: you heard these people within the last three months.`
    : "No clip is waiting. New ones come with the next draw.";
  standing();
  at("look-again").focus();
}

function standing() {
  const ends = new Date(state.session.until).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const counts = state.session.role === "reviewer" ? `${state.done} done · ${state.waiting} waiting · ` : "";
  at("standing").textContent = `${counts}for ${state.session.purpose} · session until ${ends}`;
}

function problem(error) {
  if (error.status === 401) {
    show("door");
    tell("Your session has ended. Sign in again; what you typed is still here.", true);
    at("sign-in-form").elements.name.focus();
    return undefined;
  }
  if (error.status === 410) {
    tell(`${error.message} Going on with the next one.`);
    fetched.delete(state.clip);
    return following();
  }
  tell(`${error.message} ${error.next || ""}`, true);
  return undefined;
}

function showWords() {
  const masks = state.text.masked;
  const hidden = Object.entries(masks).filter(([, count]) => count).map(([what, count]) => `${count} ${what}${count > 1 ? "s" : ""}`);
  at("masked").textContent = hidden.length ? `masked: ${hidden.join(", ")}` : "nothing masked";
  const words = state.text.heard.map((word, place) => {
    const span = document.createElement("span");
    span.textContent = word.startsWith("[") ? word.slice(1, -1) : word;
    span.className = word.startsWith("[") ? "mask" : state.text.doubt.includes(place) ? "doubt" : "";
    return span;
  });
  at("words").replaceChildren(...words.flatMap((word) => [word, " "]));
  typing(false);
}

function typing(route) {
  state.mode = route ? "type" : "hear";
  state.route = route || "verify";
  at("typing").hidden = !route;
  at("words").hidden = Boolean(route);
  at("verify-label").textContent = route ? "Save these words" : "Words are right";
  at("words-title").textContent = route === "edit" ? "Put the words right" : route === "type" ? "Type what you hear" : "What was understood";
  if (route) {
    const field = at("text");
    field.value = route === "edit" ? state.text.heard.join(" ") : "";
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  } else if (document.activeElement instanceof HTMLElement) {
    document.activeElement.blur();
  }
}

function showJudgement() {
  const { intent, slots } = state.text;
  const small = document.createElement("small");
  small.textContent = Object.entries(slots).map(([name, value]) => `${name}: ${value}`).join(" · ");
  at("intent").replaceChildren(intent || "nothing the house knows", small);
  at("meant-intent").value = "";
  at("slots").replaceChildren();
  choose("intent", intent ? "yes" : "skip");
  choose("wake", "yes");
}

function choose(group, value) {
  state[group] = value;
  const values = group === "intent" ? VERDICTS : WAKES;
  for (const each of values) {
    const button = at(`${group}-${each}`);
    button.setAttribute("aria-checked", String(each === value));
    button.tabIndex = each === value ? 0 : -1;
  }
  if (group === "intent") at("meant").hidden = value !== "no";
}

const cycle = (group, values) => choose(group, values[(values.indexOf(state[group]) + 1) % values.length]);

function judgement(words) {
  const right = { yes: true, no: false, skip: null }[state.intent];
  return {
    route: state.route,
    words,
    wake: state.wake,
    spent_ms: Math.min(3600000, Math.round(performance.now() - state.begun)),
    intent_right: right,
    intent: state.intent === "no" ? at("meant-intent").value.trim() : state.text.intent,
    slots: state.intent === "no" ? {} : state.text.slots,
  };
}

const save = () => finish("answer", judgement(state.mode === "type" ? at("text").value : state.text.heard.join(" ")));

async function finish(how, body = {}) {
  if (!state.clip || state.busy) return;
  state.busy = true;
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  audio.pause();
  const clip = state.clip;
  try {
    await send(`clips/${clip}/${how}`, body);
    state.done += 1;
    at("note").value = "";
    fetched.delete(clip);
    state.clip = null;
    if (how === "withdraw") tell("Erased. The household is told.");
    else if (!at("notice").classList.contains("alarm")) tell("");
    await following();
  } catch (error) {
    await problem(error);
  } finally {
    state.busy = false;
  }
}

// --- sound -----------------------------------------------------------------------------------------

function play(wav) {
  const { samples, rate } = samplesOf(wav);
  state.seconds = samples.length / rate;
  drawSpectrogram(at("spectrogram"), samples);
  URL.revokeObjectURL(audio.src);
  audio.src = URL.createObjectURL(new Blob([wav], { type: "audio/wav" }));
  audio.playbackRate = Number(at("speed").value);
  start();
}

function start() {
  audio.play().catch(() => tell("Press Space to hear the clip."));
}

const toggle = () => (audio.paused ? start() : audio.pause());
const seek = (seconds) => (audio.currentTime = Math.max(0, Math.min(state.seconds, audio.currentTime + seconds)));
function restart() {
  audio.currentTime = 0;
  start();
}

function follow() {
  const share = state.seconds ? audio.currentTime / state.seconds : 0;
  at("playhead").style.transform = `translateX(${share * at("spectrogram").clientWidth}px)`;
  at("clock").textContent = state.seconds ? `${audio.currentTime.toFixed(1)} of ${state.seconds.toFixed(1)} s` : "";
  requestAnimationFrame(follow);
}

// --- figures, for an operator ------------------------------------------------------------------------

async function figures() {
  const found = await (await ask("figures")).json();
  show("figures");
  standing();
  at("figures-lead").textContent = lead(found.all);
  at("plot").src = `/api/figures.svg?${Date.now()}`;
  at("plot").alt = lead(found.all);
  const rows = [["all together", found.all], ...found.draws.map((each, number) => [`number ${number + 1}`, each])];
  at("figures-table").replaceChildren(table(rows));
}

const percent = (value) => `${(100 * value).toFixed(1)} %`;

function rate(estimate) {
  if (estimate.answered < 2) return "–";
  const span = `${percent(estimate.low)} to ${percent(estimate.high)}`;
  return estimate.enough ? `${percent(estimate.rate)} (${span})` : `not enough evidence (${span})`;
}

function lead(all) {
  if (!all.drawn) return "Nothing was drawn yet.";
  return `${all.answered} of ${all.drawn} drawn clips were answered (response ${percent(all.response)}, weighted), out of ${all.frame} that could have been drawn. Words misheard: ${rate(all.word_errors)}.`;
}

function table(rows) {
  const made = document.createElement("table");
  const head = made.createTHead().insertRow();
  for (const title of ["draw", "frame", "drawn", "answered", "words misheard", "sentences wrong", "taken for something else", "without an answer"]) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = title;
    head.append(cell);
  }
  const body = made.createTBody();
  for (const [name, each] of rows) {
    const row = body.insertRow();
    const lost = Object.entries(each.lost).map(([what, count]) => `${count} ${what}`).join(", ");
    const cells = [name, each.frame, each.drawn, each.answered, rate(each.word_errors), rate(each.sentences_wrong), rate(each.intents_wrong), lost || "none"];
    for (const text of cells) row.insertCell().textContent = String(text);
  }
  return made;
}

// --- keys and buttons --------------------------------------------------------------------------------

const onBench = (action) => () => !at("bench").hidden && action();
const open_dialog = (id) => at(id).showModal();

listen({
  " ": onBench(toggle),
  r: onBench(restart),
  arrowleft: onBench(() => seek(-1)),
  arrowright: onBench(() => seek(1)),
  enter: () => (at("bench").hidden ? !at("nothing").hidden && following() : save()),
  e: onBench(() => typing("edit")),
  t: onBench(() => typing("type")),
  i: onBench(() => cycle("intent", VERDICTS)),
  w: onBench(() => cycle("wake", WAKES)),
  s: onBench(() => finish("skip")),
  x: onBench(() => open_dialog("escalate-dialog")),
  g: onBench(() => open_dialog("withdraw-dialog")),
  "?": () => open_dialog("help"),
  "field enter": (field) => field === at("text") && (save(), true),
  "field escape": (field) => field === at("text") && (typing(false), true),
});

const clicks = {
  play: toggle, again: restart, verify: save, edit: () => typing("edit"), type: () => typing("type"),
  skip: () => finish("skip"), escalate: () => open_dialog("escalate-dialog"), withdraw: () => open_dialog("withdraw-dialog"),
  "help-button": () => open_dialog("help"), "sign-out": signOut, "look-again": following, refresh: figures,
};
for (const [id, action] of Object.entries(clicks)) at(id).addEventListener("click", action);
for (const each of VERDICTS) at(`intent-${each}`).addEventListener("click", () => choose("intent", each));
for (const each of WAKES) at(`wake-${each}`).addEventListener("click", () => choose("wake", each));
for (const button of document.querySelectorAll("[data-voice]")) {
  button.dataset.key = button.dataset.voice === "child" ? "c" : "u";
  button.addEventListener("click", () => finish("withdraw", { voice: button.dataset.voice }));
}
for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
at("keys").replaceChildren(...KEYS.flatMap(([key, what]) => [pair("dt", key), pair("dd", what)]));
at("speed").addEventListener("change", () => (audio.playbackRate = Number(at("speed").value), at("speed").blur()));
at("sign-in-form").addEventListener("submit", signIn);
document.querySelector(".sound").addEventListener("click", (event) => {
  audio.currentTime = (event.offsetX / at("spectrogram").clientWidth) * state.seconds;
});
audio.addEventListener("play", () => (at("play-label").textContent = "Stop"));
for (const ended of ["pause", "ended"]) audio.addEventListener(ended, () => (at("play-label").textContent = "Play"));

function pair(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

requestAnimationFrame(follow);
begin();
