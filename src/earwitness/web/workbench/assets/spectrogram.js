// A spectrogram of 16-bit mono PCM, drawn column by column: 25 ms windows, 70 dB, 0 to 8 kHz with the lower half wider.

const WINDOW = 400;
const SIZE = 512;
const RANGE_DB = 70;

/** The samples of a WAV file with a 44-byte header, -1 to 1, and its rate in Hz. */
export function samplesOf(wav) {
  const view = new DataView(wav);
  const rate = view.getUint32(24, true);
  const count = Math.floor((wav.byteLength - 44) / 2);
  const samples = new Float32Array(count);
  for (let at = 0; at < count; at++) samples[at] = view.getInt16(44 + 2 * at, true) / 32768;
  return { samples, rate };
}

/** Draw the samples over the whole canvas, in the colours of the page. */
export function drawSpectrogram(canvas, samples) {
  const context = canvas.getContext("2d");
  const { width, height } = canvas;
  const image = context.createImageData(width, height);
  const shape = Float32Array.from({ length: WINDOW }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / WINDOW));
  const real = new Float32Array(SIZE);
  const imaginary = new Float32Array(SIZE);
  const columns = [];
  let loudest = -Infinity;
  for (let x = 0; x < width; x++) {
    const start = Math.round((x / width) * Math.max(0, samples.length - WINDOW));
    real.fill(0);
    imaginary.fill(0);
    for (let n = 0; n < WINDOW; n++) real[n] = (samples[start + n] || 0) * shape[n];
    transform(real, imaginary);
    const column = new Float32Array(SIZE / 2);
    for (let bin = 0; bin < SIZE / 2; bin++) {
      column[bin] = 10 * Math.log10(real[bin] ** 2 + imaginary[bin] ** 2 + 1e-12);
      if (column[bin] > loudest) loudest = column[bin];
    }
    columns.push(column);
  }
  const [paper, ink] = colours(canvas);
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      const place = 1 - y / height;
      const bin = Math.min(SIZE / 2 - 1, Math.floor(place ** 1.6 * (SIZE / 2)));
      const level = Math.max(0, Math.min(1, 1 - (loudest - columns[x][bin]) / RANGE_DB)) ** 1.5;
      const at = 4 * (y * width + x);
      for (let part = 0; part < 3; part++) image.data[at + part] = paper[part] + (ink[part] - paper[part]) * level;
      image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
}

function colours(canvas) {
  const style = getComputedStyle(canvas);
  return [style.getPropertyValue("--card"), style.getPropertyValue("--accent")].map((text) => {
    const number = parseInt(text.trim().slice(1), 16);
    return [number >> 16, (number >> 8) & 255, number & 255];
  });
}

/** Cooley and Tukey's fast Fourier transform in place; the length is a power of two. */
function transform(real, imaginary) {
  const size = real.length;
  for (let at = 1, other = 0; at < size; at++) {
    let bit = size >> 1;
    for (; other & bit; bit >>= 1) other ^= bit;
    other ^= bit;
    if (at < other) {
      [real[at], real[other]] = [real[other], real[at]];
      [imaginary[at], imaginary[other]] = [imaginary[other], imaginary[at]];
    }
  }
  for (let length = 2; length <= size; length <<= 1) {
    const angle = (-2 * Math.PI) / length;
    for (let start = 0; start < size; start += length) {
      for (let n = 0; n < length / 2; n++) {
        const [cos, sin] = [Math.cos(angle * n), Math.sin(angle * n)];
        const low = start + n;
        const high = low + length / 2;
        const re = real[high] * cos - imaginary[high] * sin;
        const im = real[high] * sin + imaginary[high] * cos;
        [real[high], imaginary[high]] = [real[low] - re, imaginary[low] - im];
        real[low] += re;
        imaginary[low] += im;
      }
    }
  }
}
