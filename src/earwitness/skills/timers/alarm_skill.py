"""Alarms and reminders: at a time, on a date, again on weekdays; snoozed, listed, cancelled."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from earwitness.assistant.skill import NO_NAMES, Caused, Ending, Names, Reply, Request
from earwitness.kernel.clock import MINUTE, SECOND, Clock
from earwitness.skills.asking import Open, chosen, says_no
from earwitness.skills.saying import joined
from earwitness.skills.timers.bell import Bell
from earwitness.skills.timers.model import MINUTES, Kind, State, Timer
from earwitness.skills.timers.store import MOST, Timers
from earwitness.skills.timers.when import days_of, moment_of, read_when
from earwitness.skills.timers.wording import listed, say_alarm, say_ms
from earwitness.understanding.times import parse_time
from earwitness.understanding.values import ClockTime, Duration, SlotValue
from earwitness.understanding.wording import plain

ALARM_EFFECT = "alarm"
REMINDER_EFFECT = "reminder"
SNOOZE_MS = 9 * MINUTE
LONGEST_MESSAGE = 300
NO_ALARM = Reply("There is no alarm.", Ending.NOTHING)
LEFT = Reply("All right, I leave it.", Ending.NOTHING)
_ALL_WORDS = frozenset({"all", "both", "every"})


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is still missing: the time of an alarm or a reminder, or which alarm to cancel."""

    kind: Kind
    message: str = ""
    days: int = 0
    day: SlotValue | None = None
    which: tuple[Timer, ...] = ()


class AlarmSkill:
    """Serves alarms and reminders; what rings is the bell's."""

    name = "alarms"
    intents = frozenset({"SetAlarm", "CancelAlarm", "CancelAllAlarms", "ListAlarms", "Snooze", "SetReminder",
                         "ListReminders", "CancelReminder"})  # fmt: skip

    def __init__(self, timers: Timers, bell: Bell, clock: Clock) -> None:
        """Keep alarms in ``timers`` and let ``bell`` know of each change."""
        self._timers = timers
        self._bell = bell
        self._clock = clock
        self._open: Open[_Asked] = Open()

    async def names(self, household: str) -> Names:  # noqa: ARG002 - the contract's; alarms have no names
        """Nothing of its own."""
        return NO_NAMES

    async def hear(self, request: Request) -> Reply:  # noqa: PLR0911 - one return an intent
        """Do what is meant."""
        self._open.take(request)
        if request.meant is None:
            return NO_ALARM
        match request.meant.intent.name:
            case "SetAlarm":
                return await self._set(request, _Asked(Kind.ALARM, days=days_of(request.meant.intent.slots)))
            case "SetReminder":
                return await self._remind(request)
            case "Snooze":
                return await self._snooze(request)
            case "CancelAlarm":
                return await self._cancel(request, Kind.ALARM)
            case "CancelReminder":
                return await self._cancel(request, Kind.REMINDER)
            case "CancelAllAlarms":
                return await self._cancel_these(await self._mine(request, Kind.ALARM), request)
            case "ListReminders":
                return self._list(request, await self._mine(request, Kind.REMINDER), "reminders")
        return self._list(request, await self._mine(request, Kind.ALARM), "alarms")

    async def answered(self, request: Request) -> Reply | None:
        """Take the turn as the time that was missing, or as which alarm is meant."""
        asked = self._open.take(request)
        if asked is None:
            return None
        if says_no(request):
            return LEFT
        if asked.which:
            return await self._picked(request, asked)
        at = parse_time(plain(request.heard)) if asked.days else None
        if at is not None:
            return await self._repeat(request, asked, at.at)
        moment = read_when(request.heard, _local(request), asked.day)
        return None if moment is None else await self._at(request, asked, moment)

    # --- set ----------------------------------------------------------------------------------------

    async def _set(self, request: Request, wanted: _Asked) -> Reply:
        slots = request.meant.intent.slots if request.meant else {}
        now = _local(request)
        if wanted.days:
            at = slots["time"].value if "time" in slots else None
            if not isinstance(at, ClockTime):
                return self._ask(request, wanted, "At what time?")
            # "every weekday at seven" must not depend on when it is said: it is the morning
            return await self._repeat(request, wanted, at.at)
        moment = moment_of(slots, now)
        if wanted.kind is Kind.ALARM and "time" not in slots and "duration" not in slots:
            return self._ask(request, replace(wanted, day=slots.get("date")), "For what time?")
        if moment is None:
            return self._ask(request, wanted, "When shall I remind you?" if wanted.message else "For what time?")
        return await self._at(request, wanted, moment)

    def _ask(self, request: Request, wanted: _Asked, question: str) -> Reply:
        self._open.ask(request, wanted)
        return Reply(question, Ending.ASKED)

    async def _at(self, request: Request, wanted: _Asked, moment: datetime) -> Reply:
        if wanted.days:
            return await self._repeat(request, wanted, moment.time())
        due_at = int(moment.timestamp() * SECOND)
        if due_at <= request.now:
            return self._ask(request, wanted, "That is over already. For when shall it be?")
        return await self._add(request, wanted, due_at)

    async def _repeat(self, request: Request, wanted: _Asked, at: time) -> Reply:
        new = self._new(request, wanted, request.now)
        repeating = replace(new, days=wanted.days, minute=at.hour * MINUTES + at.minute)
        due_at = repeating.next_after(request.now, request.here.zone)
        return await self._keep(request, replace(repeating, due_at=due_at))

    async def _add(self, request: Request, wanted: _Asked, due_at: int) -> Reply:
        return await self._keep(request, self._new(request, wanted, due_at))

    @staticmethod
    def _new(request: Request, wanted: _Asked, due_at: int) -> Timer:
        here = request.here
        owner = here.subject or here.household
        return Timer("", owner, here.household, here.device, wanted.kind, State.RUNNING, due_at, request.now,
                     message=wanted.message)  # fmt: skip

    async def _keep(self, request: Request, wanted: Timer) -> Reply:
        if await asyncio.to_thread(self._timers.count, wanted.household) >= MOST:
            return Reply(f"There are {MOST} timers and alarms already. Cancel some first.", Ending.NOTHING)
        made = await asyncio.to_thread(self._timers.add, wanted)
        self._bell.changed()
        said = say_alarm(made, request.now, request.here.zone)
        if made.kind is Kind.REMINDER:
            effect = Caused(REMINDER_EFFECT, f"set a reminder {said}: {made.message}", {"timer": made.id})
            return Reply(f"I will remind you {said}.", caused=(effect,))
        said = said.removeprefix("on ")
        effect = Caused(ALARM_EFFECT, f"set an alarm for {said}", {"timer": made.id})
        return Reply(f"Your alarm is set for {said}.", caused=(effect,))

    async def _remind(self, request: Request) -> Reply:
        slots = request.meant.intent.slots if request.meant else {}
        message = slots["message"].text.strip()[:LONGEST_MESSAGE] if "message" in slots else ""
        if not message:
            return Reply("Of what? Say it like: remind me to water the plants at six.", Ending.NOTHING)
        return await self._set(request, _Asked(Kind.REMINDER, _turned(message), days_of(slots)))

    # --- snooze, list, cancel -----------------------------------------------------------------------

    async def _snooze(self, request: Request) -> Reply:
        slots = request.meant.intent.slots if request.meant else {}
        length = slots["duration"].value if "duration" in slots else None
        more = length.seconds * SECOND if isinstance(length, Duration) else SNOOZE_MS
        ringing = await asyncio.to_thread(self._timers.ringing, request.here.device)
        if not ringing:
            return Reply("Nothing rings right now.", Ending.NOTHING)
        for each in ringing:
            later = replace(each, state=State.RUNNING, due_at=request.now + more, rung_at=None)
            await asyncio.to_thread(self._timers.change, later, was=State.RINGING)
        self._bell.changed()
        return Reply(f"Again in {say_ms(more)}.")

    async def _mine(self, request: Request, kind: Kind) -> list[Timer]:
        here = request.here
        subjects = [] if here.subject is None else [here.household, here.subject]
        found = await asyncio.to_thread(self._timers.of, here.household, here.device, subjects)
        return [each for each in found if each.kind is kind]

    @staticmethod
    def _list(request: Request, found: Sequence[Timer], what: str) -> Reply:
        slots = request.meant.intent.slots if request.meant else {}
        found = _fitting(found, request)
        if not found:
            return Reply(f"There is no {what.removesuffix('s')}{' then' if slots else ''}.", Ending.TOLD)
        said = [_described(each, request) for each in found]
        return Reply(listed([f"one {each}" for each in said] if len(said) == 1 else said, what), Ending.TOLD)

    async def _cancel(self, request: Request, kind: Kind) -> Reply:
        mine = await self._mine(request, kind)
        what = str(kind)
        if not mine:
            return Reply(f"There is no {what}.", Ending.NOTHING)
        if request.meant and "all" in request.meant.intent.slots:
            return await self._cancel_these(mine, request)
        ringing = [each for each in mine if each.state is State.RINGING and each.device == request.here.device]
        found = ringing or _fitting(mine, request)
        if not found:
            return Reply(f"There is no {what} then.", Ending.NOTHING)
        if len(found) == 1 or ringing:
            return await self._cancel_these(found, request)
        self._open.ask(request, _Asked(kind, which=tuple(found)))
        said = joined([_described(each, request) for each in found[:3]], "or")
        return Reply(f"Which one: {said}?", Ending.ASKED)

    async def _picked(self, request: Request, asked: _Asked) -> Reply | None:
        at = chosen(request)
        if set(request.heard.lower().split()) & _ALL_WORDS:
            return await self._cancel_these(asked.which, request)
        picked = asked.which[at : at + 1] if at is not None else _by_time(asked.which, request)
        return await self._cancel_these(picked, request) if len(picked) == 1 else None

    async def _cancel_these(self, found: Sequence[Timer], request: Request) -> Reply:
        if not found:
            return NO_ALARM
        for each in found:
            if each.state is State.RINGING and each.repeats:
                await self._bell.over(each)  # it rings: this once is meant, not the alarm of every day
            else:
                await asyncio.to_thread(self._timers.end, each.id)
        self._bell.changed()
        if len(found) > 1:
            return Reply(f"{len(found)} {found[0].kind}s are cancelled.")
        only = found[0]
        if only.state is State.RINGING:
            return Reply("")
        return Reply(f"Cancelled: {_described(only, request)}.")


def _local(request: Request) -> datetime:
    return datetime.fromtimestamp(request.now / 1000, request.here.zone)


def _described(each: Timer, request: Request) -> str:
    said = say_alarm(each, request.now, request.here.zone)
    return f"{said}, {each.message}" if each.message else said


def _turned(message: str) -> str:
    """As it is said back: "call my mother" becomes "call your mother"."""
    turned = {"my": "your", "me": "you", "i": "you", "myself": "yourself", "mine": "yours"}
    return " ".join(turned.get(word, word) for word in message.split())


def _fitting(found: Sequence[Timer], request: Request) -> list[Timer]:
    """Those at the time, or on the day, that was said."""
    slots = request.meant.intent.slots if request.meant else {}
    at = slots["time"].value if "time" in slots else None
    day = slots["date"].value if "date" in slots else None
    return [each for each in found if _fits(each, request, at if isinstance(at, ClockTime) else None,
                                            day if isinstance(day, date) else None)]  # fmt: skip


def _fits(each: Timer, request: Request, at: ClockTime | None, day: date | None) -> bool:
    due = datetime.fromtimestamp(each.due_at / 1000, request.here.zone)
    if day is not None and due.date() != day and not (each.repeats and each.days >> day.weekday() & 1):
        return False
    if at is None:
        return True
    same = due.time().replace(second=0, microsecond=0)
    half_day = time((at.at.hour + 12) % 24, at.at.minute)
    return same == at.at or (not at.certain and same == half_day)


def _by_time(found: Sequence[Timer], request: Request) -> list[Timer]:
    moment = read_when(request.heard, _local(request))
    if moment is None:
        return []
    certain = ClockTime(moment.time().replace(second=0, microsecond=0), certain=False)
    return [each for each in found if _fits(each, request, certain, None)]
