"""What was asked for, after the devices are found: orders, questions of state, and what has to be asked back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from earwitness.skills.home.amounts import Amount
from earwitness.skills.home.model import Entity
from earwitness.skills.home.targets import Found


class Action(StrEnum):
    """What can be asked of a home; the intents of the sentence files."""

    ON = "On"
    OFF = "Off"
    TOGGLE = "Toggle"
    OPEN = "Open"
    CLOSE = "Close"
    STOP = "Stop"
    LOCK = "Lock"
    UNLOCK = "Unlock"
    SET = "Set"
    ADJUST = "Adjust"
    MEDIA = "Media"
    SOURCE = "Source"
    VACUUM = "Vacuum"
    MOW = "Mow"
    WATER = "Water"
    ARM = "Arm"
    DISARM = "Disarm"
    OSCILLATE = "Oscillate"
    PRESS = "Press"
    ADD_ITEM = "AddItem"
    REMOVE_ITEM = "RemoveItem"
    COMPLETE_ITEM = "CompleteItem"
    READ_LIST = "ReadList"
    REMARK = "Remark"
    ASK = "Ask"


@dataclass(frozen=True, slots=True)
class Order:
    """One thing that was asked for. ``slots`` are the further words: ``command``, ``way``, ``item``, ``state``."""

    action: Action
    entities: tuple[Entity, ...]
    found: Found
    amount: Amount | None = None
    slots: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    score: float = 0.0


class Why(StrEnum):
    """Why nothing was ordered."""

    NOT_UNDERSTOOD = "not_understood"
    UNKNOWN_NAME = "unknown_name"
    CANNOT = "cannot"
    NEGATED = "negated"
    LATER = "later"
    NO_VALUE = "no_value"


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing is to be done, and why; ``words`` are those that nobody knows."""

    why: Why
    words: str = ""
    order: Order | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The person has to choose: which of these?"""

    order: Order
    options: tuple[Entity, ...]


Reading = Order | Nothing | Choice
