"""Sound: where it starts, its pieces, where it ends. Also ``played``, a satellite's word that it has said it all."""

from dataclasses import dataclass
from typing import ClassVar

from earwitness.protocol.wyoming import fields
from earwitness.protocol.wyoming.event import Message

HIGHEST_RATE = 384_000


@dataclass(frozen=True, slots=True)
class AudioStart(Message):
    """Sound of this form follows; ``width`` in bytes a sample."""

    type: ClassVar[str] = "audio-start"
    rate: int = fields.whole(1, HIGHEST_RATE)
    width: int = fields.whole(1, 4)
    channels: int = fields.whole(1, 32)
    timestamp: int | None = fields.moment()


@dataclass(frozen=True, slots=True)
class AudioChunk(Message):
    """A piece of sound."""

    type: ClassVar[str] = "audio-chunk"
    rate: int = fields.whole(1, HIGHEST_RATE)
    width: int = fields.whole(1, 4)
    channels: int = fields.whole(1, 32)
    audio: bytes = fields.payload()
    timestamp: int | None = fields.moment()


@dataclass(frozen=True, slots=True)
class AudioStop(Message):
    """The sound is over."""

    type: ClassVar[str] = "audio-stop"
    timestamp: int | None = fields.moment()


@dataclass(frozen=True, slots=True)
class Played(Message):
    """All sound was played."""

    type: ClassVar[str] = "played"


MESSAGES = (AudioStart, AudioChunk, AudioStop, Played)
