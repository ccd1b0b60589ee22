// The microphone of this browser: opened when somebody asks for it, closed so that the browser's own light goes out.

// Gain control drives speech into clipping, and noise suppression takes consonants with it: the hub hears better without.
// What the reply itself puts into the microphone has to go, or the hub would hear itself.
const WISHES = { channelCount: 1, echoCancellation: true, noiseSuppression: false, autoGainControl: false };

/** Why there is no microphone: "unsafe" page, "denied", "none" there, "busy". */
export class NoMicrophone extends Error {
  /** @param {string} why */
  constructor(why) {
    super(why);
    this.why = why;
  }
}

export class Microphone {
  /**
   * @param {AudioContext} context
   * @param {(sound: ArrayBuffer, level: number) => void} hear called with 32 ms of sound, and its loudness from 0 to 1
   * @param {() => void} lost the browser or somebody took it away
   */
  constructor(context, hear, lost) {
    this.context = context;
    this.hear = hear;
    this.lost = lost;
    /** @type {MediaStream | null} */
    this.stream = null;
    /** @type {AudioNode[]} */
    this.nodes = [];
    this.prepared = false;
  }

  get isOpen() {
    return this.stream !== null;
  }

  get label() {
    return this.stream?.getAudioTracks()[0]?.label ?? "";
  }

  /** Open it; throws NoMicrophone. */
  async open() {
    this.close();
    const stream = await asked();
    try {
      if (!this.prepared) await this.context.audioWorklet.addModule("/assets/capture.js");
    } catch (error) {
      for (const track of stream.getTracks()) track.stop();
      throw new NoMicrophone("failed");
    }
    this.prepared = true;
    this.stream = stream;
    const source = this.context.createMediaStreamSource(stream);
    const options = { numberOfOutputs: 0, channelCount: 1, channelCountMode: /** @type {ChannelCountMode} */ ("explicit") };
    const capture = new AudioWorkletNode(this.context, "capture", options);
    capture.port.onmessage = ({ data }) => this.hear(data.sound, data.level);
    source.connect(capture);
    this.nodes = [source, capture];
    for (const track of stream.getTracks()) {
      track.onended = () => {
        this.close();
        this.lost();
      };
    }
  }

  /** Close it; twice is fine. */
  close() {
    for (const track of this.stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    for (const node of this.nodes) {
      node.disconnect();
      if (node instanceof AudioWorkletNode) node.port.onmessage = null;
    }
    this.nodes = [];
    this.stream = null;
  }
}

async function asked() {
  if (!navigator.mediaDevices?.getUserMedia) throw new NoMicrophone("unsafe");
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: WISHES });
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    if (name === "NotAllowedError" || name === "SecurityError") throw new NoMicrophone("denied");
    if (name === "NotReadableError" || name === "AbortError") throw new NoMicrophone("busy");
    throw new NoMicrophone("none");
  }
}
