// The part of the microphone that runs beside the sound card: whatever rate it has, 16 kHz mono s16le in frames of 32 ms.

import { Resampler } from "./resample.js";

const RATE = 16000;
const FRAME = 512; // samples

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, RATE);
    this.frame = new DataView(new ArrayBuffer(2 * FRAME));
    this.filled = 0;
    this.energy = 0;
  }

  /**
   * @param {Float32Array[][]} inputs
   */
  process(inputs) {
    const [channel] = inputs[0];
    if (channel) for (const value of this.resampler.push(channel)) this.take(Math.max(-1, Math.min(1, value)));
    return true;
  }

  /** @param {number} value from -1 to 1 */
  take(value) {
    this.frame.setInt16(2 * this.filled, Math.round(value * 32767), true);
    this.energy += value * value;
    this.filled += 1;
    if (this.filled < FRAME) return;
    const { buffer } = this.frame;
    this.port.postMessage({ sound: buffer, level: Math.sqrt(this.energy / FRAME) }, [buffer]);
    this.frame = new DataView(new ArrayBuffer(2 * FRAME));
    this.filled = 0;
    this.energy = 0;
  }
}

registerProcessor("capture", Capture);
