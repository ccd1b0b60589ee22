"""How often and when a failed job is tried again: exponential backoff with jitter."""

import secrets
from dataclasses import dataclass

from earwitness.kernel.clock import HOUR, SECOND
from earwitness.kernel.ids import RandomBytes

LONGEST_DELAY = 24 * HOUR
"""No retry waits longer, whatever a kind asks for; a later time can only be a clock that was wrong."""


@dataclass(frozen=True, slots=True)
class Retries:
    """The rule of one kind of job.

    ``attempts`` counts all runs, the first included. The delay doubles from ``first_ms`` up to
    ``longest_ms``; ``jitter`` spreads it evenly by that share to both sides, so that jobs that
    failed together do not come back together.
    """

    attempts: int = 8
    first_ms: int = 10 * SECOND
    longest_ms: int = HOUR
    jitter: float = 0.2

    def delay_ms(self, attempts: int, random: RandomBytes = secrets.token_bytes) -> int:
        """Return the wait in milliseconds after this many runs (1 or more) have failed."""
        doubled = self.first_ms << min(attempts - 1, 40)
        share = int.from_bytes(random(4), "big") / 2**32
        spread = 1 + self.jitter * (2 * share - 1)
        return min(int(min(doubled, self.longest_ms) * spread), LONGEST_DELAY)
