"""A clock that moves only when a test says so."""

import threading

START = 1_795_000_000_000  # 2026-11-18T06:26:40Z: any fixed moment would do


class VirtualClock:
    """The port :class:`earwitness.kernel.clock.Clock` with both times in the test's hand."""

    def __init__(self, now_ms: int = START) -> None:
        """Start at a wall time in milliseconds since the Unix epoch; the running time starts at 0."""
        self._lock = threading.Lock()
        self._now = now_ms
        self._running = 0

    def now_ms(self) -> int:
        """Wall clock, milliseconds since the Unix epoch."""
        with self._lock:
            return self._now

    def running_ms(self) -> int:
        """Milliseconds that were let pass since the start."""
        with self._lock:
            return self._running

    def advance(self, milliseconds: int) -> None:
        """Let time pass: both clocks go forward."""
        if milliseconds < 0:
            raise AssertionError("Time passes forward; use jump_to for a clock that is set back.")
        with self._lock:
            self._now += milliseconds
            self._running += milliseconds

    def jump_to(self, now_ms: int) -> None:
        """Set the wall clock, forward or back, as a person or a time server does; nothing passes."""
        with self._lock:
            self._now = now_ms
