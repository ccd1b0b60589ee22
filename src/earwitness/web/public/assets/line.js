// The line to the hub: the device protocol over a WebSocket, with a ticket of this session, and coming back when it breaks.

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 60000;
const STEADY = 60000; // a connection that lasted so long begins with the first wait again
const MOST_UNSENT = 256 * 1024; // bytes, 8 s of sound: nobody takes it any more
const AGAIN = new Set([1000, 1001, 1005, 1006, 1012, 4401, 4408, 4429, 4500, 4503]);
/** @type {Record<number, string>} */
const ENDS = { 4406: "stale", 4409: "elsewhere", 4430: "unasked" };
const REFUSED_LIMIT = 3; // tickets in a row that the hub gave and did not take

/**
 * @typedef {{type: string, [member: string]: any}} Message
 * @typedef {object} Told what the line tells: how it stands, and what the hub says
 * @property {(state: "connecting" | "open" | "gone" | "ended", why: string, wait: number) => void} state
 * @property {(message: Message) => void} message
 * @property {(sound: ArrayBuffer) => void} sound
 */

export class Line {
  /**
   * @param {string} form the token of this visitor's forms
   * @param {() => Message} hello what is said first, without versions and token
   * @param {Told} told
   */
  constructor(form, hello, told) {
    this.form = form;
    this.hello = hello;
    this.told = told;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.open = false;
    this.wait = FIRST_WAIT;
    this.refused = 0;
    this.timer = 0;
    this.attempt = 0;
  }

  /** Connect, now; what was open before ends. */
  async connect() {
    this.close();
    this.attempt += 1;
    const mine = this.attempt;
    this.told.state("connecting", "", 0);
    const answer = await this.ticket();
    if (mine !== this.attempt) return;
    if (typeof answer === "string") this.begin(answer);
    else if (answer.again) this.later(answer.why);
    else this.told.state("ended", answer.why, 0);
  }

  /** Hang up, and do not come back. */
  close() {
    this.attempt += 1;
    clearTimeout(this.timer);
    const { socket } = this;
    this.socket = null;
    this.open = false;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  /** @param {Message} message */
  say(message) {
    if (this.open) this.socket?.send(JSON.stringify(message));
  }

  /** @param {ArrayBuffer} sound */
  send(sound) {
    if (!this.open || !this.socket) return;
    if (this.socket.bufferedAmount > MOST_UNSENT) this.lost();
    else this.socket.send(sound);
  }

  /** It is open as far as the browser knows, but nobody answers: let go and come back. */
  lost() {
    this.close();
    this.later("silent");
  }

  /** @returns {Promise<string | {why: string, again: boolean}>} */
  async ticket() {
    const headers = { "content-type": "application/json", accept: "application/json", "x-form": this.form };
    try {
      const answer = await fetch("/listen/ticket", { method: "POST", headers, body: "{}", redirect: "error" });
      if (answer.ok) return (await answer.json()).ticket;
      if (answer.status === 401 || answer.status === 403) return { why: "signed-out", again: false };
      if (answer.status === 404) return { why: "no-device", again: false };
      return { why: answer.status === 503 ? "voice-off" : "unreachable", again: true };
    } catch {
      return { why: "unreachable", again: true };
    }
  }

  /** @param {string} token */
  begin(token) {
    const place = new URL("/device", location.href);
    place.protocol = place.protocol.replace("http", "ws");
    const socket = new WebSocket(place);
    let since = 0;
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ ...this.hello(), type: "hello", versions: [1], token }));
    socket.onmessage = ({ data }) => {
      if (typeof data !== "string") return this.told.sound(data);
      const message = JSON.parse(data);
      if (message.type === "welcome") {
        since = Date.now();
        this.open = true;
        this.refused = 0;
        this.told.state("open", "", 0);
      }
      this.told.message(message);
    };
    socket.onclose = ({ code }) => {
      if (since && Date.now() - since > STEADY) this.wait = FIRST_WAIT;
      this.socket = null;
      this.open = false;
      this.refused = code === 4401 ? this.refused + 1 : 0;
      if (AGAIN.has(code) && this.refused < REFUSED_LIMIT) this.later(code === 4503 ? "full" : "unreachable");
      else this.told.state("ended", ENDS[code] ?? (code === 4401 ? "signed-out" : "mistake"), 0);
    };
  }

  /** @param {string} why */
  later(why) {
    const wait = this.wait * (1 - Math.random() / 2);
    this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
    this.told.state("gone", why, wait);
    this.timer = setTimeout(() => this.connect(), wait);
  }
}
