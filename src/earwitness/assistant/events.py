"""What a session tells its device, in the order in which it happens. The gateways put these into their protocols."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Woken:
    """The wake word was verified on the hub; from now on the person is listened to."""

    word: str
    score: float


@dataclass(frozen=True, slots=True)
class Listening:
    """Speak now. ``follow_up``: no wake word was needed, something was asked or a short window is open."""

    follow_up: bool = False


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The end of the utterance was found; what is said now is not heard."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was understood of the words."""

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Answered:
    """What is answered, in words, and how it went (:class:`~earwitness.assistant.skill.Ending`)."""

    text: str
    ending: str
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Speech:
    """A piece of the spoken reply: mono s16le at ``rate`` Hz. ``last`` may be an empty piece."""

    pcm: bytes = field(repr=False)
    rate: int
    last: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """Stop playing at once: the person said "stop", or another turn began."""


@dataclass(frozen=True, slots=True)
class Idle:
    """The turn is over; the device waits for its wake word.

    ``reason``: done, not_verified, not_for_me, nothing_said, elsewhere (another device answers), cancelled, failed.
    """

    reason: str = "done"


@dataclass(frozen=True, slots=True)
class Muted:
    """The microphone is to be closed (or may be opened again)."""

    on: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the recording: its id, or None where nothing was kept."""

    recording: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Something the device sent cannot be taken; the session goes on unless ``fatal``."""

    code: str
    message: str
    next_step: str = ""
    fatal: bool = False


Event = (
    Woken | Listening | SpeechEnded | Heard | Answered | Speech | Silence | Idle | Muted | Kept | Refused
)  # fmt: skip
