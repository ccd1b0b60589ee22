// Verification in the browser of what the log says: docs/formats/ledger.md, sections 1, 2, 4 and 5. Nothing here asks the
// hub whether something is true; it recomputes. Hashes are SHA-256, signatures Ed25519 (WebCrypto).

const HASH = 32;
const KEY_ID = 4;
const ED25519 = 1;
const ENTRY = new TextEncoder().encode("earwitness/entry/v1\n");

/** What was found not to hold; the message says what. */
export class NotProved extends Error {}

/** @param {string} text @returns {Uint8Array} */
export function fromBase64(text) {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    throw new NotProved("not base64");
  }
}

/** @param {...Uint8Array} parts @returns {Uint8Array} */
function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @param {...Uint8Array} parts @returns {Promise<Uint8Array>} */
async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
}

/** @param {Uint8Array} one @param {Uint8Array} other */
export function same(one, other) {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** @param {Uint8Array} bytes */
export function hex(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {Uint8Array} left @param {Uint8Array} right */
function node(left, right) {
  if (left.length !== HASH || right.length !== HASH) throw new NotProved("a hash is not 32 bytes");
  return sha256(Uint8Array.of(1), left, right);
}

/**
 * What the log holds of an entry: the 32 bytes of its commitment.
 * @param {Uint8Array} salt
 * @param {string} text the entry, letter for letter
 */
export async function commitment(salt, text) {
  if (salt.length !== HASH) throw new NotProved("the salt is not 32 bytes");
  return sha256(ENTRY, salt, new TextEncoder().encode(text));
}

/** @param {Uint8Array} leaf @returns {Promise<Uint8Array>} */
export function leafHash(leaf) {
  return sha256(Uint8Array.of(0), leaf);
}

/** @param {number} value @returns {number} how many binary digits it has */
function bits(value) {
  return value === 0 ? 0 : Math.floor(Math.log2(value)) + 1;
}

/**
 * Check that a leaf is in the tree (RFC 6962, 2.1.1).
 * @param {number} index
 * @param {number} size
 * @param {Uint8Array} leaf the leaf's hash
 * @param {Uint8Array[]} proof
 * @param {Uint8Array} root
 */
export async function verifyInclusion(index, size, leaf, proof, root) {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || size > 2 ** 31 || index < 0 || index >= size) {
    throw new NotProved(`there is no leaf ${index} in a tree of ${size}`);
  }
  const inner = bits((index ^ (size - 1)) >>> 0);
  const border = [...(index >>> inner).toString(2)].filter((digit) => digit === "1").length;
  if (proof.length !== inner + (inner > 31 ? 0 : border)) throw new NotProved("the proof has the wrong length");
  let result = leaf;
  for (const [level, sibling] of proof.entries()) {
    const left = level >= inner || (index >>> level) & 1;
    result = await (left ? node(sibling, result) : node(result, sibling));
  }
  if (!same(result, root)) throw new NotProved("the proof leads to another root");
}

/**
 * Check that the tree of one size begins with that of a smaller one (RFC 6962, 2.1.2; RFC 9162, 2.1.4.2).
 * @param {number} old
 * @param {number} size
 * @param {Uint8Array[]} proof
 * @param {Uint8Array} oldRoot
 * @param {Uint8Array} root
 */
export async function verifyConsistency(old, size, proof, oldRoot, root) {
  if (old < 1 || old > size) throw new NotProved("the log has become smaller");
  if (old === size) {
    if (proof.length || !same(oldRoot, root)) throw new NotProved("the same size with another root");
    return;
  }
  const path = [...proof];
  if (Number.isInteger(Math.log2(old))) path.unshift(oldRoot);
  let [fn, sn] = [old - 1, size - 1];
  while (fn & 1) [fn, sn] = [fn >>> 1, sn >>> 1];
  const first = path.shift();
  if (!first) throw new NotProved("the proof has the wrong length");
  let [before, now] = [first, first];
  for (const step of path) {
    if (sn === 0) throw new NotProved("the proof has the wrong length");
    if (fn & 1 || fn === sn) {
      [before, now] = [await node(step, before), await node(step, now)];
      while (!(fn & 1) && fn !== 0) [fn, sn] = [fn >>> 1, sn >>> 1];
    } else {
      now = await node(now, step);
    }
    [fn, sn] = [fn >>> 1, sn >>> 1];
  }
  if (sn !== 0) throw new NotProved("the proof has the wrong length");
  if (!same(before, oldRoot)) throw new NotProved("the log was rewritten");
  if (!same(now, root)) throw new NotProved("the proof leads to another root");
}

/** @typedef {{origin: string, size: number, root: Uint8Array}} Checkpoint */

/**
 * Open a signed checkpoint (C2SP signed-note and tlog-checkpoint).
 * @param {string} note
 * @param {string} verifierKey name+hex(id)+base64(type ‖ key)
 * @returns {Promise<Checkpoint>}
 */
export async function openCheckpoint(note, verifierKey) {
  const key = await readKey(verifierKey);
  const end = note.lastIndexOf("\n\n");
  if (end < 0 || !note.endsWith("\n")) throw new NotProved("the checkpoint is not a signed note");
  const text = note.slice(0, end + 1);
  const signed = note.slice(end + 2).trimEnd().split("\n").map((line) => line.split(" "));
  const ours = signed.filter(([dash, name, data]) => dash === "—" && name === key.name && data);
  for (const [, , data] of ours) {
    const bytes = fromBase64(data);
    if (!same(bytes.subarray(0, KEY_ID), key.id)) continue;
    const good = await crypto.subtle.verify("Ed25519", key.key, bytes.subarray(KEY_ID), new TextEncoder().encode(text));
    if (!good) throw new NotProved("the checkpoint’s signature does not verify");
    return readCheckpoint(text, key.name);
  }
  throw new NotProved("the checkpoint is not signed with the log’s key");
}

/** @param {string} text @param {string} origin @returns {Checkpoint} */
function readCheckpoint(text, origin) {
  const [first, size, root, ...rest] = text.trimEnd().split("\n");
  if (first !== origin || rest.length || !/^(0|[1-9]\d{0,9})$/.test(size)) throw new NotProved("not a checkpoint of this log");
  const hash = fromBase64(root);
  if (hash.length !== HASH) throw new NotProved("not a checkpoint of this log");
  return { origin, size: Number(size), root: hash };
}

/** @param {string} text @returns {Promise<{name: string, id: Uint8Array, key: CryptoKey}>} */
async function readKey(text) {
  const [name, id, ...rest] = text.split("+");
  const typed = fromBase64(rest.join("+"));
  if (!name || typed[0] !== ED25519 || typed.length !== HASH + 1) throw new NotProved("not a verifier key");
  const expected = (await sha256(new TextEncoder().encode(`${name}\n`), typed)).subarray(0, KEY_ID);
  if (hex(expected) !== id) throw new NotProved("the verifier key’s id is not its own");
  const key = await crypto.subtle.importKey("raw", typed.subarray(1), { name: "Ed25519" }, false, ["verify"]);
  return { name, id: expected, key };
}

/**
 * Verify a receipt (C2SP tlog-proof) with nothing but itself and the key; return what it says.
 * @param {string} file
 * @param {string} verifierKey
 * @returns {Promise<{index: number, size: number, body: any}>}
 */
export async function verifyReceipt(file, verifierKey) {
  const cut = file.indexOf("\n\n");
  const [header, ...lines] = file.slice(0, cut).split("\n");
  if (cut < 0 || header !== "c2sp.org/tlog-proof@v1") throw new NotProved("not a receipt");
  const extra = lines[0]?.startsWith("extra ") ? fromBase64(lines.shift()?.slice(6) ?? "") : new Uint8Array();
  const index = Number(/^index (0|[1-9]\d{0,9})$/.exec(lines.shift() ?? "")?.[1] ?? -1);
  const checkpoint = await openCheckpoint(file.slice(cut + 2), verifierKey);
  const text = new TextDecoder("utf-8", { fatal: true }).decode(extra.subarray(HASH));
  const leaf = await leafHash(await commitment(extra.subarray(0, HASH), text));
  await verifyInclusion(index, checkpoint.size, leaf, lines.map(fromBase64), checkpoint.root);
  return { index, size: checkpoint.size, body: JSON.parse(text) };
}
