"""A clock that a check sets ahead, to see what time ends, while the installation's own goes on as it does."""

from dataclasses import dataclass

from earwitness.kernel.clock import Clock


@dataclass(slots=True)
class ClockAhead:
    """The port ``Clock``: the installation's clock, set ahead by some milliseconds."""

    clock: Clock
    ahead: int = 0

    def now_ms(self) -> int:
        """See the port."""
        return self.clock.now_ms() + self.ahead

    def running_ms(self) -> int:
        """See the port."""
        return self.clock.running_ms() + self.ahead
