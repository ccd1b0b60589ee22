"""Time as a parameter. Stored times are whole milliseconds since the Unix epoch, UTC."""

import time
from datetime import UTC, datetime
from typing import Protocol

from earwitness.kernel.errors import BadInput

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock(Protocol):
    """Wall time, which a person may set, and running time, which only goes forward."""

    def now_ms(self) -> int:
        """Wall clock, milliseconds since the Unix epoch."""
        ...

    def running_ms(self) -> int:
        """Milliseconds since some fixed point of this process; never goes back."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Wall clock, milliseconds since the Unix epoch."""
        return time.time_ns() // 1_000_000

    def running_ms(self) -> int:
        """Monotonic milliseconds."""
        return time.monotonic_ns() // 1_000_000


def rfc3339(moment_ms: int) -> str:
    """Write a moment as RFC 3339 in UTC with milliseconds, e.g. ``2026-11-21T10:00:00.000Z``."""
    text = datetime.fromtimestamp(moment_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def parse_rfc3339(text: str) -> int:
    """Read what :func:`rfc3339` wrote; a bare date is its midnight UTC.

    Raises:
        BadInput: the text is not a date or a time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"'{text}' is not a time."
        raise BadInput(msg, next_step="Write it like 2026-11-21 or 2026-11-21T10:00:00Z.") from error
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000)
