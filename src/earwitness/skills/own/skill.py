"""Own data by voice: what did you hear, why did you do that, delete it, stop listening.

Deleting the last thing is done at once; a whole day is asked about first. The turn that asks for it is not kept either.
Such questions are about what was said before them: "what did you hear", "why" and "delete it" in a row mean one thing.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time

from earwitness.assistant.skill import NO_NAMES, Ending, Here, Names, Past, Reply, Request, Then
from earwitness.assistant.trace import Step, told
from earwitness.kernel.clock import MINUTE
from earwitness.kernel.errors import NotFound
from earwitness.skills.asking import Open, says_no, says_yes
from earwitness.skills.own.port import Erased, Left, OwnData
from earwitness.skills.saying import counted, in_words, joined
from earwitness.understanding.wording import plain

GuestMode = Callable[[Here, bool], bool]
"""Turns guest mode of a device on or off; False where a voice may not. It blocks."""

MOST_NAMED = 3
_INTENT = re.compile(r"\b(?:Hass[A-Z]\w+|(?:[A-Z][a-z]+){2,})\b")
_EMPTY = re.compile(r" \([a-z_]+: \)")
MOST_DEVICES = 1_000
SURE, FAIRLY_SURE = 0.9, 0.7
LEFT = Reply("All right, nothing is deleted.", Ending.NOTHING, then=Then.FORGET)
NOTHING_KEPT = "Nothing of what is said to this device is kept."
GONE = "There is nothing kept of that."
MUTED = "I do not listen any more. Switch the microphone on again at the device or in the app."


@dataclass(frozen=True, slots=True)
class _About:
    """The turn that was asked about on a device, and the questions about it that may have been kept since."""

    past: Past | None
    question: str
    asked_at: int
    recordings: tuple[str, ...] = ()


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
        self._about: OrderedDict[str, _About] = OrderedDict()

    async def names(self, household: str) -> Names:  # noqa: ARG002 - the contract's
        """Nothing of its own."""
        return NO_NAMES

    async def hear(self, request: Request) -> Reply:  # noqa: PLR0911 - one return an intent
        """Answer, or do it."""
        self._open.take(request)
        about = self._spoken_of(request)
        match request.meant.intent.name if request.meant else "":
            case "WhatDidYouHear":
                return await self._what(request, about.past)
            case "WhyDidYouDoThat":
                return Reply(_why(about.past), Ending.TOLD)
            case "DeleteLast":
                return await self._last(request, about)
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

    def _spoken_of(self, request: Request) -> _About:
        """What a question is about: the turn before, or what the question before it was about."""
        past, device = request.past, request.here.device
        before = self._about.pop(device, None)
        if before and past and past.heard == before.question and past.at >= before.asked_at:
            asked = before.recordings + ((past.recording,) if past.recording else ())
            found = _About(before.past, request.heard, request.now, asked)
        else:
            found = _About(past, request.heard, request.now)
        self._about[device] = found
        while len(self._about) > MOST_DEVICES:
            self._about.popitem(last=False)
        return found

    async def _what(self, request: Request, past: Past | None) -> Reply:
        if "today" not in plain(request.heard).split():
            return Reply(_heard(request, past), Ending.TOLD)
        if request.here.subject is None:
            return Reply(NOTHING_KEPT, Ending.TOLD)
        count = await asyncio.to_thread(self._data.count_since, request.here, _midnight(request))
        whose = "of you" if request.here.person else "of this device"
        kept = f"{counted(count, 'recording')} {whose}" if count else f"no recording {whose}"
        return Reply(f"Today I kept {kept}. Your history has them all.", Ending.TOLD)

    async def _last(self, request: Request, about: _About) -> Reply:
        if request.here.subject is None:
            return Reply(NOTHING_KEPT, Ending.TOLD, then=Then.FORGET)
        recording = about.past.recording if about.past else None
        recordings = (*([recording] if recording else []), *about.recordings)
        if not recordings:
            said = "I do not remember what was said before; look into your history." if about.past is None else GONE
            return Reply(said, Ending.NOTHING, then=Then.FORGET)
        try:
            erased = await asyncio.to_thread(self._data.erase, request.here, recordings)
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
        things = counted(count, "recording")
        return Reply(f"Shall I delete {things} {whose} today?", Ending.ASKED, then=Then.FORGET)

    def _erased(self, request: Request, erased: Erased) -> Reply:
        things = "That recording is" if erased.recordings == 1 else f"{erased.recordings} recordings are"
        said = f"{things} deleted. The receipt is in your history."
        step = Step("erasure", f"{erased.recordings} recordings were erased; the receipt is {erased.receipt}.")
        if not erased.left:
            return Reply(said, steps=(step,), then=Then.FORGET)
        self._open.ask(request, _Asked(left=erased.left))
        asks = f"It had done this: {_named(erased.left)}. Shall I take that back as well?"
        return Reply(f"{said} {asks}", Ending.ASKED, steps=(step,), then=Then.FORGET)

    async def _take_back(self, request: Request, left: tuple[Left, ...]) -> Reply:
        count = await asyncio.to_thread(self._data.take_back, request.here, [each.id for each in left])
        missing = len(left) - count
        said = "Done." if not missing else f"{count} of {len(left)} could be taken back; the rest is in your history."
        return Reply(said, Ending.DONE if count else Ending.FAILED, then=Then.FORGET)

    async def _guests(self, request: Request) -> Reply:
        state = request.meant.intent.slots.get("state") if request.meant else None
        on = state is not None and state.value == "on"
        done = self._guest_mode is not None and await asyncio.to_thread(self._guest_mode, request.here, on)
        if not done:
            return Reply("Guest mode is switched in the app, under devices.", Ending.NOTHING)
        if on:
            return Reply("Guest mode is on. Nothing that is said here is kept.", then=Then.FORGET)
        return Reply("Guest mode is off.")


def _heard(request: Request, past: Past | None) -> str:
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
    """Read for the ear: names of intents in words, and how sure it was."""
    said = _EMPTY.sub("", _INTENT.sub(lambda found: in_words(found[0]), step.said))
    if step.score is None:
        return replace(step, said=said)
    sure = "sure of it" if step.score >= SURE else "fairly sure" if step.score >= FAIRLY_SURE else "not sure"
    return replace(step, said=f"{said} I was {sure}.")


def _midnight(request: Request) -> int:
    now = datetime.fromtimestamp(request.now / 1000, request.here.zone)
    return int(datetime.combine(now.date(), time(), request.here.zone).timestamp() * 1000)


def _named(left: tuple[Left, ...]) -> str:
    said = [each.what[:1].lower() + each.what[1:] for each in left[:MOST_NAMED]]
    more = len(left) - len(said)
    return f"{', '.join(said)} and {more} more" if more else joined(said)
