"""Which of several timers is meant: by name, by length, by what rings, by where it was set."""

from collections.abc import Mapping, Sequence

from earwitness.kernel.clock import SECOND
from earwitness.skills.timers.model import State, Timer
from earwitness.understanding.context import Named
from earwitness.understanding.names import nearest
from earwitness.understanding.values import Duration, SlotValue


def narrowed(timers: Sequence[Timer], slots: Mapping[str, SlotValue], device: str, *, length: bool) -> list[Timer]:
    """Those that may be meant, all if nothing tells them apart; empty if something was named that is not there.

    Args:
        timers: the ones that may be spoken of here.
        slots: what was said of it.
        device: where it is said; what rings here, then what was set here, goes first.
        length: whether a duration among the slots says how long the timer was set for.
    """
    found = list(timers)
    if "name" in slots:
        found = called(found, slots["name"].text)
    spoken = slots["duration"].value if length and "duration" in slots else None
    if isinstance(spoken, Duration):
        found = [each for each in found if each.length_ms == spoken.seconds * SECOND]
    for nearer in (
        [each for each in found if each.device == device and each.state is State.RINGING],
        [each for each in found if each.device == device],
    ):
        if len(found) > 1 and len(nearer) == 1:
            return nearer
    return found


def called(timers: Sequence[Timer], said: str) -> list[Timer]:
    """Those whose name is nearest to what was said."""
    near = nearest(said, [Named(each.id, each.name) for each in timers if each.name])
    best = {named.id for named, score in near if score == near[0][1]}
    return [each for each in timers if each.id in best]
