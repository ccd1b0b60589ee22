"""Times of day and dates, relative to the household's own clock and zone.

"At seven" fits morning and evening; :func:`next_moment` takes the one that comes first. A time that the
change to summer time skips is moved forward by the gap.
"""

import calendar
from datetime import UTC, date, datetime, time, timedelta

from earwitness.understanding.numbers import UNITS, ordinal, whole
from earwitness.understanding.values import ClockTime

NOON = 12
HOURS = 24
MINUTES = 60
WEEK = 7
DAYS = {name.lower(): index for index, name in enumerate(calendar.day_name)}
MONTHS = {name.lower(): index for index, name in enumerate(calendar.month_name) if name}
_NAMED = {"noon": time(12), "midday": time(12), "midnight": time(0)}
_DAYPARTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("in", "the", "morning"), "am"),
    (("this", "morning"), "am"),
    (("in", "the", "afternoon"), "pm"),
    (("this", "afternoon"), "pm"),
    (("in", "the", "evening"), "pm"),
    (("this", "evening"), "pm"),
    (("at", "night"), "night"),
    (("tonight",), "night"),
    (("am",), "am"),
    (("pm",), "pm"),
)
_FEASTS = {
    "christmas": (25, 12),
    "christmas day": (25, 12),
    "christmas eve": (24, 12),
    "new year's eve": (31, 12),
    "new year": (1, 1),
    "new year's day": (1, 1),
    "halloween": (31, 10),
    "valentine's day": (14, 2),
}
_LEADS = {"at", "for", "by", "around"}


def parse_time(text: str) -> ClockTime | None:
    """Read a time of day; None if the whole text is not one."""
    words = text.split()
    while words and words[0] in _LEADS:
        words = words[1:]
    words, part = _daypart(words)
    if " ".join(words) in _NAMED:
        return ClockTime(_NAMED[" ".join(words)]) if not part else None
    said = _relative(words) or _plain_time(words)
    if said is None:
        return None
    return _placed(*said, part)


def _daypart(words: list[str]) -> tuple[list[str], str]:
    for tail, part in _DAYPARTS:
        if tuple(words[-len(tail) :]) == tail:
            return words[: -len(tail)], part
    return words, ""


def _relative(words: list[str]) -> tuple[int, int] | None:
    """``half past``, ``quarter to``, ``ten minutes past``: hour and minute."""
    for preposition, sign in (("past", 1), ("after", 1), ("to", -1)):
        if preposition not in words:
            continue
        at = words.index(preposition)
        minutes = _past(words[:at])
        hour = whole(words, at + 1)
        if minutes is None or hour is None or hour[1] != len(words) or not 0 <= hour[0] < HOURS:
            return None
        return divmod((hour[0] * MINUTES + sign * minutes) % (HOURS * MINUTES), MINUTES)
    return None


def _past(words: list[str]) -> int | None:
    said = [word for word in words if word not in {"a", "minute", "minutes"}]
    if said == ["half"]:
        return 30
    if said == ["quarter"]:
        return 15
    found = whole(said, 0)
    return found[0] if found and found[1] == len(said) and 0 < found[0] < MINUTES else None


def _plain_time(words: list[str]) -> tuple[int, int] | None:
    if words and words[-1] in {"o'clock", "oclock"}:
        words = words[:-1]
    if len(words) == 1 and words[0].isdecimal() and len(words[0]) in {3, 4}:
        words = [words[0][:-2], words[0][-2:]]  # "730", "1915"
    hour = whole(words[:1], 0) if words[:1] != ["twenty"] else whole(words[:2] if _unit(words[1:2]) else words[:1], 0)
    if hour is None or not 0 <= hour[0] < HOURS:
        return None
    rest = words[hour[1] :]
    if not rest:
        return hour[0], 0
    if rest[0] in {"oh", "o"} and len(rest) > 1:
        rest = rest[1:]
        minutes = whole(rest, 0) if _unit(rest[:1]) or rest[0].isdecimal() else None
    else:
        minutes = whole(rest, 0)
    if minutes is None or minutes[1] != len(rest) or minutes[0] >= MINUTES:
        return None
    # "twenty five" is a count, not five past eight in the evening; "seven five" is no time either
    return (hour[0], minutes[0]) if minutes[0] > 9 or rest != words[hour[1] :] or rest[0].isdecimal() else None  # noqa: PLR2004 - what clocks and people count to


def _unit(words: list[str]) -> bool:
    return bool(words) and 0 < UNITS.get(words[0], 0) < 10  # noqa: PLR2004 - what clocks and people count to


def _placed(hour: int, minute: int, part: str) -> ClockTime | None:
    if hour > NOON or hour == 0:
        return ClockTime(time(hour, minute)) if part != "am" or hour == 0 else None
    if part == "night":
        part = "pm" if 5 < hour < NOON else "am"  # noqa: PLR2004 - people say "four at night", which is before dawn
    if part == "am":
        return ClockTime(time(hour % NOON, minute))
    if part == "pm":
        return ClockTime(time(hour % NOON + NOON, minute))
    return ClockTime(time(hour, minute), certain=False)


def parse_date(text: str, today: date) -> date | None:
    """Read a date, perhaps relative to ``today``; None if the whole text is not one."""
    words = [word for word in text.split() if word not in {"on", "the", "of"}]
    phrase = " ".join(words)
    days = {"today": 0, "tonight": 0, "tomorrow": 1, "day after tomorrow": 2, "yesterday": -1}.get(phrase)
    if days is not None:
        return _shifted(today, days)
    if phrase in _FEASTS:
        return _next_such(*_FEASTS[phrase], today)
    if phrase == "next week":
        return _shifted(today, WEEK)
    if phrase in {"this weekend", "weekend"}:
        return _shifted(today, (DAYS["saturday"] - today.weekday()) % WEEK)
    return _weekday(words, today) or _in_days(words, today) or _calendar(words, today)


def _shifted(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def _weekday(words: list[str], today: date) -> date | None:
    following = words[:1] == ["next"]
    if words[:1] in (["next"], ["this"], ["coming"]):
        words = words[1:]
    if len(words) != 1 or words[0] not in DAYS:
        return None
    ahead = (DAYS[words[0]] - today.weekday()) % WEEK
    if following and ahead == 0:
        ahead = WEEK
    return _shifted(today, ahead)


def _in_days(words: list[str], today: date) -> date | None:
    if words[:1] != ["in"] or not words[-1:] or words[-1] not in {"day", "days", "week", "weeks"}:
        return None
    count = (1, 2) if words[1:2] == ["a"] else whole(words, 1)
    if count is None or count[1] != len(words) - 1 or count[0] > 10_000:  # noqa: PLR2004 - what clocks and people count to
        return None
    return _shifted(today, count[0] * (WEEK if words[-1].startswith("week") else 1))


def _calendar(words: list[str], today: date) -> date | None:
    month, rest = None, list(words)
    for name in (rest[:1], rest[-1:]):
        if name and name[0] in MONTHS:
            month = MONTHS[name[0]]
            rest.remove(name[0])
            break
    day = ordinal(rest) or (whole(rest) if month else None)
    if day is None or day[1] != len(rest):
        return None
    return _next_such(day[0], month, today)


def _next_such(day: int, month: int | None, today: date) -> date | None:
    """The first day from ``today`` on with this number (and month); the 29th of February may take years."""
    at = today.replace(day=1)
    for _ in range(12 * 8 + 1):
        if (month is None or at.month == month) and day <= calendar.monthrange(at.year, at.month)[1]:
            found = at.replace(day=max(day, 1))
            if found >= today and day:
                return found
        if (at.year, at.month) == (date.max.year, 12):
            return None
        at = (at + timedelta(days=31)).replace(day=1)
    return None


def next_moment(clock_time: ClockTime, now: datetime, day: date | None = None) -> datetime:
    """The next moment, not before ``now``, with this time, on ``day`` if one was said.

    ``now`` must know its zone. On a day that is wholly over the moment lies in the past: the caller says so.
    """
    times = [clock_time.at]
    if not clock_time.certain:
        times.append(time((clock_time.at.hour + NOON) % HOURS, clock_time.at.minute))
    days = [day] if day else [now.date(), now.date() + timedelta(days=1)]
    moments = sorted(_local(each, at, now) for each in days for at in times)
    return next((moment for moment in moments if moment > now), moments[-1])


def _local(day: date, at: time, now: datetime) -> datetime:
    # through UTC: a wall time that summer time skips comes out after the gap
    return datetime.combine(day, at, now.tzinfo).astimezone(UTC).astimezone(now.tzinfo)
