// Checks every entry on the page by itself, remembers the log it saw, and tells when there is something new.

import { mark } from "./marks.js";
import {
  NotProved, commitment, fromBase64, hex, leafHash, openCheckpoint, same, verifyConsistency, verifyInclusion,
} from "./proof.js";

const NEWS_EVERY_MS = 4000;
const MEMORY = "earwitness.log";

const verdict = /** @type {HTMLElement} */ (document.querySelector(".verdict"));
const summary = /** @type {HTMLElement} */ (verdict.querySelector(".summary"));
const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".entry")]);

/** @typedef {{key: string, size: number, root: string}} Seen what this browser saw of the log the last time */

/** @param {"held" | "broken" | ""} state @param {string} text */
function conclude(state, text) {
  verdict.className = `card verdict ${state}`;
  summary.replaceChildren(mark(state === "broken" ? "cross" : "check"), Object.assign(document.createElement("span"), { textContent: text }));
}

/** @param {HTMLElement} row @param {"held" | "broken"} state @param {string} text */
function stamp(row, state, text) {
  const pill = /** @type {HTMLElement} */ (row.querySelector(".proof"));
  pill.className = `proof pill ${state}`;
  pill.textContent = text;
}

/** @param {HTMLElement} row */
function lettersOf(row) {
  return /** @type {HTMLElement} */ (row.querySelector(".letters")).textContent ?? "";
}

/** @param {HTMLElement} row @param {import("./proof.js").Checkpoint} checkpoint @returns {Promise<string>} its commitment */
async function check(row, checkpoint) {
  const { index = "", salt = "", proof = "" } = row.dataset;
  const leaf = await commitment(fromBase64(salt), lettersOf(row));
  const path = proof ? proof.split(" ").map(fromBase64) : [];
  await verifyInclusion(Number(index), checkpoint.size, await leafHash(leaf), path, checkpoint.root);
  const shown = row.querySelector("time")?.dateTime;
  if (JSON.parse(lettersOf(row)).at !== shown) throw new NotProved("the page shows another time than the entry");
  return hex(leaf);
}

/** @param {string[]} leaves commitments of the rows, newest first */
function checkChain(leaves) {
  const entries = rows.map((row) => JSON.parse(lettersOf(row)));
  for (let at = 0; at + 1 < entries.length; at += 1) {
    if (entries[at].seq !== entries[at + 1].seq + 1 || entries[at].prev !== leaves[at + 1]) {
      throw new NotProved(`an entry is missing before number ${entries[at].seq}`);
    }
  }
}

/** @param {import("./proof.js").Checkpoint} checkpoint @param {string} key @returns {Promise<string>} */
async function remember(checkpoint, key) {
  const place = `${MEMORY}.${checkpoint.origin}`;
  /** @type {Seen | null} */
  const seen = JSON.parse(localStorage.getItem(place) ?? "null");
  if (seen) {
    if (seen.key !== key) throw new NotProved("the log is signed with another key than the one this browser knows");
    await compare(seen, checkpoint);
  }
  const now = { key, size: checkpoint.size, root: hex(checkpoint.root) };
  localStorage.setItem(place, JSON.stringify(now));
  return seen ? `The log has only grown since this browser last saw it (${seen.size} entries then, ${now.size} now).` : "This browser will remember it.";
}

/** @param {Seen} seen @param {import("./proof.js").Checkpoint} checkpoint */
async function compare(seen, checkpoint) {
  if (seen.size > checkpoint.size) throw new NotProved("the log has become smaller since this browser last saw it");
  const oldRoot = Uint8Array.from(seen.root.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  if (seen.size === checkpoint.size) {
    if (!same(oldRoot, checkpoint.root)) throw new NotProved("the log was rewritten since this browser last saw it");
    return;
  }
  const answer = await fetch(`/log-consistency?old=${seen.size}&new=${checkpoint.size}`);
  if (!answer.ok) throw new NotProved("the hub gives no proof that the log has only grown");
  const lines = (await answer.text()).split("\n").filter(Boolean);
  await verifyConsistency(seen.size, checkpoint.size, lines.map(fromBase64), oldRoot, checkpoint.root);
}

async function checkAll() {
  if (!globalThis.crypto?.subtle) {
    conclude("", "Browsers check signatures on localhost and over https only. Open this page there to have it checked.");
    return;
  }
  conclude("", `Checking ${rows.length} entries in this browser…`);
  const key = verdict.dataset.key ?? "";
  const note = document.querySelector("#checkpoint")?.textContent ?? "";
  try {
    const checkpoint = await openCheckpoint(note, key);
    const leaves = [];
    for (const row of rows) {
      try {
        leaves.push(await check(row, checkpoint));
        stamp(row, "held", "proved");
      } catch (error) {
        stamp(row, "broken", "not proved");
        throw error;
      }
    }
    const whole = Boolean(/** @type {HTMLElement | null} */ (document.querySelector(".entries"))?.dataset.whole);
    if (whole) checkChain(leaves);
    const memory = await remember(checkpoint, key);
    const chained = whole ? ", and none is missing between them" : "";
    conclude("held", `Checked in this browser: all ${rows.length} entries are in the signed log${chained}. ${memory}`);
  } catch (error) {
    const why = error instanceof NotProved ? error.message : "the browser could not compute it";
    conclude("broken", `This list does not hold: ${why}. Keep this page and run earwitness verify.`);
  }
}

/** Ask how many entries there are; the number alone is no look at any of them. */
async function lookForNews() {
  if (document.hidden) return;
  const known = Number(verdict.dataset.newest);
  const answer = await fetch(`/who/newest?of=${verdict.dataset.of}`, { headers: { "x-quietly": "1" } });
  if (!answer.ok) return;
  const fresh = (await answer.json()).newest - known;
  const news = /** @type {HTMLElement} */ (document.querySelector(".news"));
  news.hidden = fresh <= 0;
  const link = /** @type {HTMLElement} */ (news.firstElementChild);
  link.textContent = fresh === 1 ? "1 new entry: show it" : `${fresh} new entries: show them`;
}

checkAll();
setInterval(() => lookForNews().catch(() => {}), NEWS_EVERY_MS);
