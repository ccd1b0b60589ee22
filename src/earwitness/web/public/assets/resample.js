// Changing the rate of sound: a windowed sinc, so that what the lower rate cannot carry is taken out and not folded back.
//
// Kaiser window, about 80 dB; flat to 84 % of the lower rate's half, silent from all of it. Pieces of any size go in; what
// comes out does not depend on how it was cut.

const CROSSINGS = 32; // of the sinc on either side, at the lower rate
const BETA = 7.86; // 80 dB (Kaiser's formula)
const CUT_OFF = 0.92; // the middle of the slope, as a share of half the lower rate
const MOST_PHASES = 640; // beyond, the nearest is taken

export class Resampler {
  /**
   * @param {number} from samples a second that come
   * @param {number} to samples a second that are wanted
   */
  constructor(from, to) {
    const common = divisor(from, to);
    this.up = to / common;
    this.down = from / common;
    const slower = Math.max(1, from / to);
    this.half = Math.ceil(CROSSINGS * slower);
    this.phases = phases(Math.min(this.up, MOST_PHASES), this.half, CUT_OFF / slower);
    this.held = new Float32Array(this.half - 1); // silence before the first sample
    this.phase = 0; // of the next output, in parts of an input sample: phase / up
    this.at = 0; // the first of the samples under its window, in what is held
  }

  /**
   * Take sound and return what can be said of it so far.
   * @param {Float32Array} sound
   * @returns {Float32Array}
   */
  push(sound) {
    const all = new Float32Array(this.held.length + sound.length);
    all.set(this.held);
    all.set(sound, this.held.length);
    const width = 2 * this.half;
    const made = new Float32Array(Math.max(0, Math.ceil(((all.length - this.at) * this.up) / this.down) + 1));
    let count = 0;
    while (this.at + width <= all.length) {
      const weights = this.phases[Math.floor((this.phase * this.phases.length) / this.up)];
      let sum = 0;
      for (let index = 0; index < width; index += 1) sum += weights[index] * all[this.at + index];
      made[count] = sum;
      count += 1;
      this.phase += this.down;
      this.at += Math.floor(this.phase / this.up);
      this.phase %= this.up;
    }
    const used = Math.min(this.at, all.length);
    this.held = all.slice(used);
    this.at -= used;
    return made.slice(0, count);
  }
}

/**
 * The windows, one for each place between two input samples at which an output can lie.
 * @param {number} count
 * @param {number} half
 * @param {number} band the middle of the slope, as a share of half the input's rate
 * @returns {Float32Array[]}
 */
function phases(count, half, band) {
  return Array.from({ length: count }, (_, phase) => {
    const weights = Float32Array.from({ length: 2 * half }, (_none, index) => {
      const place = index - (half - 1) - phase / count;
      return band * sinc(band * place) * kaiser(place / half);
    });
    const sum = weights.reduce((total, each) => total + each, 0);
    return weights.map((each) => each / sum);
  });
}

/** @param {number} x */
function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** @param {number} x from -1 to 1 */
function kaiser(x) {
  return Math.abs(x) > 1 ? 0 : bessel(BETA * Math.sqrt(1 - x * x)) / bessel(BETA);
}

/**
 * The modified Bessel function of the first kind, order zero.
 * @param {number} x
 */
function bessel(x) {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-12; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/**
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
function divisor(a, b) {
  return b === 0 ? a : divisor(b, a % b);
}
