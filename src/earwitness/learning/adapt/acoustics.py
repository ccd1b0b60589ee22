"""The recogniser's acoustic model, moved towards how people here sound and towards their rooms' noise.

Each clip is aligned with its words; its frames, and those of the same clip with noise laid under it (aligned alike:
the words are where they were), count for the Gaussians that account for them. The noise is what lies between
people's own words, or a recording of the room that was given.
"""

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from earwitness.kernel.errors import BadInput
from earwitness.learning.adapt.background import Sound, between_words, laid_under, room, samples, to_pcm
from earwitness.learning.adapt.material import Lesson, Material
from earwitness.speech.asr.acoustics.adapting import Statistics
from earwitness.speech.asr.acoustics.aligning import Aligned, Aligner, Heard, frames_of, hear
from earwitness.speech.asr.acoustics.model import LEAST_VARIANCE, Floats, install, shipped_model
from earwitness.speech.asr.engines.noise import noisy_gaussians
from earwitness.speech.asr.features import centred

LEVELS_DB: Final = (15.0, 9.0, 5.0)  # of speech above the noise that is laid under it
FEWEST_CLIPS: Final = 10
FEWEST_PEOPLE: Final = 2
ARRAYS: Final = ("means", "noisy", "noisy_log_variances")
SHAPE: Final = (42, 3, 128, 13)

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class AcousticFit:
    """The new means, means and variances for speech in noise, the noise that was found, how many clips they rest on."""

    means: Floats
    noisy: tuple[Floats, Floats] | None
    noise: Sound | None
    clips: int


@dataclass(slots=True)
class _Both:
    """What was heard with each of the recogniser's two models: what stands in noise teaches the one for noise alone."""

    clean: Statistics
    noisy: Statistics

    def add(self, heard: Heard, found: Aligned) -> None:
        if heard.noisy:
            self.noisy.add(centred(heard.plain), found.states)
        else:
            self.clean.add(centred(heard.clean), found.states)


@dataclass(slots=True)
class _Heard:
    """What was heard of one group of people, and the noise of their rooms."""

    statistics: _Both
    people: set[str] = field(default_factory=set)
    clips: int = 0
    noise: Sound | None = None


def fit_acoustics(
    material: Material, groups: Sequence[frozenset[str]], progress: Progress = lambda _done, _all: None
) -> list[AcousticFit | None]:
    """Adapt once for each group of people, to everybody but them; each clip is heard once for all.

    A clip is laid over noise of its own group's rooms, so that what is learned without a group holds none of theirs;
    a group whose rooms are too quiet for that gets everybody's. None where there are too few clips of too few people.
    """
    lessons = [each for each in material.lessons if each.words and each.example.pcm]
    aligned = _aligned(lessons, progress)
    everywhere = samples(material.noise) if material.noise else _noise(aligned)
    heard = [_Heard(_statistics()) for _ in groups]
    done = len(lessons)
    for group, into in zip(groups, heard, strict=True):
        theirs = [(lesson, found) for lesson, found in aligned if lesson.person in group]
        own = None if material.noise else _noise(theirs)
        into.noise = everywhere if own is None else own
        for lesson, found in theirs:
            _learn(into.statistics, lesson, found, into.noise)
            into.people.add(lesson.person)
            into.clips += 1
            progress(done := done + 1, len(lessons) + len(aligned))
    return [_fitted([*heard[:at], *heard[at + 1 :]], material.fewest) for at in range(len(groups))]


def _fitted(heard: Sequence[_Heard], fewest: int) -> AcousticFit | None:
    clips, people = sum(each.clips for each in heard), set().union(*(each.people for each in heard))
    if clips < FEWEST_CLIPS or len(people) < max(FEWEST_PEOPLE, fewest):
        return None
    whole = _statistics()
    for each in heard:
        whole.clean.take(each.statistics.clean)
        whole.noisy.take(each.statistics.noisy)
    noisy = (whole.noisy.means(), whole.noisy.variances()) if whole.noisy.counts.sum() else None
    noise = next((each.noise for each in heard if each.clips), None)
    return AcousticFit(whole.clean.means(), noisy, noise, clips)


def _statistics() -> _Both:
    shipped = shipped_model()
    means, variances = noisy_gaussians()
    floored = np.maximum(variances, np.float32(LEAST_VARIANCE))  # as the decoder does
    return _Both(Statistics(shipped), Statistics(replace(shipped, means=means, variances=floored)))


def _aligned(lessons: Sequence[Lesson], progress: Progress) -> list[tuple[Lesson, Aligned]]:
    aligner = Aligner()
    found = []
    for done, lesson in enumerate(lessons):
        aligned = aligner.align(frames_of(lesson.example.pcm), lesson.words or "")
        if aligned is not None:
            found.append((lesson, aligned))
        progress(done + 1, 2 * len(lessons))
    return found


def _noise(aligned: Sequence[tuple[Lesson, Aligned]]) -> Sound | None:
    return room([part for lesson, found in aligned for part in between_words(samples(lesson.example.pcm), found.quiet)])


def _learn(statistics: _Both, lesson: Lesson, found: Aligned, noise: Sound | None) -> None:
    sound = samples(lesson.example.pcm)
    statistics.add(hear(lesson.example.pcm), found)
    for level in LEVELS_DB if noise is not None else ():
        if noise is not None:
            mixed = laid_under(sound, noise, level, f"{level} {lesson.example.recording}")
            statistics.add(hear(to_pcm(mixed)), found)


def to_bytes(means: Floats, noisy: tuple[Floats, Floats] | None = None) -> bytes:
    """The file ``means.npz``: the arrays, 16 bits a number; variances as logarithms."""
    out = io.BytesIO()
    arrays = {"means": means}
    if noisy is not None:
        arrays |= {"noisy": noisy[0], "noisy_log_variances": np.log(noisy[1])}
    small: dict[str, Any] = {name: array.astype(np.float16) for name, array in arrays.items()}
    np.savez_compressed(out, **small)
    return out.getvalue()


def install_means(data: bytes, folder: Path) -> Path:
    """Make ``folder`` the acoustic model of a file that :func:`to_bytes` wrote; returns it.

    Raises:
        BadInput: it is something else.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            found = {name: arrays[name].astype(np.float32) for name in ARRAYS if name in arrays}
            means: Floats = found["means"]
            noisy = (found["noisy"], np.exp(found["noisy_log_variances"])) if "noisy" in found else None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _wrong() from error
    if any(each.shape != SHAPE or not np.isfinite(each).all() for each in found.values()):
        raise _wrong()
    return install(means, folder, noisy)


def _wrong() -> BadInput:
    return BadInput("The acoustic model cannot be read.", next_step="Let it learn again.")
