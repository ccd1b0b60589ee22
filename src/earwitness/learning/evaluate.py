"""Old against new on the clips of people who were not learned from: in quiet, and in their rooms' noise.

A clip counts as accepted if intent and every slot come out as somebody said they should. Old and new hear
the same sound; the noise comes from stretches that were not learned from, where there is enough of it.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.kernel.errors import EngineFailed
from earwitness.learning.adapt.background import Sound, laid_under, samples, to_pcm
from earwitness.learning.adapt.language import Language, Meaning, Speech
from earwitness.learning.adapt.material import Lesson
from earwitness.learning.budget import Budget
from earwitness.learning.paired import Paired, Trial, compare
from earwitness.speech.asr.engines.pocketsphinx import PocketSphinxRecogniser
from earwitness.speech.endpointing import Endpointer, SpeechStarted
from earwitness.speech.ring import samples_of
from earwitness.speech.vad.port import FRAME_BYTES
from earwitness.speech.vad.silero import SileroVoice
from earwitness.understanding.taught import NOTHING, Taught
from earwitness.understanding.values import Hypothesis

LEVELS_DB: Final = (12.0, 6.0)
QUIET: Final = "in quiet"
NOISE: Final = "in noise"
PIECE: Final = 3_200
LEAD_MS: Final = 300
FEWEST_EACH: Final = 4  # clips that are worth starting a process for
PR_SET_PDEATHSIG: Final = 1
PROCESSES: Final = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a system is made of; folders are None where what ships is taken."""

    language: Language
    taught: Taught = NOTHING
    acoustics: Path | None = None
    understanding: Path | None = None


@dataclass(slots=True)
class System:
    """A recogniser with its acoustic model, the sentences with what was taught, and the matcher.

    It hears the sentences without open slots: taking free text down takes most of the time and none of what is learned.
    """

    recipe: Recipe
    recogniser: PocketSphinxRecogniser
    speech: Speech

    @classmethod
    def open(cls, recipe: Recipe) -> "System":
        """Load it."""
        speech = Speech.open(recipe.language, recipe.taught, recipe.understanding)
        made = cls(recipe, PocketSphinxRecogniser(acoustics=recipe.acoustics), speech)
        made.recogniser.prepare(speech.graph.closed())
        return made

    def hear(self, pcm: bytes) -> list[Hypothesis]:
        """The readings of a clip, the best first; what is before and behind the speech is cut, as in a turn."""
        begin, end = speech_in(pcm)
        listening = self.recogniser.listen()
        for at in range(begin, len(pcm), PIECE):
            listening.feed(pcm[at : at + PIECE])
        answer = listening.finish(speech_end_ms=(end - begin) // (SAMPLE_WIDTH * SAMPLE_RATE // 1000))
        return [Hypothesis(each.text, each.score) for each in answer.hypotheses]

    def meaning(self, pcm: bytes) -> Meaning | None:
        """What a clip means to this system."""
        heard = self.hear(pcm)
        return self.speech.meaning(heard) if heard else None


def speech_in(pcm: bytes) -> tuple[int, int]:
    """Where speech begins (a little before) and ends in a clip, in bytes; all of it where none is found."""
    voice = SileroVoice()
    endpointer = Endpointer(voice)
    begin = None
    for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        for event in endpointer.push(pcm[at : at + FRAME_BYTES], complete=False):
            if isinstance(event, SpeechStarted) and begin is None:
                begin = max(0, event.at - samples_of(LEAD_MS)) * SAMPLE_WIDTH
        if endpointer.ended is not None:
            break
    if begin is None:
        return 0, len(pcm)
    end = endpointer.ended.at if endpointer.ended is not None else endpointer.last_voice
    return begin, min(len(pcm), end * SAMPLE_WIDTH)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two systems and what both are to hear; all of it goes over to other processes as it is."""

    before: Recipe
    after: Recipe
    lessons: Sequence[Lesson]
    noise: Sound | None
    levels_db: tuple[float, ...] = LEVELS_DB

    def heard(self, lesson: Lesson) -> Iterator[tuple[str, bytes]]:
        """A clip's sound under each condition."""
        yield QUIET, lesson.example.pcm
        for level in self.levels_db if self.noise is not None else ():
            if self.noise is not None:
                name = f"{level} {lesson.example.recording}"
                yield NOISE, to_pcm(laid_under(samples(lesson.example.pcm), self.noise, level, name))


class Hearing:
    """A comparison with both systems loaded."""

    def __init__(self, comparison: Comparison) -> None:
        """Load them; seconds."""
        self._comparison = comparison
        self._systems = [System.open(each) for each in (comparison.before, comparison.after)]

    def at(self, index: int) -> list[tuple[str, Trial]]:
        """Let both hear one clip under each condition."""
        lesson, found = self._comparison.lessons[index], []
        for condition, pcm in self._comparison.heard(lesson):
            right = [system.meaning(pcm) == lesson.meaning for system in self._systems]
            found.append((condition, Trial(lesson.person, *right)))
        return found


def trials(
    comparison: Comparison, budget: Budget, progress: Progress = lambda _done, _all: None
) -> dict[str, list[Trial]]:
    """Let both hear every clip under each condition, people in turn, until the budget is used up.

    The clips are shared among as many processes as there are processors; each loads both systems.

    Raises:
        EngineFailed: one of them died.
    """
    chosen = replace(comparison, lessons=in_turn(comparison.lessons)[: budget.clips])
    found: dict[str, list[Trial]] = {QUIET: [], **({} if comparison.noise is None else {NOISE: []})}
    begun = time.monotonic()
    with closing(_all_heard(chosen)) as every:  # at once, also where this is interrupted: nothing goes on being heard
        for done, heard in enumerate(every):
            for condition, trial in heard:
                found[condition].append(trial)
            progress(done + 1, len(chosen.lessons))
            if time.monotonic() - begun > budget.seconds:
                break
    return found


def _all_heard(comparison: Comparison) -> Generator[list[tuple[str, Trial]]]:
    count = len(comparison.lessons)
    processes = min(PROCESSES, count // FEWEST_EACH)
    if processes < 2:  # noqa: PLR2004 - alone it is quicker here
        yield from map(Hearing(comparison).at, range(count)) if count else ()
        return
    # Spawned, not forked: decoders and voice detectors keep threads and locks that a fork would find half held.
    with ProcessPoolExecutor(processes, get_context("spawn"), _begin, (comparison,)) as pool:
        waiting = [pool.submit(_hear_at, index) for index in range(count)]
        try:
            yield from (each.result() for each in waiting)
        except BrokenProcessPool as error:
            raise EngineFailed("A process that compared old and new died.", next_step="Let it learn again.") from error
        finally:
            pool.shutdown(cancel_futures=True)


_hearing: list[Hearing] = []  # of a process that was started for it


def _begin(comparison: Comparison) -> None:
    end_with_parent()
    _hearing[:] = [Hearing(comparison)]


def _hear_at(index: int) -> list[tuple[str, Trial]]:
    return _hearing[0].at(index)


def end_with_parent() -> None:
    """Let the kernel end this process with the one that started it (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def in_turn(lessons: Sequence[Lesson]) -> list[Lesson]:
    """One clip of each person after the other, so that a budget cuts everybody alike."""
    queues: dict[str, list[Lesson]] = {}
    for each in lessons:
        queues.setdefault(each.person, []).append(each)
    waiting = [queue[::-1] for _, queue in sorted(queues.items())]
    order = []
    while waiting:
        order += [queue.pop() for queue in waiting]
        waiting = [queue for queue in waiting if queue]
    return order


def paired(found: dict[str, list[Trial]]) -> list[Paired]:
    """The comparison under each condition."""
    return [compare(condition, each) for condition, each in found.items()]


def understood(
    before: Callable[[str], Meaning | None], after: Callable[[str], Meaning | None], lessons: Sequence[Lesson]
) -> Paired:
    """The same for sentences as they were written down: understanding alone, without the recogniser."""
    asked = [each for each in lessons if each.words and each.meaning is not None]
    answers = [
        Trial(each.person, before(each.words or "") == each.meaning, after(each.words or "") == each.meaning)
        for each in asked
    ]
    return compare("as written", answers)
