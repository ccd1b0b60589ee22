"""Wake word, voice activity and recognition."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from earwitness.protocol.wyoming import fields
from earwitness.protocol.wyoming.event import Message


@dataclass(frozen=True, slots=True)
class Detect(Message):
    """Listen for these wake words in the sound that follows; None: for any."""

    type: ClassVar[str] = "detect"
    names: tuple[str, ...] | None = fields.names()


@dataclass(frozen=True, slots=True)
class Detection(Message):
    """A wake word was said."""

    type: ClassVar[str] = "detection"
    name: str | None = fields.name(None)
    timestamp: int | None = fields.moment()


@dataclass(frozen=True, slots=True)
class NotDetected(Message):
    """The sound ended without a wake word."""

    type: ClassVar[str] = "not-detected"


@dataclass(frozen=True, slots=True)
class VoiceStarted(Message):
    """Somebody began to speak."""

    type: ClassVar[str] = "voice-started"
    timestamp: int | None = fields.moment()


@dataclass(frozen=True, slots=True)
class VoiceStopped(Message):
    """They ended."""

    type: ClassVar[str] = "voice-stopped"
    timestamp: int | None = fields.moment()


@dataclass(frozen=True, slots=True)
class Transcribe(Message):
    """Say what is said in the sound that follows."""

    type: ClassVar[str] = "transcribe"
    name: str | None = fields.name(None)
    language: str | None = fields.name(None)


@dataclass(frozen=True, slots=True)
class TranscriptStart(Message):
    """Parts of a transcript follow."""

    type: ClassVar[str] = "transcript-start"
    language: str | None = fields.name(None)


@dataclass(frozen=True, slots=True)
class TranscriptChunk(Message):
    """A further part; what was sent is never taken back."""

    type: ClassVar[str] = "transcript-chunk"
    text: str = fields.text()


@dataclass(frozen=True, slots=True)
class Transcript(Message):
    """What was said; from a client: what to understand or handle."""

    type: ClassVar[str] = "transcript"
    text: str = fields.text()
    language: str | None = fields.name(None)
    context: Mapping[str, Any] | None = fields.context()


@dataclass(frozen=True, slots=True)
class TranscriptStop(Message):
    """No parts follow."""

    type: ClassVar[str] = "transcript-stop"


MESSAGES = (
    Detect, Detection, NotDetected, VoiceStarted, VoiceStopped,
    Transcribe, TranscriptStart, TranscriptChunk, Transcript, TranscriptStop,
)  # fmt: skip
