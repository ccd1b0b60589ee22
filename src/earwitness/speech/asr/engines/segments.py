"""What the PocketSphinx decoder tells of each word."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import pocketsphinx

SCORE_UNIT: Final = 1024.0  # the decoder reports exp(score >> 10)
PHONE: Final = "["  # begins the decoder's word for a phone of an open slot


@dataclass(frozen=True, slots=True)
class Segment:
    """A word as the decoder saw it: frames from ``start`` to before ``end``, ``score`` in nats."""

    word: str
    start: int
    end: int
    score: float

    @property
    def spoken(self) -> bool:
        """A word, not silence, a filler or a phone of an open slot."""
        return self.word[:1] not in "<[(+"


def read_segments(decoder: "pocketsphinx.Decoder") -> Iterator[Segment]:
    """The words of the last utterance; the numbers of pronunciation variants are left out."""
    for each in decoder.seg():
        if each.start_frame >= 0 and each.end_frame > each.start_frame:
            score = float(np.log(max(each.ascore, 1e-300))) * SCORE_UNIT
            yield Segment(each.word.partition("(")[0] or each.word, each.start_frame, each.end_frame + 1, score)


def open_spans(segments: list[Segment]) -> list[tuple[int, int]]:
    """The frames of each run of phones, silence within a run included."""
    spans: list[tuple[int, int]] = []
    running = False
    for each in segments:
        if each.word.startswith(PHONE):
            spans[-1:] = [(spans[-1][0], each.end)] if running else [*spans[-1:], (each.start, each.end)]
            running = True
        elif each.spoken:
            running = False
    return spans
