"""What keeps a connection and a satellite going."""

from dataclasses import dataclass
from typing import ClassVar

from earwitness.protocol.wyoming import fields
from earwitness.protocol.wyoming.event import Message


@dataclass(frozen=True, slots=True)
class Describe(Message):
    """Say what you are."""

    type: ClassVar[str] = "describe"


@dataclass(frozen=True, slots=True)
class SelectProgram(Message):
    """Which of several programs of one kind is meant for the rest of the connection."""

    type: ClassVar[str] = "select-program"
    name: str = fields.name()


@dataclass(frozen=True, slots=True)
class Ping(Message):
    """Answer, if you are there."""

    type: ClassVar[str] = "ping"
    text: str | None = fields.name(None)


@dataclass(frozen=True, slots=True)
class Pong(Message):
    """I am; ``text`` as in the ping."""

    type: ClassVar[str] = "pong"
    text: str | None = fields.name(None)


@dataclass(frozen=True, slots=True)
class Error(Message):
    """Something went wrong; ``code`` is a stable slug."""

    type: ClassVar[str] = "error"
    text: str = fields.text()
    code: str | None = fields.name(None)


@dataclass(frozen=True, slots=True)
class RunSatellite(Message):
    """The hub is ready."""

    type: ClassVar[str] = "run-satellite"


@dataclass(frozen=True, slots=True)
class PauseSatellite(Message):
    """The hub does not listen now."""

    type: ClassVar[str] = "pause-satellite"


@dataclass(frozen=True, slots=True)
class StreamingStarted(Message):
    """The satellite sends sound."""

    type: ClassVar[str] = "streaming-started"


@dataclass(frozen=True, slots=True)
class StreamingStopped(Message):
    """The satellite sends no more sound."""

    type: ClassVar[str] = "streaming-stopped"


@dataclass(frozen=True, slots=True)
class RunPipeline(Message):
    """Sound follows; ``start_stage`` is "wake" (find the wake word in it) or "asr" (it was found already)."""

    type: ClassVar[str] = "run-pipeline"
    start_stage: str = fields.name()
    end_stage: str = fields.name()
    wake_word_name: str | None = fields.name(None)
    restart_on_end: bool = fields.flag(default=False)


MESSAGES = (
    Describe, SelectProgram, Ping, Pong, Error,
    RunSatellite, PauseSatellite, StreamingStarted, StreamingStopped, RunPipeline,
)  # fmt: skip
