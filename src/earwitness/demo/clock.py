"""A clock for a day that takes minutes: it goes like any other, and is moved on between the scenes."""

import time

from earwitness.kernel.clock import MINUTE


class DayClock:
    """The port :class:`~earwitness.kernel.clock.Clock`."""

    def __init__(self, midnight_ms: int) -> None:
        """Start at a midnight, in milliseconds since the Unix epoch."""
        self._midnight = midnight_ms
        self._skipped = 0
        self._begun = time.monotonic_ns()

    def now_ms(self) -> int:
        """See the port."""
        return self._midnight + self.running_ms()

    def running_ms(self) -> int:
        """See the port."""
        return self._skipped + (time.monotonic_ns() - self._begun) // 1_000_000

    def move_on(self, minutes: int) -> None:
        """Be at so many minutes after midnight, unless that is past."""
        self._skipped += max(0, minutes * MINUTE - self.running_ms())

    def told(self) -> str:
        """The time of the day, ``7:05``."""
        minutes = self.running_ms() // MINUTE
        return f"{minutes // 60 % 24}:{minutes % 60:02}"
