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

    def pass_ms(self, wait_ms: int | None, until: int) -> bool:
        """Let so much time pass (all of it if None), at most until so many minutes after midnight.

        Return whether that moment is still to come.
        """
        left = until * MINUTE - self.running_ms()
        self._skipped += max(0, left if wait_ms is None else min(wait_ms, left))
        return until * MINUTE > self.running_ms()

    def told(self) -> str:
        """The time of the day, ``7:05``."""
        minutes = self.running_ms() // MINUTE
        return f"{minutes // 60 % 24}:{minutes % 60:02}"
