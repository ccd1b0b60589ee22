"""What ``info`` says of each service: models, languages, who made them, version."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from earwitness import __version__
from earwitness.gateway.wyoming.services import Kind
from earwitness.gateway.wyoming.waking import as_name
from earwitness.protocol.wyoming.info import Model, Program

NAME: Final = "earwitness"
OURSELVES: Final = "Earwitness contributors"
LANGUAGES: Final = ("en",)
MAKERS: Final[Mapping[str, tuple[str, str]]] = {
    "pymicro-wakeword": ("Kevin Ahrendt", "https://github.com/kahrendt/microWakeWord"),
    "pocketsphinx": ("Carnegie Mellon University", "https://github.com/cmusphinx/pocketsphinx"),
    "whisper": ("OpenAI", "https://github.com/openai/whisper"),
    "moonshine": ("Useful Sensors", "https://github.com/moonshine-ai/moonshine"),
    "espeak-ng": ("espeak-ng contributors", "https://github.com/espeak-ng/espeak-ng"),
    "piper": ("Open Home Foundation", "https://github.com/OHF-voice/piper1-gpl"),
}


@dataclass(frozen=True, slots=True)
class Parts:
    """The engines of the hub by name, ``espeak-ng/en-us``, and ``versions`` by the part before the slash."""

    words: Sequence[str]
    recogniser: str
    voice: str
    versions: Mapping[str, str]


def programs(kinds: Sequence[Kind], parts: Parts) -> dict[Kind, Program]:
    """The programs of these kinds."""
    made: dict[Kind, Callable[[Parts], Program]] = {
        Kind.WAKE: _wake,
        Kind.ASR: _asr,
        Kind.INTENT: _intent,
        Kind.HANDLE: _handle,
        Kind.TTS: _tts,
    }
    return {kind: made[kind](parts) for kind in kinds}


def _wake(parts: Parts) -> Program:
    models = tuple(
        _model(as_name(word), "pymicro-wakeword", parts, f"“{word}”, verified a second time", phrase=word)
        for word in parts.words
    )
    return _ours("Wake words, verified a second time before anybody is told", models)


def _asr(parts: Parts) -> Program:
    model = _model(parts.recogniser, _engine(parts.recogniser), parts, "The sentences the household may say right now")
    can = {
        "supports_transcript_streaming": True,
        "requires_external_vad": True,
        "prefers_auto_gain_enabled": False,
        "prefers_noise_reduction_enabled": False,
    }
    return _ours("Recognition of the household's sentences; keeps nothing", (model,), can)


def _intent(parts: Parts) -> Program:
    return _ours("What a sentence means", (_model("sentences", NAME, parts),))


def _handle(parts: Parts) -> Program:
    can = {"supports_handled_streaming": False, "supports_home_control": True}
    return _ours("Does what a sentence asks and answers", (_model("skills", NAME, parts),), can)


def _tts(parts: Parts) -> Program:
    model = _model(parts.voice, _engine(parts.voice), parts)
    return _ours("The assistant's voice", (model,), {"supports_synthesize_streaming": True})


def _engine(name: str) -> str:
    return name.partition("/")[0].partition(":")[0]


def _model(name: str, engine: str, parts: Parts, description: str = "", phrase: str = "") -> Model:
    made_by, url = MAKERS.get(engine, (OURSELVES if engine == NAME else engine, ""))
    version = parts.versions.get(engine, __version__ if engine == NAME else "")
    return Model(name, LANGUAGES, description, version, made_by, url, phrase=phrase)


def _ours(description: str, models: tuple[Model, ...], can: Mapping[str, bool] | None = None) -> Program:
    return Program(NAME, models, description, __version__, OURSELVES, can=can or {})
