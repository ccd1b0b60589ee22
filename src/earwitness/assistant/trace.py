"""The account of a turn: every step with what it was given, what it decided, how sure it was and how long it took.

Kept as the recording's ``trace`` artefact (docs/formats/trace.md), read by "why did you do that?" and by history.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``said`` is a sentence for the person, ``score`` 0 to 1 where there is one, ``took_ms`` its duration.

    ``alternatives`` are what else it could have been, best first, with their scores.
    """

    step: str
    said: str
    score: float | None = None
    took_ms: float | None = None
    alternatives: tuple[tuple[str, float], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The step as it is written; what is not there is left out."""
        shown: dict[str, Any] = {"step": self.step, "said": self.said}
        if self.score is not None:
            shown["score"] = round(self.score, 3)
        if self.took_ms is not None:
            shown["took_ms"] = round(self.took_ms, 1)
        if self.alternatives:
            shown["alternatives"] = [{"said": said, "score": round(score, 3)} for said, score in self.alternatives]
        return shown


@dataclass(slots=True)
class Trace:
    """The steps of one turn, in order. Belongs to its turn alone."""

    steps: list[Step] = field(default_factory=list)
    monotonic: Callable[[], float] = time.monotonic

    def add(self, step: Step) -> None:
        """Write down a step."""
        self.steps.append(step)

    @contextmanager
    def timed(self) -> Iterator[Callable[[Step], None]]:
        """Time a step: what is yielded writes it down with the time since the beginning of the block."""
        begun = self.monotonic()

        def note(step: Step) -> None:
            took = (self.monotonic() - begun) * 1000
            self.steps.append(Step(step.step, step.said, step.score, took, step.alternatives))

        yield note

    def to_bytes(self) -> bytes:
        """The trace as it is kept: JSON, UTF-8."""
        return json.dumps([each.to_json() for each in self.steps], ensure_ascii=False).encode()


def told(steps: Sequence[Step]) -> str:
    """The steps as a person reads or hears them, one sentence each."""
    return " ".join(each.said for each in steps)
