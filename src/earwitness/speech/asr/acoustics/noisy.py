"""Learns what noise does to speech: ``python -m earwitness.speech.asr.acoustics.noisy --data DIR --out FILE``.

Every clip is analysed twice, as it is and with noise laid under it. Each frame is shared out among the model's
Gaussians by its *clean* features, so that what a Gaussian accounted for is known in both; how far the noisy frames
lie from the clean ones is how far that Gaussian moves, and how much wider they are is how much wider it gets
(single-pass retraining: Gales, "Model-based techniques for noise robust speech recognition", 1995). Only differences
are kept: whose voices these were, real or espeak-ng's, has no part in them. Deterministic for a seed. A quarter of an
hour on one core.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from earwitness.kernel.audio import SAMPLE_RATE, read_clip
from earwitness.kernel.errors import EarwitnessError
from earwitness.speech.asr.acoustics.adapting import Statistics, with_differences
from earwitness.speech.asr.acoustics.aligning import SILENT, Aligner
from earwitness.speech.asr.acoustics.model import AcousticModel, Floats, Ints, shipped_model
from earwitness.speech.asr.acoustics.noises import Noises, any_noise, laid_under
from earwitness.speech.asr.engines.dictation import Dictation
from earwitness.speech.asr.engines.searches import load_decoder
from earwitness.speech.asr.features import HOP, Frontend, centred, cepstra
from earwitness.speech.verify.training.disturbing import Samples, from_pcm, resample, to_pcm
from earwitness.speech.verify.training.renderings import any_voice, render

HELD_OUT: Final = ("noise_kitchen", "commands_barista", "commands_home_real")  # these measure; nothing is learned there
SOFTEST_DB, LOUDEST_DB = 12.0, 0.0
RATES: Final = (0.94, 1.0, 1.06)  # of the voices: speakers between those there are
CLIP_FRAMES: Final = 256
FEWEST_FRAMES: Final = 15
ROUNDS: Final = 2
TRUST: Final = 5.0  # frames that say "no shift"
WIDENING: Final = 0.5  # of what was seen: all of it makes words too alike
LEAST_RATIO, MOST_RATIO = 0.3, 8.0
REST: Final = 0.05  # of the variance, so that a Gaussian of few frames has one
HUSH: Final = np.float32(10.0)  # power in each band: the digital silence of some recordings is no room's
WORDS: Final = (3, 9)  # of a sentence made of words that happen to follow each other
RENDERED: Final = 1_200
_WORD = re.compile(r"[a-z']+")


@dataclass(frozen=True, slots=True)
class Clip:
    """Speech at 16 kHz with the senone of each 10 ms."""

    sound: Samples
    states: Ints


@dataclass(slots=True)
class Stereo(Statistics):
    """Sums and squares of clean and noisy features by Gaussian, shared out by the clean ones."""

    clean: NDArray[np.float64] = field(init=False)
    noisy: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing heard."""
        Statistics.__post_init__(self)
        self.clean = np.zeros((2, *self.sums.shape))
        self.noisy = np.zeros((2, *self.sums.shape))

    def add_pair(self, clean: Floats, noisy: Floats, states: Ints) -> None:
        """Take a clip twice: its centred features without and with noise, and the state of each frame."""
        known = states != SILENT
        without, within, senones = with_differences(clean)[known], with_differences(noisy)[known], states[known]
        phones = self.model.phone_of[senones]
        for phone in np.unique(phones):
            rows = phones == phone
            for stream in range(self.clean.shape[2]):
                part = slice(13 * stream, 13 * stream + 13)
                shares = self._shares(int(phone), stream, without[rows, part], senones[rows]).T
                self.counts[phone, stream] += shares.sum(axis=1)
                for sums, values in ((self.clean, without[rows, part]), (self.noisy, within[rows, part])):
                    sums[0, phone, stream] += shares @ values
                    sums[1, phone, stream] += shares @ values**2

    def shift(self) -> tuple[Floats, Floats]:
        """How far each mean moves, and the logarithm of how much wider each variance gets."""
        counts = np.maximum(self.counts, 1e-6)[..., None]
        weight = self.counts[..., None] / (self.counts[..., None] + TRUST)
        before, after = self.clean / counts, self.noisy / counts
        rest = REST * self.model.variances
        ratio = (after[1] - after[0] ** 2 + rest) / (before[1] - before[0] ** 2 + rest)
        wider = WIDENING * weight * np.log(np.clip(ratio, LEAST_RATIO, MOST_RATIO))
        return (weight * (after[0] - before[0])).astype(np.float32), wider.astype(np.float32)


def learn(clips: Sequence[Clip], noises: Noises, model: AcousticModel, random: np.random.Generator) -> Stereo:
    """Hear every clip with and without noise, :data:`ROUNDS` times."""
    heard = Stereo(model)
    for clip in [clip for _ in range(ROUNDS) for clip in clips]:
        sound, states = _piece(clip, random)
        if len(states) >= FEWEST_FRAMES:
            noise = any_noise(noises, len(sound), random)
            within = laid_under(sound, noise, random.uniform(LOUDEST_DB, SOFTEST_DB))
            heard.add_pair(_features(sound, len(states)), _features(within, len(states)), states)
    return heard


def _piece(clip: Clip, random: np.random.Generator) -> tuple[Samples, Ints]:
    """Up to 2.6 s of a clip, its voice a little deeper or higher."""
    rate = float(random.choice(RATES))
    longest = int((CLIP_FRAMES + 2) * HOP * rate)
    begin = int(random.integers(max(1, (len(clip.sound) - longest) // HOP)))
    sound = resample(clip.sound[begin * HOP : begin * HOP + longest], 1.0 / rate)
    count = max(0, min(CLIP_FRAMES, len(sound) // HOP - 2))
    at = np.minimum(begin + np.rint(np.arange(count) * rate).astype(np.intp), len(clip.states) - 1)
    return sound, clip.states[at]


def _features(sound: Samples, count: int) -> Floats:
    frontend = Frontend()
    frontend.push(to_pcm(sound))
    return centred(cepstra(frontend.bands() + HUSH))[:count]


class Gatherer:
    """Clips with their states: recordings with what was said where that is known, and espeak-ng's voices."""

    def __init__(self) -> None:
        """Load the decoders."""
        self._aligner, self._dictation = Aligner(), Dictation()

    def clip(self, sound: Samples, text: str | None) -> Clip | None:
        """Align a clip; without ``text``, with what the open language model takes it for."""
        frames = Frontend().push(to_pcm(sound))
        if text is None:
            (words,) = self._dictation.words(frames, [(0, len(frames))])
            text = " ".join(each.word for each in words)
        found = self._aligner.align(centred(frames), text) if text else None
        return Clip(sound, found.states) if found else None

    def recorded(self, data: Path) -> Iterator[Clip]:
        """The recordings of people in a folder with labels.jsonl."""
        for row in _rows(data):
            if row["kind"] not in {"noise", "rir"} and row["set"] not in HELD_OUT:
                sound = from_pcm(read_clip(data / row["path"]).pcm)
                clip = self.clip(sound, row.get("transcript"))
                if clip:
                    yield from [clip] * max(1, len(sound) // (SAMPLE_RATE * 7 // 2))

    def rendered(self, words: Sequence[str], count: int, random: np.random.Generator) -> Iterator[Clip]:
        """Words in no order, spoken by any of espeak-ng's voices."""
        for _ in range(count):
            text = " ".join(str(random.choice(words)) for _ in range(random.integers(*WORDS)))
            said = render(text, any_voice(random))
            if len(said):
                quiet = np.zeros(int(random.uniform(0.1, 0.4) * SAMPLE_RATE), np.float32)
                sound = np.concatenate((quiet, said * (8_000.0 / float(np.abs(said).max())), quiet))
                clip = self.clip(sound + random.normal(0, 3, len(sound)).astype(np.float32), text)
                if clip:
                    yield clip


def _rows(data: Path) -> Iterator[dict[str, Any]]:
    with (data / "labels.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _known(words: set[str]) -> list[str]:
    """Those in the recogniser's dictionary: a pronunciation that espeak-ng only guessed teaches the wrong sounds."""
    decoder = load_decoder()
    return sorted(word for word in words if decoder.lookup_word(word))


def main() -> int:
    """Gather, learn, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="recordings: a folder with labels.jsonl")
    parser.add_argument("--words", type=Path, nargs="*", default=[], help="text files whose words espeak-ng speaks")
    parser.add_argument("--rendered", type=int, default=RENDERED)
    parser.add_argument("--out", type=Path, required=True, help="the .npz to write")
    asked = parser.parse_args()
    random = np.random.default_rng(1)
    try:
        gatherer = Gatherer()
        words = _known({word for file in asked.words for word in _WORD.findall(file.read_text("utf-8").lower())})
        clips = [*gatherer.recorded(asked.data), *(gatherer.rendered(words, asked.rendered, random) if words else ())]
        noises = Noises.read(asked.data, HELD_OUT)
        means, wider = learn(clips, noises, shipped_model(), random).shift()
    except EarwitnessError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    np.savez_compressed(asked.out, means=means.astype(np.float16), log_variances=wider.astype(np.float16))
    sys.stdout.write(f"learned from {len(clips)} clips\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
