"""Makes the examples a verifier is fitted on: windows as the hub would cut them, after the first stage fired.

Positives: people saying the word (a folder of clips, if there is one) and espeak-ng voices. Negatives: confusables in
the same voices, so that a voice never gives the answer away, and whatever of other people's speech excites the
first stage. All are disturbed as homes do it. A ``group`` (a speaker) is never split between fitting and measuring.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from earwitness.speech.ring import samples_of
from earwitness.speech.verify.features import Array, window_features
from earwitness.speech.verify.port import AFTER_MS, BEFORE_MS
from earwitness.speech.verify.training.confusables import (
    CARRIERS,
    Confusable,
    changed_sounds,
    mnemonics,
    near_words,
)
from earwitness.speech.verify.training.disturbing import (
    Samples,
    as_samples,
    echoed,
    embedded,
    leveled,
    mix_noise,
    resample,
    to_pcm,
)
from earwitness.speech.verify.training.renderings import any_voice, render
from earwitness.speech.wake.microwakeword import CUTOFF, MicroWakeDetector

SILENCE = np.zeros(8_000, np.float32)
HARD = 0.05  # what excites the first stage this much is worth learning from
LEADS = ("{}", "{}", "{}", "hey {}", "{} turn on the light", "{}, what time is it", "{} stop", "{}! Play some music")


@dataclass(frozen=True, slots=True)
class Example:
    """``fired``: the first stage let it through at its ordinary cutoff."""

    features: Array
    label: int
    importance: float
    group: str
    kind: str
    fired: bool = True


@dataclass(frozen=True, slots=True)
class Recording:
    """Somebody's clip; ``speaker`` groups them."""

    samples: Samples
    speaker: str


@dataclass(frozen=True, slots=True)
class Material:
    """What to train with: all but the word's phones may be empty, then there are only espeak-ng's voices.

    ``texts`` are phrases to reject besides the dictionary's. Words in ``leave_out`` are rendered by nobody.
    """

    word: str
    phones: tuple[tuple[str, ...], ...]
    saying: tuple[Recording, ...] = ()
    others: tuple[Recording, ...] = ()
    noises: tuple[Samples, ...] = ()
    rooms: tuple[Samples, ...] = ()
    texts: tuple[str, ...] = ()
    leave_out: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Amounts:
    """How many of each: for each clip of the word, of each other clip, and renderings altogether."""

    disturbed: int = 11
    around: int = 2
    rendered: int = 2_400
    confusable: int = 8_000


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of examples; those that excite the first stage less than ``least`` are none."""

    kind: str
    label: int
    importance: float
    least: float

    def example(self, window: bytes, score: float, group: str) -> Example:
        """Make one; what the first stage lets through wrongly counts more."""
        fired = score > CUTOFF
        weight = self.importance * (1.5 if fired and not self.label else 1.0)
        return Example(as_features16(window_features(window)), self.label, weight, group, self.kind, fired)


SAID = Sort("said", 1, 6.0, 0.2)
SAID_10DB = Sort("said10", 1, 8.0, 0.2)
DISTURBED = Sort("disturbed", 1, 4.0, 0.2)
RENDERED = Sort("rendered", 1, 1.5, 0.2)
OTHER = Sort("other", 0, 9.0, 0.0)
AROUND = Sort("around", 0, 2.1, 0.003)
CONFUSABLE = Sort("confusable", 0, 1.0, HARD)


def as_features16(features: Array) -> Array:
    """Halve the memory that thousands of windows take."""
    half: Array = features.astype(np.float16)
    return half


class ExampleMaker:
    """Makes examples of one word; deterministic for a seed (but for espeak-ng's version)."""

    def __init__(self, material: Material, detector: MicroWakeDetector, seed: int = 11) -> None:
        """Use ``detector``'s model of the word to find where windows end; it should have a low cutoff."""
        self._material = material
        self._random = np.random.default_rng(seed)
        self._first = FirstStage(detector, material.word)
        self._talk: Sequence[Samples] = [clip.samples for clip in material.others] or [SILENCE]

    def make(self, amounts: Amounts, progress: Callable[[str, int], None]) -> Iterator[Example]:
        """Yield all examples."""
        for source in (self._said, self._others, self._rendered, self._confusable):
            count = 0
            for example in source(amounts):
                count += 1
                yield example
            progress(source.__name__.strip("_"), count)

    def _said(self, amounts: Amounts) -> Iterator[Example]:
        for clip in self._material.saying:
            yield from self._example(clip.samples, SAID, clip.speaker)
            yield from self._example(self._noisy(clip.samples, 10, 10), SAID_10DB, clip.speaker)
            for _ in range(amounts.disturbed):
                yield from self._example(self._disturbed(clip.samples), DISTURBED, clip.speaker)

    def _others(self, amounts: Amounts) -> Iterator[Example]:
        for clip in self._material.others:
            for window, score in self._first.excited(clip.samples):
                yield OTHER.example(window, score, clip.speaker)
            for _ in range(amounts.around):
                start = int(self._random.integers(max(1, len(clip.samples) - 40_000)))
                piece = self._disturbed(clip.samples[start : start + 40_000], talk=False)
                yield from self._example(piece, AROUND, clip.speaker)

    def _rendered(self, amounts: Amounts) -> Iterator[Example]:
        ways = [mnemonics(list(way)) for way in self._material.phones]
        for number in range(amounts.rendered):
            if number % 2:
                said = Confusable(ways[number // 2 % len(ways)], phonemes=True)
            else:
                said = Confusable(str(self._random.choice(LEADS)).format(self._material.word), phonemes=False)
            yield from self._spoken(said, RENDERED, disturb=0.6)

    def _confusable(self, amounts: Amounts) -> Iterator[Example]:
        phones = [list(way) for way in self._material.phones]
        near = [c for c in near_words(phones[0], 400) if c.text not in self._material.leave_out]
        near += [Confusable(text, phonemes=False) for text in self._material.texts for _ in range(10)]
        own = {mnemonics(way) for way in phones}
        changed = [c for way in phones for c in changed_sounds(way) if c.text not in own | self._material.leave_out]
        for number in range(amounts.confusable):
            pool = changed if number % 5 < 2 else near  # noqa: PLR2004 - two of five are the word with a sound changed
            said = pool[int(self._random.integers(len(pool)))]
            if not said.phonemes:
                said = Confusable(str(self._random.choice(CARRIERS)).format(said.text), phonemes=False)
            yield from self._spoken(said, CONFUSABLE, disturb=0.5)

    def _spoken(self, said: Confusable, sort: Sort, *, disturb: float) -> Iterator[Example]:
        samples = render(said.text, any_voice(self._random), phonemes=said.phonemes)
        if len(samples):
            if self._random.random() < disturb:
                samples = self._disturbed(samples)
            yield from self._example(samples, sort, "")

    def _example(self, samples: Samples, sort: Sort, group: str) -> Iterator[Example]:
        window, score = self._first.window(samples)
        if score >= sort.least:
            yield sort.example(window, score, group)

    def _disturbed(self, samples: Samples, *, talk: bool = True) -> Samples:
        random = self._random
        if random.random() < 0.6:  # noqa: PLR2004 - more often than not
            samples = resample(samples, 1 / random.uniform(0.88, 1.14))
        if talk and random.random() < 0.5:  # noqa: PLR2004 - every second one
            samples = embedded(samples, self._talk, random)
        if self._material.rooms and random.random() < 0.25:  # noqa: PLR2004 - a quarter from across the room
            samples = echoed(samples, self._material.rooms[int(random.integers(len(self._material.rooms)))])
        samples = leveled(samples, random)
        return self._noisy(samples, 4, 30) if random.random() < 0.75 else samples  # noqa: PLR2004 - homes are noisy

    def _noisy(self, samples: Samples, low: float, high: float) -> Samples:
        noises = self._material.noises or (_hiss(self._random),)
        return mix_noise(samples, noises, float(self._random.uniform(low, high)), self._random)


class FirstStage:
    """Runs the first stage over a whole clip, as a device would hear it between silences."""

    def __init__(self, detector: MicroWakeDetector, word: str) -> None:
        """Use one stream, reset between clips."""
        self._stream = detector.open((word,))

    def window(self, samples: Samples) -> tuple[bytes, float]:
        """Return the window of the first firing (else of the most excited moment), and the highest score."""
        track = self._track(samples)
        fired = np.flatnonzero(track[:, 1] > CUTOFF)
        at = int(fired[0]) if len(fired) else int(track[:, 1].argmax())
        return cut_window(samples, int(track[at, 0])), float(track[:, 1].max())

    def excited(self, samples: Samples, most: int = 8) -> Iterator[tuple[bytes, float]]:
        """Yield the windows of the most excited moments, a second apart: where it fires, as the gate would cut them."""
        track = self._track(samples)
        for number in range(most):
            at = int(track[:, 1].argmax())
            score = float(track[at, 1])
            if score < (0.01 if number else 0.002):
                return
            fires = at
            while score > CUTOFF and fires and track[fires - 1, 1] > CUTOFF:
                fires -= 1
            yield cut_window(samples, int(track[fires, 0])), score
            track[max(0, at - 33) : at + 34, 1] = 0.0

    def _track(self, samples: Samples) -> np.ndarray[Any, np.dtype[np.float64]]:
        self._stream.reset()
        pcm = to_pcm(np.concatenate([SILENCE, samples, SILENCE]))
        track = np.array([(at - len(SILENCE), score) for at, score in self._stream.scores(pcm)], np.float64)
        return track if len(track) else np.zeros((1, 2))


def cut_window(samples: Samples, word_end: int) -> bytes:
    """Cut as the gate does: silence where there is no sound."""
    start, end = word_end - samples_of(BEFORE_MS), word_end + samples_of(AFTER_MS)
    window = np.zeros(end - start, np.float32)
    low, high = max(0, start), min(len(samples), end)
    if low < high:
        window[low - start : high - start] = samples[low:high]
    return to_pcm(window)


def _hiss(random: np.random.Generator) -> Samples:
    return as_samples(random.normal(0, 500, 32_000))
