"""espeak-ng voices saying something, as material to train on: a process of its own for each rendering."""

import shutil
import struct
import subprocess
from dataclasses import dataclass

import numpy as np

from earwitness.kernel.audio import SAMPLE_RATE
from earwitness.kernel.errors import EngineFailed, EngineMissing
from earwitness.speech.verify.training.disturbing import Samples, resample, to_pcm

ENGLISH = (
    "en-gb", "en-us", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-rp", "en-gb-x-gbcwmd", "en-029", "en-us-nyc",
)  # fmt: skip
VARIANTS = (
    "f1", "f3", "f4", "f5", "m1", "m2", "m4", "m5", "m6", "m8", "Alex", "Andrea", "Andy", "Annie", "Diogo", "Gene",
    "Jacky", "Lee", "Mario", "adam", "anika", "belinda", "boris", "caleb", "david", "ed", "edward", "grandma", "john",
    "linda", "max", "michel", "miguel", "norbert", "paul", "quincy", "rob", "robert", "sandro", "shelby", "travis",
    "victor", "zac", "klatt", "klatt2", "klatt4", "klatt5", "klatt6", "aunty", "marcelo", "pablo", "gustave",
)  # fmt: skip
HELD_OUT = ("f2", "m3", "Alicia", "Michael", "klatt3", "steph", "m7", "grandpa")  # for measuring, never trained on
SPEEDS = (120, 140, 160, 175, 190, 210)
PITCHES = (25, 40, 50, 60, 75)
HEADER_BYTES = 44
SHORTEST = SAMPLE_RATE // 4


@dataclass(frozen=True, slots=True)
class Voice:
    """An espeak-ng voice, with words a minute and pitch (0 to 99)."""

    name: str
    speed: int = 160
    pitch: int = 50


def plain_voices() -> tuple[Voice, ...]:
    """Return sixteen voices for measuring: the eight English ones as they are, and with the held-out variants."""
    varied = (f"{base}+{variant}" for base, variant in zip(ENGLISH, HELD_OUT, strict=True))
    return tuple(Voice(name) for name in (*ENGLISH, *varied))


def any_voice(random: np.random.Generator) -> Voice:
    """Draw a voice to train on."""
    name = f"{random.choice(ENGLISH)}+{random.choice(VARIANTS)}"
    return Voice(name, int(random.choice(SPEEDS)), int(random.choice(PITCHES)))


def spoken(text: str, voice: str, speed: int = 150) -> bytes:
    """Return ``text`` spoken by a voice at so many words a minute: 16 kHz mono s16le.

    Raises:
        EngineMissing: espeak-ng is not installed.
        EngineFailed: it gave no WAV.
    """
    return to_pcm(render(text, Voice(voice, speed)))


def render(text: str, voice: Voice, *, phonemes: bool = False) -> Samples:
    """Return ``text`` (or espeak phoneme mnemonics) spoken, at 16 kHz; empty where a voice cannot say it.

    Raises:
        EngineMissing: espeak-ng is not installed.
        EngineFailed: espeak-ng gave no WAV.
    """
    program = shutil.which("espeak-ng")
    if program is None:
        msg = "espeak-ng is not installed."
        raise EngineMissing(msg, next_step="apt-get install espeak-ng")
    said = f"[[{text}]]" if phonemes else text
    command = (program, "--stdin", "--stdout", "-b", "1", "-v", voice.name)
    done = subprocess.run(  # noqa: S603 - our own program and words, no shell
        (*command, "-s", str(voice.speed), "-p", str(voice.pitch)),
        input=said.encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode or not done.stdout.startswith(b"RIFF") or len(done.stdout) < HEADER_BYTES:
        msg = "espeak-ng said nothing."
        raise EngineFailed(msg, next_step="Is its voice installed? espeak-ng --voices")
    (rate,) = struct.unpack_from("<I", done.stdout, 24)
    samples = np.frombuffer(done.stdout[HEADER_BYTES : len(done.stdout) // 2 * 2], "<i2").astype(np.float32)
    if len(samples) < SHORTEST or not samples.any():
        return np.zeros(0, np.float32)
    return resample(samples, SAMPLE_RATE / rate)
