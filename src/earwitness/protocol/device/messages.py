"""Every message of the device protocol, each a frozen value with the bounds of its members.

Those of a device are imperative or say what is; those of the hub follow ``assistant.events`` one to one, but for the
reply's sound, which travels in binary frames between ``speech`` and ``speech_end``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Final

from earwitness.kernel.audio import SAMPLE_RATE
from earwitness.protocol.device.bounds import LEAD_MS
from earwitness.protocol.device.members import Flag, Listed, Number, Optional, Text, Whole

Word = Annotated[str, Text(60, least=1)]
Score = Annotated[float, Number(0, 1)]
OnOff = Annotated[bool, Flag()]
Name = Annotated[str, Text(64)]
Release = Annotated[str, Text(32)]
Slug = Annotated[str, Text(32, least=1)]
Said = Annotated[str, Text(2_000)]
Sentence = Annotated[str, Text(300)]


class Listens(StrEnum):
    """How a device's sound comes to the hub."""

    WAKES = "wakes"
    BUTTON = "button"
    STREAMS = "streams"

    @property
    def in_words(self) -> str:
        """As the household reads it."""
        return _IN_WORDS[self]


_IN_WORDS: Final = {
    Listens.WAKES: "wakes itself",
    Listens.BUTTON: "sends sound only while asked to",
    Listens.STREAMS: "streams continuously to your hub",
}


class Radio(StrEnum):
    """What a device can be reached by, or reach others with."""

    WIFI = "wifi"
    BLUETOOTH = "bluetooth"
    ETHERNET = "ethernet"
    ZIGBEE = "zigbee"
    THREAD = "thread"
    ZWAVE = "zwave"
    CELLULAR = "cellular"


# --- from the device ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hello:
    """Who is there; the first message."""

    versions: Annotated[tuple[int, ...], Listed(Whole(1, 999), most=8, least=1)]
    token: Annotated[str, Text(200, least=1)] = field(repr=False)  # in no log, not even by mistake
    listens: Annotated[str, Text(16, form=Listens._value2member_map_.__contains__)]
    program: Name
    program_version: Release
    muted: OnOff
    radios: Annotated[tuple[str, ...], Listed(Text(16, form=Radio._value2member_map_.__contains__), most=8)] = ()
    wake_words: Annotated[tuple[str, ...], Listed(Text(60, least=1), most=8)] = ()
    microphone: Annotated[str | None, Optional(Text(120))] = None


@dataclass(frozen=True, slots=True)
class Woke:
    """The device's own wake word fired; sound follows, in which the word ends at sample ``ends_at``."""

    word: Word
    score: Score
    ends_at: Annotated[int, Whole(1, LEAD_MS * SAMPLE_RATE // 1000)]


@dataclass(frozen=True, slots=True)
class Listen:
    """A person pressed the button to talk."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The button was released."""


@dataclass(frozen=True, slots=True)
class Played:
    """The reply was played to its end."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """A person broke it off."""


@dataclass(frozen=True, slots=True)
class Mute:
    """The microphone was closed, or opened again."""

    on: OnOff


FromDevice = Hello | Woke | Listen | Finish | Played | Cancel | Mute

# --- from the hub ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Welcome:
    """Connected; what the hub knows of the device."""

    version: Annotated[int, Whole(1, 999)]
    device: Name
    hub_version: Release
    out_of_date: OnOff
    wake_word: Annotated[str | None, Optional(Text(60, least=1))] = None
    area: Annotated[str | None, Optional(Text(120))] = None


@dataclass(frozen=True, slots=True)
class Woken:
    """The second verification agreed."""

    word: Word
    score: Score


@dataclass(frozen=True, slots=True)
class Listening:
    """Speak now."""

    follow_up: OnOff


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """Stop sending."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was understood of the words."""

    text: Said
    score: Score


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer in words."""

    text: Said
    ending: Slug
    asks: OnOff


@dataclass(frozen=True, slots=True)
class Speech:
    """Sound of the reply follows at this rate, in Hz."""

    rate: Annotated[int, Whole(8_000, 48_000)]


@dataclass(frozen=True, slots=True)
class SpeechEnd:
    """The reply is whole."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Stop playing at once."""


@dataclass(frozen=True, slots=True)
class Idle:
    """The turn is over."""

    reason: Slug


@dataclass(frozen=True, slots=True)
class Muted:
    """Close the microphone, or you may open it again."""

    on: OnOff


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the recording."""

    recording: Annotated[str | None, Optional(Text(64))] = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Something could not be taken."""

    code: Slug
    message: Sentence
    next_step: Sentence
    fatal: OnOff


FromHub = (
    Welcome | Woken | Listening | SpeechEnded | Heard | Answered | Speech | SpeechEnd | Silence | Idle | Muted | Kept
    | Refused
)  # fmt: skip

FROM_DEVICE: Final[Mapping[str, type[FromDevice]]] = {
    "hello": Hello,
    "woke": Woke,
    "listen": Listen,
    "finish": Finish,
    "played": Played,
    "cancel": Cancel,
    "mute": Mute,
}
FROM_HUB: Final[Mapping[str, type[FromHub]]] = {
    "welcome": Welcome,
    "woken": Woken,
    "listening": Listening,
    "speech_ended": SpeechEnded,
    "heard": Heard,
    "answered": Answered,
    "speech": Speech,
    "speech_end": SpeechEnd,
    "silence": Silence,
    "idle": Idle,
    "muted": Muted,
    "kept": Kept,
    "refused": Refused,
}
