"""Cut the power at every boundary of a recording and have what is left checked.

For each boundary between two calls three kinds of state are laid out: *synced* (only what was synced:
the worst cut), *written* (all that was written so far: what ``kill -9`` leaves) and *partial* (a
random part of what was not synced, writes torn at sectors). Equal states under equal facts are
checked once. A check opens the folder as the product does after a restart and raises on a promise
that was broken.
"""

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from earwitness.testing.crash.disk import (
    SECTOR,
    Change,
    Disk,
    current_image,
    digest_current,
    digest_durable,
    durable_image,
    image_left_by,
)
from earwitness.testing.crash.facts import Fact
from earwitness.testing.crash.image import Image, image_digest, lay_out
from earwitness.testing.crash.record import Moment, Recording

Check = Callable[[Path, Sequence[Fact]], None]
"""Looks into a folder that a crash left and raises if it breaks what the facts promised."""


class Left(StrEnum):
    """How much of what was not synced a cut left."""

    SYNCED = "synced"
    WRITTEN = "written"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class CrashState:
    """What a cut left, and what had been said by then."""

    left: Left
    moment: int
    seed: int
    image: Image
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How thoroughly to cut.

    ``partial`` states are drawn at each boundary; ``most``, if given, bounds how many states of
    each kind are checked, spread evenly over the recording.
    """

    seed: int = 1
    partial: int = 2
    most: int | None = None


@dataclass(slots=True)
class Tally:
    """How many boundaries there were and how many states of each kind were checked."""

    boundaries: int = 0
    checked: dict[Left, int] = field(default_factory=lambda: dict.fromkeys(Left, 0))


class PromiseBroken(AssertionError):
    """A state that a power cut can leave breaks what had been acknowledged."""


class RandomSurvivors:
    """A random part of the pending changes; one in two surviving writes is torn at sectors."""

    def __init__(self, seed: int) -> None:
        """Draw everything from ``seed``, how large a part included."""
        self._random = random.Random(seed)  # noqa: S311 - a repeatable test, no secret
        self._share = self._random.choice((0.15, 0.5, 0.85))
        self._kept: dict[int, bool] = {}

    def survives(self, serial: int) -> bool:
        """Say whether the change with this serial survives."""
        if serial not in self._kept:
            self._kept[serial] = self._random.random() < self._share
        return self._kept[serial]

    def what_is_left(self, change: Change) -> list[Change]:
        """Return a write whole, or the sectors of it that reached the disk."""
        if change.size is not None or self._random.random() < 0.5:  # noqa: PLR2004 - one in two
            return [change]
        return [sector for sector in sectors_of(change) if self._random.random() < self._share]


def sectors_of(change: Change) -> Iterator[Change]:
    """Cut a write at the sectors of the file."""
    at, end = change.offset, change.offset + len(change.data)
    while at < end:
        upto = min(end, (at // SECTOR + 1) * SECTOR)
        yield Change(change.serial, at, change.data[at - change.offset : upto - change.offset])
        at = upto


def crash_states(recording: Recording, plan: Plan) -> Iterator[CrashState]:
    """Yield every different state that the plan asks for, in the order of the recording."""
    seen: set[tuple[bytes, int]] = set()
    for moment in recording.play():
        key = (digest_durable(moment.disk), len(moment.facts))
        if key not in seen:
            seen.add(key)
            yield _state(Left.SYNCED, moment, durable_image(moment.disk))
        key = (digest_current(moment.disk), len(moment.facts))
        if key not in seen:
            seen.add(key)
            yield _state(Left.WRITTEN, moment, current_image(moment.disk))
        if moment.disk.has_pending():
            for seed, image in _partial_images(moment.disk, moment.number, plan):
                key = (image_digest(image), len(moment.facts))
                if key not in seen:
                    seen.add(key)
                    yield _state(Left.PARTIAL, moment, image, seed)


def _state(left: Left, moment: Moment, image: Image, seed: int = 0) -> CrashState:
    return CrashState(left, moment.number, seed, image, moment.facts)


def _partial_images(disk: Disk, moment: int, plan: Plan) -> Iterator[tuple[int, Image]]:
    for attempt in range(plan.partial):
        seed = hash((plan.seed, moment, attempt))
        yield seed, image_left_by(disk, RandomSurvivors(seed))


def check_every_cut(recording: Recording, check: Check, scratch: Path, plan: Plan | None = None) -> Tally:
    """Lay out every state below ``scratch`` and check it.

    Raises:
        PromiseBroken: a check failed; the message says at which boundary and after which calls, and
            ``scratch/broken`` holds the state as it was laid out.
    """
    plan = plan or Plan()
    tally = Tally(boundaries=sum(1 for _ in recording.play()))
    chosen = _chosen(recording, plan)
    for number, state in enumerate(crash_states(recording, plan)):
        if chosen is None or number in chosen:
            _check_one(recording, state, check, scratch)
            tally.checked[state.left] += 1
    return tally


def _chosen(recording: Recording, plan: Plan) -> set[int] | None:
    """Choose which states to check when the plan bounds them; None is all."""
    if plan.most is None:
        return None
    by_kind: dict[Left, list[int]] = {left: [] for left in Left}
    for number, state in enumerate(crash_states(recording, plan)):
        by_kind[state.left].append(number)
    chosen: set[int] = set()
    for numbers in by_kind.values():
        share = max(1.0, len(numbers) / plan.most)
        chosen.update(numbers[int(place * share)] for place in range(int(len(numbers) / share)))
    return chosen


def _check_one(recording: Recording, state: CrashState, check: Check, scratch: Path) -> None:
    folder = scratch / "state"
    lay_out(state.image, folder)
    try:
        check(folder, state.facts)
    except Exception as error:
        broken = scratch / "broken"
        lay_out(state.image, broken)
        raise PromiseBroken(_story(recording, state, error)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _story(recording: Recording, state: CrashState, error: Exception) -> str:
    lines = [
        f"power cut after call {state.moment}, left: {state.left} (seed {state.seed}): {type(error).__name__}: {error}",
        "the last calls were:",
        *recording.last_calls(state.moment),
        "said by then: " + ", ".join(fact.line().decode().strip() for fact in state.facts[-6:]),
    ]
    return "\n  ".join(lines)
