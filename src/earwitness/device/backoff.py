"""How long to wait before trying again: doubling, shortened by chance, so that devices do not come all at once."""

from collections.abc import Callable

FIRST = 1.0  # seconds
LONGEST = 60.0
STEADY = 60.0  # a connection that lasted so long was a good one


class Backoff:
    """The waits of one satellite; docs/formats/device-protocol.md, "Closing"."""

    def __init__(self, random: Callable[[], float]) -> None:
        """``random`` gives numbers from 0 to 1."""
        self._random = random
        self._next = FIRST

    def wait(self, lasted: float) -> float:
        """Return the seconds to wait after a connection that lasted so many."""
        if lasted >= STEADY:
            self._next = FIRST
        wait, self._next = self._next, min(LONGEST, self._next * 2)
        return wait * (1 - self._random() / 2)
