"""Whose recordings are spoken, and whose are only measured with: two sets of speakers that share nobody."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from earwitness.demo.recordings import WAKE, Recordings
from earwitness.kernel.audio import SAMPLE_RATE, SAMPLE_WIDTH
from earwitness.kernel.errors import BadInput

ORDERS: Final = "commands_barista"
HOME: Final = "commands_home_real"
PAUSE: Final = bytes(SAMPLE_RATE * SAMPLE_WIDTH * 3 // 10)
FEWEST: Final = 12

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Speakers:
    """Each speaker's recordings; ``speak`` take part, those with the most to say first, ``measured`` take no part."""

    speak: Mapping[str, Sequence[Row]]
    measured: Mapping[str, Sequence[Row]]


def choose(recordings: Recordings) -> Speakers:
    """Deal the speakers of the orders to two sides, by a hash of their names.

    Raises:
        BadInput: there are too few of them.
    """
    rows = recordings.of(ORDERS)
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row["speaker"]), []).append(row)
    ranked = sorted(found, key=lambda name: hashlib.sha256(name.encode()).digest())
    speak, measured = ranked[::2], ranked[1::2]
    if len(speak) < FEWEST:
        raise BadInput(
            f"There are orders of {len(found)} speakers, and twice {FEWEST} are needed.",
            next_step="Give the folder of the evaluation recordings with --data.",
        )
    speak.sort(key=lambda name: (-len(found[name]), name))
    return Speakers({name: found[name] for name in speak}, {name: found[name] for name in measured})


def in_rounds(of_each: Mapping[str, Sequence[Row]], most: int) -> Iterator[tuple[str, Row]]:
    """One recording of each speaker after the other, up to ``most``."""
    rounds = max(map(len, of_each.values()), default=0)
    turns = [(name, rows[at]) for at in range(rounds) for name, rows in of_each.items() if at < len(rows)]
    yield from turns[:most]


def wake_words(recordings: Recordings) -> Iterator[bytes]:
    """People saying the wake word, again and again; they are other people than those who order."""
    rows = recordings.of(WAKE)
    while rows:
        yield from (recordings.sound(row) for row in rows)
