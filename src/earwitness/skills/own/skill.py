"""Own data by voice: what did you hear, why did you do that, delete it, stop listening.

Deleting the last thing is done at once; a whole day is asked about first. The turn that asks for it is not kept either.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time

from earwitness.assistant.skill import NO_NAMES, Ending, Here, Names, Past, Reply, Request, Then
from earwitness.assistant.trace import Step, told
from earwitness.kernel.clock import MINUTE
from earwitness.kernel.errors import NotFound
from earwitness.skills.asking import Open, says_no, says_yes
from earwitness.skills.own.port import Erased, Left, OwnData
from earwitness.skills.timers.wording import joined

GuestMode = Callable[[Here, bool], bool]
"""Turns guest mode of a device on or off; False where a voice may not. It blocks."""

MOST_NAMED = 3
SURE, FAIRLY_SURE = 0.9, 0.7
LEFT = Reply("All right, nothing is deleted.", Ending.NOTHING, then=Then.FORGET)
NOTHING_KEPT = "Nothing of what is said to this device is kept."
GONE = "There is nothing kept of that."
MUTED = "I do not listen any more. Switch the microphone on again at the device or in the app."


@dataclass(frozen=True, slots=True)
class _Asked:
    """What waits for a yes: to erase since a moment, or to take these effects back."""

    since: int | None = None
    left: tuple[Left, ...] = ()


class OwnDataSkill:
    """Serves the questions about what was heard and kept."""

    name = "own data"
    intents = frozenset(
        {"WhatDidYouHear", "WhyDidYouDoThat", "DeleteLast", "DeleteToday", "StopListening", "GuestMode"}
    )

    def __init__(self, data: OwnData, guest_mode: GuestMode | None = None) -> None:
        """Erase with ``data``; without ``guest_mode`` it can be switched in the app alone."""
        self._data = data
        self._guest_mode = guest_mode
        self._open: Open[_Asked] = Open()

    async def names(self, household: str) -> Names:  # noqa: ARG002 - the contract's
        """Nothing of its own."""
        return NO_NAMES

    async def hear(self, request: Request) -> Reply:  # noqa: PLR0911 - one return an intent
        """Answer, or do it."""
        self._open.take(request)
        match request.meant.intent.name if request.meant else "":
            case "WhatDidYouHear":
                return Reply(_heard(request), Ending.TOLD)
            case "WhyDidYouDoThat":
                return Reply(_why(request.past), Ending.TOLD)
            case "DeleteLast":
                return await self._last(request)
            case "DeleteToday":
                return await self._today(request)
            case "StopListening":
                return Reply(MUTED, then=Then.MUTE)
            case "GuestMode":
                return await self._guests(request)
        return Reply("", Ending.NOTHING)

    async def answered(self, request: Request) -> Reply | None:
        """Take a yes or a no."""
        asked = self._open.take(request)
        if asked is None:
            return None
        if says_no(request):
            return LEFT if asked.since is not None else Reply("All right, they stay.", Ending.NOTHING, then=Then.FORGET)
        if not says_yes(request):
            return None
        if asked.since is None:
            return await self._take_back(request, asked.left)
        try:
            erased = await asyncio.to_thread(self._data.erase_since, request.here, asked.since)
        except NotFound:
            return Reply("There is nothing kept of today.", Ending.NOTHING, then=Then.FORGET)
        return self._erased(request, erased)

    async def _last(self, request: Request) -> Reply:
        if request.here.subject is None:
            return Reply(NOTHING_KEPT, Ending.TOLD, then=Then.FORGET)
        recording = request.past.recording if request.past else None
        if recording is None:
            said = "I do not remember what was said before; look into your history." if request.past is None else GONE
            return Reply(said, Ending.NOTHING, then=Then.FORGET)
        try:
            erased = await asyncio.to_thread(self._data.erase, request.here, recording)
        except NotFound:
            return Reply(GONE, Ending.NOTHING, then=Then.FORGET)
        return self._erased(request, erased)

    async def _today(self, request: Request) -> Reply:
        if request.here.subject is None:
            return Reply(NOTHING_KEPT, Ending.TOLD, then=Then.FORGET)
        since = _midnight(request)
        count = await asyncio.to_thread(self._data.count_since, request.here, since)
        if not count:
            return Reply("There is nothing kept of today.", Ending.TOLD, then=Then.FORGET)
        self._open.ask(request, _Asked(since))
        whose = "of yours" if request.here.person else "that this device kept"
        things = "1 recording" if count == 1 else f"{count} recordings"
        return Reply(f"Shall I delete {things} {whose} today?", Ending.ASKED, then=Then.FORGET)

    def _erased(self, request: Request, erased: Erased) -> Reply:
        things = "That recording is" if erased.recordings == 1 else f"{erased.recordings} recordings are"
        said = f"{things} deleted. The receipt is in your history."
        step = Step("erasure", f"{erased.recordings} recordings were erased; the receipt is {erased.receipt}.")
        if not erased.left:
            return Reply(said, steps=(step,), then=Then.FORGET)
        self._open.ask(request, _Asked(left=erased.left))
        one = len(erased.left) == 1
        asks = (
            f"{_named(erased.left)} {'is' if one else 'are'} still there. Shall I take {'it' if one else 'them'} back?"
        )
        return Reply(f"{said} What came of it: {asks}", Ending.ASKED, steps=(step,), then=Then.FORGET)

    async def _take_back(self, request: Request, left: tuple[Left, ...]) -> Reply:
        count = await asyncio.to_thread(self._data.take_back, request.here, [each.id for each in left])
        missing = len(left) - count
        said = "Done." if not missing else f"{count} of {len(left)} could be taken back; the rest is in your history."
        return Reply(said, Ending.DONE if count else Ending.FAILED, then=Then.FORGET)

    async def _guests(self, request: Request) -> Reply:
        on = bool(request.meant and request.meant.intent.slots.get("state") and
                  request.meant.intent.slots["state"].text != "off" and
                  str(request.meant.intent.slots["state"].value) == "on")  # fmt: skip
        done = self._guest_mode is not None and await asyncio.to_thread(self._guest_mode, request.here, on)
        if not done:
            return Reply("Guest mode is switched in the app, under devices.", Ending.NOTHING)
        if on:
            return Reply("Guest mode is on. Nothing that is said here is kept.", then=Then.FORGET)
        return Reply("Guest mode is off.")


def _heard(request: Request) -> str:
    past = request.past
    if past is None:
        return "I remember nothing of the last ten minutes on this device. What was kept is in your history."
    ago = request.now - past.at
    when = f"{max(1, round(ago / MINUTE))} minute{'' if ago < 1.5 * MINUTE else 's'} ago I" if ago > MINUTE else "I"
    kept = "It is kept in your history." if past.recording else "It is not kept."
    return f"{when} heard: “{past.heard}”. I said: “{past.reply}”. {kept}" if past.heard else f"{when} heard no words."


def _why(past: Past | None) -> str:
    if past is None:
        return "I did nothing in the last ten minutes that I remember. Why I did earlier things is in your history."
    spoken = [_spoken(each) for each in past.steps if each.said]
    return told(spoken) if spoken else f"I heard “{past.heard}”."


def _spoken(step: Step) -> Step:
    """With how sure it was, in words."""
    if step.score is None:
        return step
    sure = (
        "I was sure of it."
        if step.score >= SURE
        else "I was fairly sure."
        if step.score >= FAIRLY_SURE
        else "I was not sure."
    )
    return replace(step, said=f"{step.said} {sure}")


def _midnight(request: Request) -> int:
    now = datetime.fromtimestamp(request.now / 1000, request.here.zone)
    return int(datetime.combine(now.date(), time(), request.here.zone).timestamp() * 1000)


def _named(left: tuple[Left, ...]) -> str:
    said = [each.what for each in left[:MOST_NAMED]]
    more = len(left) - len(said)
    return f"{', '.join(said)} and {more} more" if more else joined(said)
