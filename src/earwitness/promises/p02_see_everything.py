"""P2: you can hear and read all that is held about you, and ask why.

Tried: keep two recordings; find both, and only those, in the history; hear the very bytes; ask why;
and ask the same as the other adult of the household, who must not.
"""

from functools import partial

from earwitness.policy.purposes import Purpose
from earwitness.promises.canary import Canary
from earwitness.promises.checks import must_refuse, require


def attempt(canary: Canary) -> str:
    """Try it; see the module."""
    house, anna, other = canary.house, canary.anna, canary.other
    samples = [canary.keep(anna), canary.keep(anna)]
    page = house.history.page(anna.actor, [anna.id])
    listed = {line.id: line for line in page.lines}
    require(listed.keys() == {sample.id for sample in samples}, "The history is not what was kept.")
    for sample in samples:
        require(sample.word in (listed[sample.id].heard or ""), "A transcript is not in the history.")
        heard = house.reading.play(anna.actor, sample.id, Purpose.HISTORY).read()
        require(heard == sample.wav, "What is played is not what was kept.")
        why = " ".join(house.history.why(anna.actor, sample.id))
        require(sample.word in why and "kept because" in why, "Why does not explain the recording.")
        playing = partial(house.reading.play, other.actor, sample.id, Purpose.HISTORY)
        must_refuse("Playing somebody else's recording", playing)
        must_refuse("Asking why of somebody else's", partial(house.history.why, other.actor, sample.id))
    must_refuse("Reading somebody else's history", lambda: house.history.page(other.actor, [anna.id]))
    return "kept two recordings, listed, heard byte for byte and asked why of each; the other adult got nothing"
