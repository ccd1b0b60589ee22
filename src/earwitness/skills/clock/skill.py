"""What time is it, what day is it, and how long until a day."""

from datetime import date, datetime, timedelta

from earwitness.assistant.skill import NO_NAMES, Ending, Names, Reply, Request
from earwitness.skills.clock.saying import say_date, say_time
from earwitness.understanding.wording import plain


class ClockSkill:
    """Tells the time and the date of the household's zone."""

    name = "clock"
    intents = frozenset({"HassGetCurrentTime", "HassGetCurrentDate", "DateQuestion"})

    async def names(self, household: str) -> Names:  # noqa: ARG002 - the contract's; time has no names
        """Nothing of its own."""
        return NO_NAMES

    async def hear(self, request: Request) -> Reply:
        """Tell it."""
        now = datetime.fromtimestamp(request.now / 1000, request.here.zone)
        if request.meant is None:
            return Reply("", Ending.NOTHING)
        match request.meant.intent.name:
            case "HassGetCurrentTime":
                return Reply(f"It is {say_time(now.time())}.", Ending.TOLD)
            case "HassGetCurrentDate":
                return Reply(f"It is {say_date(now.date(), year=True)}.", Ending.TOLD)
        slots = request.meant.intent.slots
        day = slots["date"].value if "date" in slots else None
        if not isinstance(day, date):
            return Reply("Sorry, I do not know that day.", Ending.NOTHING)
        asks = str(slots["asks"].value) if "asks" in slots else ""
        if asks == "whether":
            return Reply(_whether(day, now.date(), plain(request.heard)), Ending.TOLD)
        counted = asks == "days" or plain(request.heard).startswith("how many")
        return Reply(_days(day, now.date()) if counted else _named(day, now.date()), Ending.TOLD)

    async def answered(self, request: Request) -> Reply | None:  # noqa: ARG002 - the contract's
        """It never asks."""
        return None


def _days(day: date, today: date) -> str:
    ahead = (day - today).days
    if ahead == 0:
        return "That is today."
    count = f"{abs(ahead)} day{'' if abs(ahead) == 1 else 's'}"
    return f"{count} until {say_date(day)}." if ahead > 0 else f"That was {count} ago."


def _whether(day: date, today: date, heard: str) -> str:
    """Answer "is today thursday"; a day by its name alone is the next of that name, today's included."""
    meant = today + timedelta(days=1) if "tomorrow" in heard.split() else today
    return f"{'Yes' if day == meant else 'No'}, {'tomorrow' if meant > today else 'today'} is {say_date(meant)}."


def _named(day: date, today: date) -> str:
    if day == today:
        return f"Today is {say_date(day)}."
    return f"That {'was' if day < today else 'is'} {say_date(day, year=day.year != today.year)}."
