"""Speech out of text, at once or while the text is still being written."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from earwitness.kernel.errors import BadInput
from earwitness.protocol.wyoming import fields
from earwitness.protocol.wyoming.event import Message


@dataclass(frozen=True, slots=True)
class Voice:
    """Which voice is wished for, by name or by language."""

    name: str | None = None
    language: str | None = None
    speaker: str | None = None


def _voice(value: object, what: str) -> Voice:
    if not isinstance(value, dict):
        raise BadInput(f"Wyoming: '{what}' must be an object.")
    parts = {
        each: fields.a_text(value[each], what, fields.LONGEST_NAME)
        for each in ("name", "language", "speaker")
        if value.get(each) is not None
    }
    return Voice(**parts)


def _written(voice: Voice) -> dict[str, Any]:
    parts = {"name": voice.name, "language": voice.language, "speaker": voice.speaker}
    return {name: value for name, value in parts.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Synthesize(Message):
    """Say this."""

    type: ClassVar[str] = "synthesize"
    text: str = fields.text()
    voice: Voice | None = field(default=None, metadata=fields.by(_voice, _written))


@dataclass(frozen=True, slots=True)
class SynthesizeStart(Message):
    """Text to say follows in parts."""

    type: ClassVar[str] = "synthesize-start"
    voice: Voice | None = field(default=None, metadata=fields.by(_voice, _written))


@dataclass(frozen=True, slots=True)
class SynthesizeChunk(Message):
    """A part of the text."""

    type: ClassVar[str] = "synthesize-chunk"
    text: str = fields.text()


@dataclass(frozen=True, slots=True)
class SynthesizeStop(Message):
    """That was all of the text."""

    type: ClassVar[str] = "synthesize-stop"


@dataclass(frozen=True, slots=True)
class SynthesizeStopped(Message):
    """That was all of the sound."""

    type: ClassVar[str] = "synthesize-stopped"


MESSAGES = (Synthesize, SynthesizeStart, SynthesizeChunk, SynthesizeStop, SynthesizeStopped)
