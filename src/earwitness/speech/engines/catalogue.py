"""The engines there are: what each is, its licences, its size, and where its weights come from.

An engine is named ``engine`` or ``engine/model``: ``whisper`` is ``whisper/base.en``. Sizes are to be read by a person;
what is fetched states its own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from earwitness.kernel.errors import NotFound

HUB: Final = "https://huggingface.co"
_VOICE: Final = re.compile(r"([a-z]{2,3})_[A-Z]{2}-[a-z0-9_]{1,40}-(x_low|low|medium|high)")


class Kind(StrEnum):
    """What an engine does."""

    RECOGNISER = "recogniser"
    VOICE = "voice"


@dataclass(frozen=True, slots=True)
class Package:
    """A Python package that an engine needs: ``apart``, in an environment of its own, where its licence is the GPL."""

    requirement: str
    module: str
    licence: str
    about_mb: int
    apart: bool = False


@dataclass(frozen=True, slots=True)
class HubFiles:
    """Files of a repository on a model hub; ``names`` with a star at the end take every file that begins so."""

    repository: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MoonshineFiles:
    """Files that the package moonshine-voice names itself, with sizes and checksums; ``arch`` is its own number."""

    arch: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A model of an engine. ``files`` is None for what is shipped or comes from the system."""

    engine: str
    model: str
    kind: Kind
    summary: str
    licence: str
    about_mb: int
    source: str
    package: Package | None = None
    files: HubFiles | MoonshineFiles | None = None

    @property
    def name(self) -> str:
        """Its full name."""
        return f"{self.engine}/{self.model}" if self.model else self.engine


FASTER_WHISPER: Final = Package("faster-whisper>=1.2,<2", "faster_whisper", "MIT", 300)
MOONSHINE_VOICE: Final = Package("moonshine-voice>=0.1.5,<0.2", "moonshine_voice", "MIT", 50)
PIPER_TTS: Final = Package("piper-tts>=1.8,<2", "piper", "GPL-3.0-or-later", 150, apart=True)
_WHISPER_FILES: Final = ("config.json", "model.bin", "tokenizer.json", "preprocessor_config.json", "vocabulary.*")


def _whisper(model: str, about_mb: int, says: str) -> Offer:
    repository = f"Systran/faster-whisper-{model}"
    files = HubFiles(repository, _WHISPER_FILES)
    source = f"{HUB}/{repository}"
    return Offer("whisper", model, Kind.RECOGNISER, says, "MIT", about_mb, source, FASTER_WHISPER, files)


def _moonshine(model: str, arch: int, about_mb: int, says: str) -> Offer:
    source = f"https://download.moonshine.ai/model/{model}"
    files = MoonshineFiles(arch)
    return Offer("moonshine", model, Kind.RECOGNISER, says, "MIT", about_mb, source, MOONSHINE_VOICE, files)


def _piper(voice: str) -> Offer:
    language, name, quality = voice.split("-")
    folder = f"{language.partition('_')[0]}/{language}/{name}/{quality}"
    files = HubFiles("rhasspy/piper-voices", tuple(f"{folder}/{each}" for each in _piper_files(voice)))
    source = f"{HUB}/rhasspy/piper-voices"
    about_mb = {"x_low": 20, "low": 63, "medium": 63, "high": 114}[quality]
    says = "Speaks with a voice made from one person's recordings."
    return Offer("piper", voice, Kind.VOICE, says, "see its MODEL_CARD", about_mb, source, PIPER_TTS, files)


def _piper_files(voice: str) -> tuple[str, ...]:
    return f"{voice}.onnx", f"{voice}.onnx.json", "MODEL_CARD"


POCKETSPHINX: Final = Offer(
    "pocketsphinx", "", Kind.RECOGNISER, "Knows the sentences and names that are valid right now.", "BSD", 0, "shipped"
)
ESPEAK: Final = Offer("espeak-ng", "", Kind.VOICE, "Speaks many languages, plainly.", "GPL-3.0", 0, "system package")
OFFERS: Final = (
    POCKETSPHINX,
    _moonshine("tiny-streaming-en", 2, 78, "Takes down any English; small and fast."),
    _moonshine("small-streaming-en", 4, 224, "As the tiny one, more accurate and slower."),
    _moonshine("medium-streaming-en", 5, 417, "As the small one, more accurate and slower."),
    _whisper("base.en", 148, "Takes down any English."),
    _whisper("tiny.en", 78, "As base, faster and less accurate."),
    _whisper("small.en", 486, "As base, more accurate and several times slower."),
    _whisper("base", 148, "Takes down many languages."),
    ESPEAK,
    _piper("en_US-ljspeech-medium"),
)
_DEFAULT: Final[Mapping[str, Offer]] = MappingProxyType({each.engine: each for each in reversed(OFFERS)})
_NAMED: Final[Mapping[str, Offer]] = MappingProxyType({each.name: each for each in OFFERS})


def find(name: str) -> Offer:
    """The offer of a name; any voice of Piper's collection has one.

    Raises:
        NotFound: there is none.
    """
    engine, slash, model = name.partition("/")
    found = _NAMED.get(name) or (None if slash else _DEFAULT.get(engine))
    if found is None and engine == "piper" and _VOICE.fullmatch(model):
        found = _piper(model)
    if found is None:
        raise NotFound("There is no such speech engine.", next_step="earwitness engines list names them.")
    return found
