// The reply as it sounds: pieces of 16-bit sound put behind each other without a gap, brought to the sound card's rate here
// because a browser that does it piece by piece clicks at every seam.

import { Resampler } from "./resample.js";

const AHEAD = 0.08; // seconds that the first piece waits, so that the second is there in time

export class Speaker {
  /**
   * @param {AudioContext} context
   * @param {() => void} played called when a reply that was whole has sounded to its end
   */
  constructor(context, played) {
    this.context = context;
    this.played = played;
    /** @type {Resampler | null} */
    this.resampler = null;
    /** @type {Set<AudioBufferSourceNode>} */
    this.sounding = new Set();
    this.next = 0; // the frame of the context at which the next piece begins
    this.whole = true;
  }

  /** @param {number} rate of what follows */
  begin(rate) {
    this.resampler = new Resampler(rate, this.context.sampleRate);
    this.whole = false;
  }

  /** @param {ArrayBuffer} sound s16le */
  push(sound) {
    const view = new DataView(sound);
    const values = Float32Array.from({ length: sound.byteLength >> 1 }, (_, index) => view.getInt16(2 * index, true) / 32768);
    this.schedule(values);
  }

  /** The reply is whole. */
  end() {
    const { resampler } = this;
    if (resampler) this.schedule(new Float32Array(resampler.half)); // what is still under the window
    this.whole = true;
    this.resampler = null;
    if (this.sounding.size === 0) this.played();
  }

  /** Stop at once; nothing of it counts as played. */
  silence() {
    this.whole = true;
    this.resampler = null;
    for (const each of this.sounding) {
      each.onended = null;
      each.stop();
    }
    this.sounding.clear();
    this.next = 0;
  }

  /** @param {Float32Array} values */
  schedule(values) {
    const made = this.resampler?.push(values);
    if (!made?.length) return;
    const { context } = this;
    const buffer = context.createBuffer(1, made.length, context.sampleRate);
    buffer.copyToChannel(made, 0);
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(context.destination);
    const soonest = Math.ceil((context.currentTime + AHEAD) * context.sampleRate);
    if (this.next < context.currentTime * context.sampleRate) this.next = soonest;
    source.start(this.next / context.sampleRate);
    this.next += made.length;
    this.sounding.add(source);
    source.onended = () => {
      this.sounding.delete(source);
      if (this.whole && this.sounding.size === 0) this.played();
    };
  }
}
