"""Times and dates in words that are good to hear: "half past" is left to people, "7:05 PM" is understood by all."""

from datetime import date, datetime, time, timedelta

_TEENS = range(11, 14)
_ENDS = {1: "st", 2: "nd", 3: "rd"}
NOON = 12
TEN = 10
DAYS_NAMED = 6
HUNDRED = 100


def say_time(at: time) -> str:
    """Say "7 PM", "7:05 PM", "noon", "midnight"."""
    if at.minute == 0 and at.hour in {0, NOON}:
        return "noon" if at.hour else "midnight"
    hour = at.hour % NOON or NOON
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{hour}{minutes} {'AM' if at.hour < NOON else 'PM'}"


def say_date(day: date, *, year: bool = False) -> str:
    """Say "Sunday, November 22nd"."""
    end = "th" if day.day % HUNDRED in _TEENS else _ENDS.get(day.day % TEN, "th")
    said = f"{day:%A}, {day:%B} {day.day}{end}"
    return f"{said}, {day.year}" if year else said


def say_day(day: date, today: date) -> str:
    """Say "today", "tomorrow", "on Thursday", "on Sunday, November 22nd"."""
    ahead = (day - today).days
    if ahead == 0:
        return "today"
    if ahead == 1:
        return "tomorrow"
    if 1 < ahead <= DAYS_NAMED:
        return f"on {day:%A}"
    return f"on {say_date(day, year=day.year != today.year)}"


def say_moment(moment: datetime, now: datetime) -> str:
    """Say "tomorrow at 7 AM"; on the same day without the day."""
    at = say_time(moment.time())
    if moment.date() == now.date():
        return f"today at {at}"
    if moment.date() == now.date() + timedelta(days=1) and moment.hour < NOON / 2 and now.hour >= NOON + NOON / 2:
        return f"tomorrow morning at {at}"
    return f"{say_day(moment.date(), now.date())} at {at}"
