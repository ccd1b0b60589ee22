"""What a worker announces and acknowledges, so that a check knows what it may hold the folder to.

A worker writes one line before it tries something and one when it was told that it is done::

    TRY erase rec_…
    ACK erase rec_…

Between the two either outcome is right; after ``ACK`` only one is. Each line is a single ``write`` to
standard output, so a trace or a pipe holds whole lines in the order in which they were promised.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

STANDARD_OUTPUT = 1


class Stage(StrEnum):
    """How far a worker got with something."""

    TRY = "TRY"
    ACK = "ACK"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a worker: ``what`` it did (one word) and the words that say to what."""

    stage: Stage
    what: str
    details: tuple[str, ...] = ()

    def line(self) -> bytes:
        """Write the fact as its line."""
        return " ".join((self.stage, self.what, *self.details)).encode() + b"\n"


def say(fact: Fact) -> None:
    """Write a fact to standard output."""
    os.write(STANDARD_OUTPUT, fact.line())


def trying(what: str, *details: str) -> None:
    """Announce on standard output that something is about to be tried."""
    say(Fact(Stage.TRY, what, details))


def acknowledged(what: str, *details: str) -> None:
    """Announce on standard output that something was acknowledged as durable."""
    say(Fact(Stage.ACK, what, details))


def read_fact(line: bytes) -> Fact | None:
    """Read one line; None if it is no fact (a worker may print other things too)."""
    words = line.decode(errors="replace").split()
    if len(words) < len(("stage", "what")) or words[0] not in tuple(Stage):
        return None
    return Fact(Stage(words[0]), words[1], tuple(words[2:]))


def read_facts(data: bytes) -> Iterator[Fact]:
    """Read the facts of the complete lines in ``data``; a last line without its end was never said."""
    for line in data.split(b"\n")[:-1]:
        fact = read_fact(line)
        if fact is not None:
            yield fact


def acknowledged_of(facts: Iterable[Fact], what: str) -> list[tuple[str, ...]]:
    """Return the details of every acknowledged fact of one kind, in order."""
    return [fact.details for fact in facts if fact.stage is Stage.ACK and fact.what == what]


def tried_of(facts: Iterable[Fact], what: str) -> list[tuple[str, ...]]:
    """Return the details of every tried fact of one kind, in order, whether acknowledged or not."""
    return [fact.details for fact in facts if fact.stage is Stage.TRY and fact.what == what]
