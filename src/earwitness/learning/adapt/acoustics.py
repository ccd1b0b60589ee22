"""The recogniser's acoustic model, moved towards how people here sound and towards their rooms' noise.

Each clip is aligned with its words; its frames, and those of the same clip with noise laid under it (aligned alike:
the words are where they were), count for the Gaussians that account for them. The noise is what lies between
people's own words, or a recording of the room that was given.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from earwitness.kernel.errors import BadInput
from earwitness.learning.adapt.background import Sound, between_words, laid_under, room, samples, to_pcm
from earwitness.learning.adapt.material import Lesson, Material
from earwitness.speech.asr.acoustics.adapting import Statistics
from earwitness.speech.asr.acoustics.aligning import Aligned, Aligner, frames_of
from earwitness.speech.asr.acoustics.model import Floats, shipped_model
from earwitness.speech.asr.features import centred

LEVELS_DB: Final = (15.0, 9.0, 5.0)  # of speech above the noise that is laid under it
FEWEST_CLIPS: Final = 10
FEWEST_PEOPLE: Final = 2
SHAPE: Final = (42, 3, 128, 13)

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class AcousticFit:
    """The new means, the noise that was found, and how many clips it rests on."""

    means: Floats
    noise: Sound | None
    clips: int
    people: int = field(default=0)


def fit_acoustics(material: Material, progress: Progress = lambda _done, _all: None) -> AcousticFit | None:
    """Adapt; None where there are too few clips of too few people for it to help others."""
    lessons = [each for each in material.learn() if each.words and each.example.pcm]
    people = {each.person for each in lessons}
    if len(lessons) < FEWEST_CLIPS or len(people) < max(FEWEST_PEOPLE, material.fewest):
        return None
    aligned = _aligned(lessons, progress)
    if len(aligned) < FEWEST_CLIPS:
        return None
    noise = samples(material.noise) if material.noise else _noise(aligned)
    statistics = Statistics(shipped_model())
    for done, (lesson, found) in enumerate(aligned):
        _learn(statistics, lesson, found, noise)
        progress(len(lessons) + done + 1, len(lessons) + len(aligned))
    return AcousticFit(statistics.adapted(), noise, len(aligned), len(people))


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


def _learn(statistics: Statistics, lesson: Lesson, found: Aligned, noise: Sound | None) -> None:
    sound = samples(lesson.example.pcm)
    statistics.add(centred(frames_of(lesson.example.pcm)), found.states)
    if noise is None:
        return
    for level in LEVELS_DB:
        heard = laid_under(sound, noise, level, f"{level} {lesson.example.recording}")
        statistics.add(centred(frames_of(to_pcm(heard))), found.states)


def to_bytes(means: Floats) -> bytes:
    """The file ``means.npz``: one array, 16 bits a number."""
    out = io.BytesIO()
    np.savez_compressed(out, means=means.astype(np.float16))
    return out.getvalue()


def read_means(data: bytes) -> Floats:
    """Read what :func:`to_bytes` wrote.

    Raises:
        BadInput: it is something else.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            means: Floats = arrays["means"].astype(np.float32)
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise _wrong() from error
    if means.shape != SHAPE or not np.isfinite(means).all():
        raise _wrong()
    return means


def _wrong() -> BadInput:
    return BadInput("The acoustic model cannot be read.", next_step="Let it learn again.")
