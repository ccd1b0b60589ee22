"""Timers: set, named, several at once, paused, changed, asked about, cancelled, on any device that may know of them."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from earwitness.assistant.skill import Caused, Ending, Names, Reply, Request
from earwitness.kernel.clock import DAY, SECOND, Clock
from earwitness.skills.asking import Open, chosen, says_no
from earwitness.skills.saying import capital, joined
from earwitness.skills.timers.bell import Bell
from earwitness.skills.timers.model import Kind, State, Timer
from earwitness.skills.timers.selecting import called, narrowed
from earwitness.skills.timers.store import MOST, Timers
from earwitness.skills.timers.wording import listed, remaining, say_ms, title
from earwitness.understanding.context import Context, Named
from earwitness.understanding.durations import parse_duration
from earwitness.understanding.values import Duration
from earwitness.understanding.wording import plain

EFFECT = "timer"
NONE_SET = Reply("There is no timer.", Ending.NOTHING)
LEFT = Reply("All right, I leave it.", Ending.NOTHING)
LEAST_MS = SECOND
_ALL_WORDS = frozenset({"all", "both", "every", "everything"})
_AROUND = frozenset({"the", "my", "one", "timer", "for", "of"})
_ARTICLE = re.compile(r"^(?:the|my|our|a|an)\s+")


@dataclass(frozen=True, slots=True)
class _Which:
    """The turn that could mean several timers, and these."""

    request: Request
    timers: tuple[Timer, ...]


class TimerSkill:
    """Serves timers; what rings is the bell's."""

    name = "timers"
    intents = frozenset(
        {
            "HassStartTimer",
            "HassCancelTimer",
            "HassCancelAllTimers",
            "HassTimerStatus",
            "HassPauseTimer",
            "HassUnpauseTimer",
            "HassIncreaseTimer",
            "HassDecreaseTimer",
        }
    )

    def __init__(self, timers: Timers, bell: Bell, clock: Clock) -> None:
        """Keep timers in ``timers`` and let ``bell`` know of each change."""
        self._timers = timers
        self._bell = bell
        self._clock = clock
        self._open: Open[_Which] = Open()
        self._acts: dict[str, Callable[[Request, Timer], Awaitable[Reply]]] = {
            "HassCancelTimer": self._cancel,
            "HassPauseTimer": self._pause,
            "HassUnpauseTimer": self._resume,
            "HassIncreaseTimer": self._lengthen,
            "HassDecreaseTimer": self._shorten,
        }

    async def names(self, household: str) -> Names:
        """What the household's timers are called, beside the names that are always there."""
        own = await asyncio.to_thread(self._timers.names, household)
        new = [each for each in own if each not in USUAL]
        if not new:
            return Names()
        named = tuple(Named(each, each) for each in (*USUAL, *new))
        return Names(Context(more={"timer_name": named}))

    async def hear(self, request: Request) -> Reply:
        """Do what is meant."""
        self._open.take(request)
        if request.meant is None:
            return NONE_SET
        name = request.meant.intent.name
        if name == "HassStartTimer":
            return await self._start(request)
        timers = await self._mine(request)
        if name == "HassCancelAllTimers":
            return await self._cancel_all(timers)
        if name == "HassTimerStatus":
            return self._told(request, timers)
        return await self._one(request, timers)

    async def answered(self, request: Request) -> Reply | None:
        """Take the turn as the answer to "which one?"."""
        asked = self._open.take(request)
        if asked is None:
            return None
        if says_no(request):
            return LEFT
        words = set(plain(request.heard).split())
        now_there = {each.id: each for each in await self._mine(asked.request)}
        still = [now_there[each.id] for each in asked.timers if each.id in now_there]
        if words & _ALL_WORDS:
            return await self._each(asked.request, still)
        at = chosen(request)
        picked = _by_words(still, request.heard) if at is None else still[at : at + 1]
        return await self._each(asked.request, picked) if len(picked) == 1 else None

    async def _mine(self, request: Request) -> list[Timer]:
        """The timers that may be spoken of here: a person's own only at their own devices."""
        here = request.here
        subjects = [] if here.subject is None else [here.household, here.subject]
        found = await asyncio.to_thread(self._timers.of, here.household, here.device, subjects)
        return [each for each in found if each.kind is Kind.TIMER]

    async def _start(self, request: Request) -> Reply:
        slots = request.meant.intent.slots if request.meant else {}
        length = slots["duration"].value if "duration" in slots else None
        if not isinstance(length, Duration):
            return Reply("For how long? Say it like: set a timer for ten minutes.", Ending.NOTHING)
        here, length_ms = request.here, length.seconds * SECOND
        if length_ms > DAY:
            return Reply("A timer can run for a day at most. Set an alarm or a reminder for that.", Ending.NOTHING)
        if await asyncio.to_thread(self._timers.count, here.household) >= MOST:
            return Reply(f"There are {MOST} timers and alarms already. Cancel some first.", Ending.NOTHING)
        name = _ARTICLE.sub("", slots["name"].text.strip()) if "name" in slots else ""
        wanted = Timer(
            "",
            here.subject or here.household,
            here.household,
            here.device,
            Kind.TIMER,
            State.RUNNING,
            request.now + length_ms,
            request.now,
            name,
            length_ms=length_ms,
        )
        made = await asyncio.to_thread(self._timers.add, wanted)
        self._bell.changed()
        said = f"{capital(name)} timer: {say_ms(length_ms)}" if name else say_ms(length_ms)
        return Reply(f"{said}, starting now.", caused=(Caused(EFFECT, f"set a {title(made)}", {"timer": made.id}),))

    async def _one(self, request: Request, timers: Sequence[Timer]) -> Reply:
        meant = request.meant
        if meant is None or not timers:
            return NONE_SET
        found = narrowed(timers, meant.intent.slots, request.here.device, length=meant.intent.name == "HassCancelTimer")
        if not found:
            return Reply(f"There is no such timer. There is {joined(['the ' + title(e) for e in timers[:5]])}.",
                         Ending.NOTHING)  # fmt: skip
        if len(found) == 1:
            return await self._acts[meant.intent.name](request, found[0])
        self._open.ask(request, _Which(request, tuple(found)))
        return Reply(f"Which one, {joined(['the ' + title(each) for each in found], 'or')}?", Ending.ASKED)

    async def _each(self, request: Request, timers: Sequence[Timer]) -> Reply:
        act = self._acts[request.meant.intent.name] if request.meant else None
        if act is None or not timers:
            return NONE_SET
        replies = [await act(request, each) for each in timers]
        return replies[0] if len(replies) == 1 else Reply(" ".join(each.text for each in replies))

    async def _cancel(self, request: Request, each: Timer) -> Reply:  # noqa: ARG002 - all acts are called alike
        if each.state is State.RINGING:
            await self._bell.over(each)
            return Reply("")
        await asyncio.to_thread(self._timers.end, each.id)
        self._bell.changed()
        return Reply(f"The {title(each)} is cancelled.")

    async def _cancel_all(self, timers: Sequence[Timer]) -> Reply:
        if not timers:
            return NONE_SET
        for each in timers:
            await asyncio.to_thread(self._timers.end, each.id)
        self._bell.changed()
        return Reply("The timer is cancelled." if len(timers) == 1 else f"All {len(timers)} timers are cancelled.")

    async def _pause(self, request: Request, each: Timer) -> Reply:
        if each.state is not State.RUNNING:
            return Reply(f"The {title(each)} is not running.", Ending.NOTHING)
        left = each.left(request.now)
        return await self._changed(
            each, replace(each, state=State.PAUSED, left_ms=left), f"Paused, with {say_ms(left)} left."
        )

    async def _resume(self, request: Request, each: Timer) -> Reply:
        if each.state is not State.PAUSED:
            return Reply(f"The {title(each)} is not paused.", Ending.NOTHING)
        left = each.left(request.now)
        going = replace(each, state=State.RUNNING, left_ms=None, due_at=request.now + left)
        return await self._changed(each, going, f"Going on, with {say_ms(left)} left.")

    async def _lengthen(self, request: Request, each: Timer) -> Reply:
        return await self._moved(request, each, +1)

    async def _shorten(self, request: Request, each: Timer) -> Reply:
        return await self._moved(request, each, -1)

    async def _moved(self, request: Request, each: Timer, sign: int) -> Reply:
        length = request.meant.intent.slots.get("duration") if request.meant else None
        if length is None or not isinstance(length.value, Duration):
            return Reply("By how much?", Ending.NOTHING)
        left = each.left(request.now) + sign * length.value.seconds * SECOND
        if left < LEAST_MS:
            return Reply(f"It has only {say_ms(each.left(request.now))} left. Cancel it instead.", Ending.NOTHING)
        if left > DAY:
            return Reply("A timer can run for a day at most.", Ending.NOTHING)
        if each.state is State.PAUSED:
            moved = replace(each, left_ms=left)
        else:  # one that rings goes on: "give me two minutes more"
            moved = replace(each, state=State.RUNNING, due_at=request.now + left, rung_at=None)
        return await self._changed(each, moved, f"The {title(each)} has {say_ms(left)} left.")

    async def _changed(self, was: Timer, now: Timer, said: str) -> Reply:
        if not await asyncio.to_thread(self._timers.change, now, was=was.state):
            return Reply(f"The {title(was)} is over already.", Ending.NOTHING)
        self._bell.changed()
        return Reply(said)

    @staticmethod
    def _told(request: Request, timers: Sequence[Timer]) -> Reply:
        slots = request.meant.intent.slots if request.meant else {}
        found = called(timers, slots["name"].text) if "name" in slots else timers
        if not found:
            return Reply("There is no timer." if not timers else "There is no such timer.", Ending.TOLD)
        return Reply(listed([remaining(each, request.now) for each in found], "timers"), Ending.TOLD)


def _by_words(timers: Sequence[Timer], heard: str) -> list[Timer]:
    """The timer whose name or length is said: "the pasta one", "the ten minute timer"."""
    words = [word for word in plain(heard).split() if word not in _AROUND]
    named = [each for each in timers if each.name and set(plain(each.name).split()) <= set(words)]
    length = parse_duration(" ".join(words))
    if named or length is None:
        return named
    return [each for each in timers if each.length_ms == length.seconds * SECOND]


USUAL = (
    "egg",
    "eggs",
    "pasta",
    "pizza",
    "tea",
    "rice",
    "laundry",
    "oven",
    "cooking",
    "homework",
    "nap",
    "workout",
    "bread",
)
"""The names that the shipped sentences know."""
