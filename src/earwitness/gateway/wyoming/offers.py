"""What ``info`` says of each service: models, languages, who made them, version."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from earwitness import __version__
from earwitness.gateway.wyoming.services import Kind
from earwitness.gateway.wyoming.waking import as_name
from earwitness.protocol.wyoming.info import Model, Program

NAME: Final = "earwitness"
OURSELVES: Final = "Earwitness contributors"
LANGUAGES: Final = ("en",)


def wake(words: Sequence[str], version: str) -> Program:
    """The wake words, each verified a second time."""
    models = tuple(
        Model(
            as_name(word), LANGUAGES, f"“{word}”, verified a second time", version,
            "Kevin Ahrendt", "https://github.com/kahrendt/microWakeWord", phrase=word,
        )
        for word in words
    )  # fmt: skip
    return _ours("Wake words, verified a second time before anybody is told", models)


def asr(version: str) -> Program:
    """The recogniser of the household's sentences."""
    model = Model(
        "pocketsphinx-en-us", LANGUAGES, "The sentences that the household may say right now", version,
        "Carnegie Mellon University", "https://github.com/cmusphinx/pocketsphinx",
    )  # fmt: skip
    can = {
        "supports_transcript_streaming": True,
        "requires_external_vad": True,
        "prefers_auto_gain_enabled": False,
        "prefers_noise_reduction_enabled": False,
    }
    return _ours("Recognition of the household's sentences; keeps nothing", (model,), can)


def intent() -> Program:
    """Understanding."""
    return _ours("What a sentence means", (_model("sentences"),))


def handle() -> Program:
    """The skills."""
    can = {"supports_handled_streaming": False, "supports_home_control": True}
    return _ours("Does what a sentence asks and answers", (_model("skills"),), can)


def tts(voice: str, version: str, made_by: str = "espeak-ng contributors") -> Program:
    """The voice."""
    model = Model(voice, LANGUAGES, "", version, made_by, "https://github.com/espeak-ng/espeak-ng")
    return _ours("The assistant's voice", (model,), {"supports_synthesize_streaming": True})


def _model(name: str) -> Model:
    return Model(name, LANGUAGES, "", __version__, OURSELVES)


def _ours(description: str, models: tuple[Model, ...], can: Mapping[str, bool] | None = None) -> Program:
    return Program(NAME, models, description, __version__, OURSELVES, can=can or {})


def programs(
    kinds: Sequence[Kind], words: Sequence[str], voice: str, versions: Mapping[str, str]
) -> dict[Kind, Program]:
    """The programs of these kinds; ``versions`` are those of the engines, by their names."""
    made: dict[Kind, Callable[[], Program]] = {
        Kind.WAKE: lambda: wake(words, versions.get("pymicro-wakeword", "")),
        Kind.ASR: lambda: asr(versions.get("pocketsphinx", "")),
        Kind.INTENT: intent,
        Kind.HANDLE: handle,
        Kind.TTS: lambda: tts(voice, versions.get("espeak-ng", "")),
    }
    return {kind: made[kind]() for kind in kinds}
