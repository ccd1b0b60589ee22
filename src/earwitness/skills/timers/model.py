"""A timer, an alarm or a reminder as a value, and when a repeating alarm comes next."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

WEEK = 7
MINUTES = 60


class Kind(StrEnum):
    """What rings."""

    TIMER = "timer"
    ALARM = "alarm"
    REMINDER = "reminder"


class State(StrEnum):
    """Where it is in its life; what is over is deleted."""

    RUNNING = "running"
    PAUSED = "paused"
    RINGING = "ringing"


@dataclass(frozen=True, slots=True)
class Timer:
    """One thing that rings. Moments and lengths are in milliseconds.

    ``subject`` is whose key seals name and message; ``due_at`` means nothing while it is paused. ``days`` has
    bit 0 for Monday; 0 rings once. ``minute`` is the minute of the day of a repeating alarm.
    """

    id: str
    subject: str
    household: str
    device: str
    kind: Kind
    state: State
    due_at: int
    created_at: int
    name: str = ""
    message: str = ""
    left_ms: int | None = None
    length_ms: int | None = None
    days: int = 0
    minute: int | None = None
    rung_at: int | None = None

    @property
    def repeats(self) -> bool:
        """Whether it rings again on another day."""
        return self.days != 0 and self.minute is not None

    def left(self, now: int) -> int:
        """How long until it rings; 0 once it does."""
        if self.state is State.PAUSED:
            return self.left_ms or 0
        return max(0, self.due_at - now)

    def next_after(self, now: int, zone: tzinfo) -> int:
        """When a repeating alarm rings next after ``now``."""
        here = datetime.fromtimestamp(now / 1000, zone)
        at = time(*divmod(self.minute or 0, MINUTES))
        for ahead in range(WEEK + 1):
            day = here.date() + timedelta(days=ahead)
            moment = datetime.combine(day, at, zone).astimezone(UTC)
            if self.days >> day.weekday() & 1 and moment > here:
                return int(moment.timestamp() * 1000)
        return now + WEEK * 24 * 3_600_000
