"""All skills that ship, built from what bootstrap hands down, and which of them serves which intent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from earwitness.assistant.skill import Skill
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import BadInput
from earwitness.skills.clock.skill import ClockSkill
from earwitness.skills.conversation.skill import ConversationSkill
from earwitness.skills.house.skill import Homes, HouseSkill
from earwitness.skills.lists.skill import ListSkill
from earwitness.skills.lists.store import Lists
from earwitness.skills.own.port import OwnData
from earwitness.skills.own.skill import GuestMode, OwnDataSkill
from earwitness.skills.sentences.skill import SentenceSkill
from earwitness.skills.timers.alarm_skill import AlarmSkill
from earwitness.skills.timers.bell import Bell
from earwitness.skills.timers.store import Timers
from earwitness.skills.timers.timer_skill import TimerSkill


@dataclass(frozen=True, slots=True)
class Parts:
    """What the skills are made of. ``folders`` hold the household's own sentence files."""

    timers: Timers
    bell: Bell
    lists: Lists
    homes: Homes
    data: OwnData
    clock: Clock
    folders: Sequence[Path] = ()
    guest_mode: GuestMode | None = None


@dataclass(frozen=True, slots=True)
class Shipped:
    """The skills; ``free`` are those that also take wording of no template."""

    skills: tuple[Skill, ...]
    free: tuple[Skill, ...]


def shipped_skills(parts: Parts) -> Shipped:
    """Build them all.

    Raises:
        BadInput: a sentence file of the household can not be used.
    """
    house = HouseSkill(parts.homes)
    skills: tuple[Skill, ...] = (
        ClockSkill(),
        TimerSkill(parts.timers, parts.bell, parts.clock),
        AlarmSkill(parts.timers, parts.bell, parts.clock),
        ListSkill(parts.lists, parts.homes),
        OwnDataSkill(parts.data, parts.guest_mode),
        ConversationSkill(parts.bell.silence),
        house,
    )
    own = SentenceSkill(parts.folders, by_intent(skills).keys())
    return Shipped((*skills, own), (house,))


def by_intent(skills: Sequence[Skill]) -> Mapping[str, str]:
    """The table of intents: which skill serves which, by name.

    Raises:
        BadInput: two serve the same.
    """
    table: dict[str, str] = {}
    for skill in skills:
        for intent in sorted(skill.intents):
            if intent in table:
                raise BadInput(f"Both '{table[intent]}' and '{skill.name}' serve {intent}.")
            table[intent] = skill.name
    return table
