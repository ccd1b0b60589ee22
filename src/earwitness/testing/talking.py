"""Talking to the shipped skills in words: the whole way from a sentence to the reply, without any sound.

Turns are kept and erased in a real house. Time stands still unless the test moves it.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from earwitness.assistant.dialog import Conversation, Dialog, Said
from earwitness.assistant.skill import Here, Past, Reply, Skill
from earwitness.assistant.trace import Step, Trace
from earwitness.bootstrap.skills import HouseSkills
from earwitness.kernel.errors import EarwitnessError
from earwitness.skills.timers.bell import Bell
from earwitness.testing.clock import VirtualClock
from earwitness.understanding.context import Context
from earwitness.understanding.matcher import Matcher
from earwitness.understanding.values import Hypothesis

ZONE = ZoneInfo("Europe/Warsaw")


def at_home(device: str = "dev_kitchen", household: str = "hh_one", **changes: str | None) -> Here:
    """Return a shared device in the kitchen of a household, or one like it."""
    known: dict[str, str | None] = {"subject": household, "person": None, "area": "kitchen"} | changes
    return Here(device, household, known["subject"], known["person"], "Kitchen", known["area"], ZONE)


@dataclass(slots=True)
class Talk:
    """Conversations with skills: one for each device, as the assistant has them."""

    dialog: Dialog
    skills: Sequence[Skill]
    bell: Bell
    clock: VirtualClock
    here: Here
    conversations: dict[str, Conversation] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    @classmethod
    def with_skills(cls, matcher: Matcher, skills: HouseSkills, clock: VirtualClock, here: Here) -> "Talk":
        """Talk to these skills at a device."""
        dialog = Dialog(skills.skills, matcher, clock, skills.free)
        return cls(dialog, skills.skills, skills.bell, clock, here)

    def at(self, device: str, **changes: str | None) -> Here:
        """Return another device of the same household."""
        return at_home(device, self.here.household, **changes)

    async def hear(self, sentence: str, here: Here | None = None, recording: str | None = None) -> Reply:
        """Say a sentence; ``recording`` is under which it was kept."""
        place = here or self.here
        context = Context(zone=place.zone, clock=self.clock, area=place.area)
        for skill in self.skills:
            with suppress(EarwitnessError):  # as the assistant does: a home that is away has no names
                context = (await skill.names(place.household)).added_to(context)
        conversation = self.conversations.setdefault(place.device, Conversation())
        trace = Trace()
        reply = await self.dialog.turn(Said((Hypothesis(sentence),), context), place, conversation, trace)
        self.steps = trace.steps
        conversation.past = Past(sentence, reply.text, tuple(trace.steps), self.clock.now_ms(), recording)
        return reply

    def say(self, sentence: str, here: Here | None = None, recording: str | None = None) -> Reply:
        """Say a sentence, outside of an event loop."""
        return asyncio.run(self.hear(sentence, here, recording))

    def says(self, sentence: str, here: Here | None = None) -> str:
        """Say a sentence and return the words of the reply."""
        return self.say(sentence, here).text


@dataclass(slots=True)
class Ear:
    """What devices are heard to say. ``away`` are those that are not connected."""

    bell: Bell
    heard: list[tuple[str, str]] = field(default_factory=list)
    away: set[str] = field(default_factory=set)

    async def announce(self, device: str, text: str) -> bool:
        """Take what is to be said on a device."""
        if device in self.away:
            return False
        self.heard.append((device, text))
        return True

    def listen(self) -> list[str]:
        """Let the bell look once; return what it said now."""
        before = len(self.heard)
        asyncio.run(self.look())
        return [text for _, text in self.heard[before:]]

    async def look(self) -> int | None:
        """Let the bell look once; return how long it would sleep."""
        return await self.bell.tick(self.announce)
