"""What is said about timers, alarms and reminders."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from earwitness.kernel.clock import SECOND
from earwitness.skills.clock.saying import say_moment, say_time
from earwitness.skills.saying import joined
from earwitness.skills.timers.model import Kind, State, Timer
from earwitness.understanding.durations import spoken_duration
from earwitness.understanding.values import Duration

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EVERY_DAY, WEEKDAYS, WEEKEND = 0b1111111, 0b0011111, 0b1100000
MOST_TOLD = 5
MINUTE_S = 60
COARSE_S = 600  # above ten minutes nobody wants to hear seconds


def say_ms(milliseconds: int) -> str:
    """Say a length: "9 minutes and 5 seconds"; above ten minutes in whole minutes."""
    seconds = max(1, round(milliseconds / SECOND))
    if seconds > COARSE_S:
        seconds = round(seconds / MINUTE_S) * MINUTE_S
    return spoken_duration(Duration(seconds))


def title(each: Timer) -> str:
    """Say "pasta timer", "10 minute timer", "1 hour 30 minute timer"."""
    if each.name:
        return f"{each.name} timer"
    if each.length_ms is None:
        return "timer"
    said = spoken_duration(Duration(round(each.length_ms / SECOND))).replace(" and ", " ")
    return f"{' '.join(word.removesuffix('s') for word in said.split())} timer"


def rung(each: Timer, late_ms: int, now: int, zone: tzinfo) -> str:
    """Say that it rings, and how late where it could not be told in time."""
    at = say_time(datetime.fromtimestamp(each.due_at / 1000, zone).time())
    late = f"{say_ms(late_ms)} ago. I could not tell you then." if late_ms else ""
    match each.kind:
        case Kind.TIMER:
            return f"Your {title(each)} ran out {late}" if late else f"Your {title(each)} is done."
        case Kind.REMINDER:
            return f"A reminder from {at}: {each.message}." if late else f"Here is your reminder: {each.message}."
    if late:
        return f"Your alarm for {at} was {late}"
    clock = say_time(datetime.fromtimestamp(now / 1000, zone).time())
    return f"Good morning. It is {clock}." if clock.endswith("AM") else f"It is {clock}. Your alarm."


def say_days(days: int) -> str:
    """Say "every weekday", "every Monday and Friday"."""
    named = {EVERY_DAY: "every day", WEEKDAYS: "every weekday", WEEKEND: "every weekend day"}
    return named.get(days) or f"every {joined([day for at, day in enumerate(DAYS) if days >> at & 1])}"


def say_alarm(each: Timer, now: int, zone: tzinfo) -> str:
    """Say when an alarm rings: "tomorrow at 7 AM", "every weekday at 6:30 AM"."""
    moment = datetime.fromtimestamp(each.due_at / 1000, zone)
    if each.repeats:
        return f"{say_days(each.days)} at {say_time(moment.time())}"
    return say_moment(moment, datetime.fromtimestamp(now / 1000, zone))


def remaining(each: Timer, now: int) -> str:
    """Say how long a timer has to go: "9 minutes left on the pasta timer"."""
    if each.state is State.RINGING:
        return f"the {title(each)} is done"
    tail = ", which is paused" if each.state is State.PAUSED else ""
    return f"{say_ms(each.left(now))} left on the {title(each)}{tail}"


def listed(said: Sequence[str], what: str) -> str:
    """Say several things, not more than can be listened to."""
    if len(said) == 1:
        return f"{said[0][:1].upper()}{said[0][1:]}."
    more = f" And {len(said) - MOST_TOLD} more." if len(said) > MOST_TOLD else ""
    return f"You have {len(said)} {what}: {joined(said[:MOST_TOLD])}.{more}"
