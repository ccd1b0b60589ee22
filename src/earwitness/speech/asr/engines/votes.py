"""Many passes over one utterance, by one or two acoustic models, to one answer: each pass votes for its sentence."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from earwitness.speech.asr import confidence
from earwitness.speech.asr.engines.passes import Found
from earwitness.speech.asr.engines.segments import SCORE_UNIT, Segment
from earwitness.speech.asr.features import FRAME_MS
from earwitness.speech.asr.port import Hypothesis, Partial, Recognition, Word

TEMPERATURE: Final = 0.5  # nats a frame: a pass so much worse than its model's best has a vote of a third
UNSCORED: Final = 0.05  # the vote of what only the stream said
NOT_STREAMED: Final = Partial("", complete=False, may_go_on=True)


@dataclass(slots=True)
class Reading:
    """What one acoustic model found: sentences by several passes, and any phones (``loop``) as their competitor."""

    loop: Found | None
    paths: list[Found] = field(default_factory=list)
    weight: float = 1.0
    """what the votes of this model count for beside another's"""

    @property
    def best(self) -> float:
        """The best path's score."""
        return max(each.score for each in self.paths)


def agree(one: Reading, other: Reading) -> bool:
    """Whether two models heard the same sentence at first: hearing it again then changes nothing worth its time."""
    return bool(one.paths and other.paths) and one.paths[0].text == other.paths[0].text


def answer(readings: Sequence[Reading], streamed: Partial, heard_ms: int) -> Recognition:
    """What the passes said, each text once, the one with most votes first; the scores add up to one.

    How sure it is that it was a sentence at all is what the model says that fits the sentence better.
    """
    readings = [each for each in readings if each.paths and each.loop]
    if not readings:
        return Recognition((), 0.0, heard_ms)
    nats = SCORE_UNIT * FRAME_MS / heard_ms
    votes: dict[str, float] = {}
    found: dict[str, Found] = {}
    for reading in readings:
        for each in sorted(reading.paths, key=lambda path: -path.score):
            found.setdefault(each.text, each)
            vote = reading.weight * float(np.exp((each.score - reading.best) * nats / TEMPERATURE))
            votes[each.text] = votes.get(each.text, 0.0) + vote
    chance = max(_chance(reading, max(votes, key=votes.__getitem__), nats) for reading in readings)
    if streamed.complete:
        votes.setdefault(streamed.text, UNSCORED)
    total = sum(votes.values())
    words = {text: words_of(each.segments) for text, each in found.items()}
    ordered = sorted(votes, key=lambda text: -votes[text])
    return Recognition(
        tuple(Hypothesis(text, words.get(text, ()), votes[text] / total) for text in ordered), chance, heard_ms
    )


def _chance(reading: Reading, text: str, nats: float) -> float:
    paths = [each for each in reading.paths if each.text == text]
    if not paths or reading.loop is None:
        return 0.0
    best = max(paths, key=lambda each: each.score)
    return confidence.in_grammar(confidence.measure(best.segments, (best.score - reading.loop.score) * nats))


def words_of(segments: Sequence[Segment]) -> tuple[Word, ...]:
    """The words with their times and how sure each is."""
    return tuple(
        Word(each.word, each.start * FRAME_MS, each.end * FRAME_MS, confidence.of_word(each))
        for each in segments
        if each.spoken
    )
