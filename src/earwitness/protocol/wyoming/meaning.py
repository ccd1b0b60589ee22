"""What is meant, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from earwitness.kernel.errors import BadInput
from earwitness.protocol.wyoming import fields
from earwitness.protocol.wyoming.event import Message

MOST_ENTITIES = 100


@dataclass(frozen=True, slots=True)
class Entity:
    """One slot of an intent; ``value`` is whatever JSON holds."""

    name: str
    value: Any = None


def _entities(value: object, what: str) -> tuple[Entity, ...]:
    if not isinstance(value, list | tuple) or len(value) > MOST_ENTITIES:
        raise BadInput(f"Wyoming: '{what}' must be a list of at most {MOST_ENTITIES}.")
    return tuple(_entity(each, what) for each in value)


def _entity(value: object, what: str) -> Entity:
    if not isinstance(value, dict):
        raise BadInput(f"Wyoming: '{what}' must hold objects.")
    return Entity(fields.a_text(value.get("name"), what, fields.LONGEST_NAME), value.get("value"))


def _written(entities: Sequence[Entity]) -> list[dict[str, Any]]:
    return [{"name": each.name, "value": each.value} for each in entities]


@dataclass(frozen=True, slots=True)
class Recognize(Message):
    """Say what is meant by the text."""

    type: ClassVar[str] = "recognize"
    text: str = fields.text()
    context: Mapping[str, Any] | None = fields.context()


@dataclass(frozen=True, slots=True)
class Intent(Message):
    """What is meant."""

    type: ClassVar[str] = "intent"
    name: str = fields.name()
    entities: tuple[Entity, ...] = fields.declared(_entities, (), _written)
    text: str | None = fields.text(default=None)
    context: Mapping[str, Any] | None = fields.context()


@dataclass(frozen=True, slots=True)
class NotRecognized(Message):
    """Nothing that we know."""

    type: ClassVar[str] = "not-recognized"
    text: str | None = fields.text(default=None)
    context: Mapping[str, Any] | None = fields.context()


@dataclass(frozen=True, slots=True)
class Handled(Message):
    """It was done; ``text`` is the reply."""

    type: ClassVar[str] = "handled"
    text: str | None = fields.text(default=None)
    context: Mapping[str, Any] | None = fields.context()


@dataclass(frozen=True, slots=True)
class NotHandled(Message):
    """It was not done; ``text`` says why."""

    type: ClassVar[str] = "not-handled"
    text: str | None = fields.text(default=None)
    context: Mapping[str, Any] | None = fields.context()


MESSAGES = (Recognize, Intent, NotRecognized, Handled, NotHandled)
