"""Home control in the assistant: each device has a conversation of its own with the home of its household.

The home has its own understanding of sentences (skills/home); it is given the words, not the intent. Wording of no
template comes here too: what the home does not understand changes nothing.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from earwitness.assistant.skill import NO_NAMES, Caused, Ending, Names, Reply, Request
from earwitness.assistant.trace import Step
from earwitness.skills.asking import OPEN_FOR_MS
from earwitness.skills.home.grammar import Grammar, load
from earwitness.skills.home.model import Home
from earwitness.skills.home.names import context_of
from earwitness.skills.home.port import HomeControl
from earwitness.skills.home.skill import Answer, HomeSkill, Kind
from earwitness.skills.house.taking_back import EFFECT, FINAL_EFFECT, undo_of
from earwitness.skills.saying import counted, in_words, joined
from earwitness.understanding.context import Context
from earwitness.understanding.wording import plain

Homes = Callable[[str], HomeControl | None]
"""The home of a household, None where none is connected."""
MOST_CONVERSATIONS = 1_000
NO_HOME = Reply("There is no home connected that I could ask.", Ending.NOTHING)
ENDINGS = {
    Kind.DONE: Ending.DONE,
    Kind.TOLD: Ending.TOLD,
    Kind.WHICH: Ending.ASKED,
    Kind.CONFIRM: Ending.ASKED,
    Kind.NOTHING: Ending.NOTHING,
    Kind.FAILED: Ending.FAILED,
}
_ANSWER = re.compile(r"^(?:the |that |this )?(?:\w+ ){1,2}ones?$")
"""Words that answer "which one?": where nothing was asked they are no order, though "one" is a number."""
_NOT_FOR_IT = frozenset({"not_understood", "unknown_name"})
INTENTS = frozenset({
    "HassTurnOn", "HassTurnOff", "HassToggle", "HassLightSet", "LightAdjust", "HassSetPosition", "HassGetState",
    "HassClimateSetTemperature", "HassClimateGetTemperature", "HassClimateSetFanMode", "ClimateAdjust",
    "HassFanSetSpeed", "HassVacuumStart", "HassVacuumCleanArea", "HassVacuumReturnToBase", "HassLawnMowerDock",
    "HassLawnMowerStartMowing", "HassMediaPause", "HassMediaUnpause", "HassMediaNext", "HassMediaPrevious",
    "HassMediaSearchAndPlay", "HassMediaPlayerMute", "HassMediaPlayerUnmute", "HassSetVolume",
    "HassSetVolumeRelative", "HassGetWeather",
})  # fmt: skip


@dataclass(slots=True)
class _Conversation:
    skill: HomeSkill
    asked_at: int | None = None


class HouseSkill:
    """Serves home control of all households."""

    name = "home"
    intents = INTENTS

    def __init__(self, homes: Homes, sentences: Grammar | None = None) -> None:
        """Act on ``homes`` with these sentences (the built-in ones if None)."""
        self._homes = homes
        self._sentences = sentences or load()
        self._conversations: OrderedDict[str, _Conversation] = OrderedDict()

    async def names(self, household: str) -> Names:
        """The rooms and devices of the home; its lists are named by the skill for lists.

        Raises:
            HomeUnreachable: the home does not answer.
        """
        control = self._homes(household)
        if control is None:
            return NO_NAMES
        found = context_of(await control.read())
        return Names(Context(areas=found.areas, floors=found.floors, devices=found.devices, people=found.people))

    async def hear(self, request: Request) -> Reply:
        """Do what the words ask for."""
        control = self._homes(request.here.household)
        if control is None:
            return NO_HOME
        conversation = self._conversation(request, control)
        conversation.skill.settle()
        answer = await self._said(request, control, conversation, request.heard)
        said = request.meant.said if request.meant else ""
        if answer.reason in _NOT_FOR_IT and said and said != request.heard:
            # a near miss: the template's own words, with the names as the home has them
            answer = await self._said(request, control, conversation, said)
        return self._reply(request, conversation, answer)

    async def answered(self, request: Request) -> Reply | None:
        """Take the turn as the answer to what the home asked, or as wording of no template; None: not for the home."""
        control = self._homes(request.here.household)
        if control is None:
            return None
        conversation = self._conversation(request, control)
        if conversation.asked_at is None or request.now - conversation.asked_at > OPEN_FOR_MS:
            conversation.skill.settle()
            if request.meant is not None or _ANSWER.match(plain(request.heard)):
                return None
        answer = await self._said(request, control, conversation, request.heard)
        if answer.reason in _NOT_FOR_IT:
            conversation.asked_at = None
            return None
        return self._reply(request, conversation, answer)

    async def _said(self, request: Request, control: HomeControl, conversation: _Conversation, words: str) -> Answer:
        return await conversation.skill.hear(words, await self._area(request, control))

    @staticmethod
    async def _area(request: Request, control: HomeControl) -> str | None:
        if request.here.area is None:
            return None
        return _area_of(await control.read(), request.here.area)

    def _conversation(self, request: Request, control: HomeControl) -> _Conversation:
        device = request.here.device
        found = self._conversations.pop(device, None) or _Conversation(HomeSkill(control, self._sentences))
        self._conversations[device] = found
        while len(self._conversations) > MOST_CONVERSATIONS:
            self._conversations.popitem(last=False)
        return found

    @staticmethod
    def _reply(request: Request, conversation: _Conversation, answer: Answer) -> Reply:
        conversation.asked_at = request.now if answer.asks else None
        calls = conversation.skill.calls_to_undo(answer.undo) if answer.undo else []
        what = answer.reply.rstrip(".")
        caused: tuple[Caused, ...] = ()
        if calls:
            caused = (Caused(EFFECT, what, undo_of(calls, answer.changes)),)
        elif answer.changes and answer.undo is None:
            caused = (Caused(FINAL_EFFECT, what),)
        return Reply(answer.reply, ENDINGS[answer.kind], caused, tuple(_steps(answer)))


def _area_of(home: Home, name: str) -> str | None:
    """The id of a room by its id or a name of it."""
    wanted = name.casefold()
    for area in home.areas:
        if wanted in {area.id.casefold(), area.name.casefold(), *(alias.casefold() for alias in area.aliases)}:
            return area.id
    return None


def _steps(answer: Answer) -> list[Step]:
    understood = " and ".join(f"{in_words(each['name'])}, for {_things(each['slots'])}" for each in answer.intents)
    steps = [Step("home", f"Your home took it as: {understood}.")] if understood else []
    if answer.calls:
        things = len({each.entity for each in answer.changes})
        steps.append(Step("home", f"I asked your home, and {counted(things, 'thing')} changed there."))
    elif answer.reason:
        steps.append(Step("home", f"I changed nothing there: {answer.reason.replace('_', ' ')}."))
    return steps


def _things(slots: Mapping[str, Any]) -> str:
    """What an order is about, as the home calls it, or by the ids where it was not named."""
    named = slots.get("name") or [str(each).partition(".")[2].replace("_", " ") for each in slots.get("entities", ())]
    return joined([named] if isinstance(named, str) else [str(each) for each in named]) or "nothing"
