"""When something is to ring: from the slots of an intent, or from an answer in words of no template."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from earwitness.skills.timers.wording import EVERY_DAY, WEEKDAYS, WEEKEND
from earwitness.understanding.durations import parse_duration
from earwitness.understanding.times import DAYS, next_moment, parse_date, parse_time
from earwitness.understanding.values import ClockTime, Duration, SlotValue
from earwitness.understanding.wording import plain

MORNING = time(9)
"""When "tomorrow" is, where no time is said."""
EVENING = time(19)
_SETS = {"day": EVERY_DAY, "weekday": WEEKDAYS, "weekend": WEEKEND}
_LEADS = ("in ", "at ", "for ", "on ")


def days_of(slots: Mapping[str, SlotValue]) -> int:
    """The weekdays of a repeating alarm as bits, Monday bit 0; 0 where it rings once."""
    days = 0
    for name in ("repeat", "repeat_two", "repeat_three"):
        said = str(slots[name].value) if name in slots else ""
        days |= _SETS.get(said, 0) | (1 << DAYS[said] if said in DAYS else 0)
    return days


def moment_of(slots: Mapping[str, SlotValue], now: datetime) -> datetime | None:
    """The moment that slots name: after a duration, or the next that fits time and date; None if none is said."""
    length, at, day = (slots[name].value if name in slots else None for name in ("duration", "time", "date"))
    if isinstance(length, Duration):
        return now + timedelta(seconds=length.seconds)
    on = day if isinstance(day, date) else None
    if isinstance(at, ClockTime):
        return _evening(next_moment(at, now, on), at, slots, now)
    if on is None:
        return None
    tonight = "date" in slots and "tonight" in slots["date"].text
    return datetime.combine(on, EVENING if tonight else MORNING, now.tzinfo)


def _evening(found: datetime, at: ClockTime, slots: Mapping[str, SlotValue], now: datetime) -> datetime:
    """Move "tonight at seven" out of the morning."""
    if not at.certain and "date" in slots and "tonight" in slots["date"].text:
        late = time((at.at.hour + 12) % 24 if at.at.hour < 12 else at.at.hour, at.at.minute)  # noqa: PLR2004 - hours
        return datetime.combine(found.date(), late, now.tzinfo)
    return found


def read_when(text: str, now: datetime, day: SlotValue | None = None) -> datetime | None:
    """Read "in ten minutes", "at seven", "tomorrow", "tomorrow at nine", "at nine on friday"; None if it is no time.

    ``day`` is what was said before, for an answer that names none.
    """
    said = plain(text)
    for lead in ("remind me ", "make it ", "set it "):
        said = said.removeprefix(lead)
    length = parse_duration(said.removeprefix("in ").removeprefix("after "))
    if length is not None:
        return now + timedelta(seconds=length.seconds)
    words = said.split()
    for cut in range(len(words) + 1):
        for first, second in ((words[:cut], words[cut:]), (words[cut:], words[:cut])):
            found = _both(" ".join(first), " ".join(second), now, day)
            if found is not None:
                return found
    return None


def _both(at_text: str, day_text: str, now: datetime, known: SlotValue | None) -> datetime | None:
    slots = {"date": known} if known is not None else {}
    if at_text:
        at = parse_time(at_text)
        if at is None:
            return None
        slots["time"] = SlotValue("time", at, at_text)
    if day_text:
        day = parse_date(day_text, now.date()) or parse_date(_bare(day_text), now.date())
        if day is None:
            return None
        slots["date"] = SlotValue("date", day, day_text)
    return moment_of(slots, now)


def _bare(text: str) -> str:
    for lead in _LEADS:
        text = text.removeprefix(lead)
    return text
