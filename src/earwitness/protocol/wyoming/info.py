"""``info``: what a service or a satellite says it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from earwitness.kernel.errors import BadInput
from earwitness.protocol.wyoming.event import Event, Message
from earwitness.protocol.wyoming.fields import LONGEST_NAME, MOST_NAMES, a_text

KINDS: Final = ("asr", "tts", "wake", "intent", "handle")
MOST_PROGRAMS: Final = 50
MOST_MODELS: Final = 2_000
LONGEST_DESCRIPTION: Final = 2_000


@dataclass(frozen=True, slots=True)
class Model:
    """A model of a program; a voice, where the program speaks; a wake word with its ``phrase``, where it wakes."""

    name: str
    languages: tuple[str, ...] = ()
    description: str = ""
    version: str = ""
    made_by: str = ""
    url: str = ""
    installed: bool = True
    phrase: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """A program of one kind with its models; ``can`` are its yes-and-no properties, e.g. ``supports_home_control``."""

    name: str
    models: tuple[Model, ...] = ()
    description: str = ""
    version: str = ""
    made_by: str = ""
    url: str = ""
    installed: bool = True
    can: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Satellite:
    """A satellite; ``wake_words`` are those it listens for itself."""

    name: str
    area: str = ""
    version: str = ""
    has_vad: bool = False
    wake_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Info(Message):
    """Everything that is offered."""

    type: ClassVar[str] = "info"
    programs: Mapping[str, tuple[Program, ...]] = field(default_factory=dict)
    satellite: Satellite | None = None

    @classmethod
    def of(cls, event: Event) -> "Info":
        """Read it; what is not described as it should be is refused.

        Raises:
            BadInput: not the form of an info, or more than anybody offers.
        """
        programs = {kind: tuple(_program(kind, each) for each in _several(event.data, kind)) for kind in KINDS}
        about = event.data.get("satellite")
        return cls({kind: found for kind, found in programs.items() if found}, _satellite(about) if about else None)

    def event(self) -> Event:
        """Write it; kinds that are not offered are empty lists, as others write them."""
        data: dict[str, Any] = {
            kind: [_program_json(kind, each) for each in self.programs.get(kind, ())] for kind in KINDS
        }
        data |= {"mic": [], "snd": []}
        if self.satellite is not None:
            data["satellite"] = _satellite_json(self.satellite)
        return Event(self.type, data)


def _program(kind: str, given: object) -> Program:
    about = _object(given)
    models = tuple(_model(each) for each in _several(about, _models(kind), MOST_MODELS))
    can = {key: value for key, value in about.items() if isinstance(value, bool) and key != "installed"}
    return Program(**_artefact(about), models=models, can=can)


def _model(given: object) -> Model:
    about = _object(given)
    return Model(**_artefact(about), languages=_names(about, "languages"), phrase=_text(about, "phrase"))


def _satellite(given: object) -> Satellite:
    about = _object(given)
    words = _names(about, "active_wake_words")
    has_vad = about.get("has_vad") is True
    return Satellite(_text(about, "name"), _text(about, "area"), _text(about, "version"), has_vad, words)


def _artefact(about: Mapping[str, Any]) -> dict[str, Any]:
    attribution = _object(about.get("attribution") or {})
    return {
        "name": a_text(about.get("name"), "info: name", LONGEST_NAME),
        "description": _text(about, "description", LONGEST_DESCRIPTION),
        "version": _text(about, "version"),
        "made_by": _text(attribution, "name"),
        "url": _text(attribution, "url", LONGEST_DESCRIPTION),
        "installed": about.get("installed") is not False,
    }


def _program_json(kind: str, one: Program) -> dict[str, Any]:
    return {**_artefact_json(one), **one.can, _models(kind): [_model_json(kind, each) for each in one.models]}


def _model_json(kind: str, one: Model) -> dict[str, Any]:
    more = {"phrase": one.phrase} if kind == "wake" else {}
    return {**_artefact_json(one), "languages": list(one.languages), **more}


def _artefact_json(one: Program | Model) -> dict[str, Any]:
    return {
        "name": one.name,
        "attribution": {"name": one.made_by, "url": one.url},
        "installed": one.installed,
        "description": one.description or None,
        "version": one.version or None,
    }


def _satellite_json(one: Satellite) -> dict[str, Any]:
    return {
        "name": one.name,
        "attribution": {"name": "", "url": ""},
        "installed": True,
        "description": one.name,
        "version": one.version or None,
        "area": one.area or None,
        "has_vad": one.has_vad,
        "active_wake_words": list(one.wake_words),
        "max_active_wake_words": len(one.wake_words),
        "supports_trigger": False,
    }


def _models(kind: str) -> str:
    return "voices" if kind == "tts" else "models"


def _several(about: Mapping[str, Any], key: str, most: int = MOST_PROGRAMS) -> Sequence[object]:
    given = about.get(key) or []
    if not isinstance(given, list) or len(given) > most:
        raise BadInput(f"Wyoming: 'info: {key}' must be a list of at most {most}.")
    return given


def _object(given: object) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise BadInput("Wyoming: 'info' holds something else where an object belongs.")
    return given


def _text(about: Mapping[str, Any], key: str, most: int = LONGEST_NAME) -> str:
    given = about.get(key)
    return "" if given is None else a_text(given, f"info: {key}", most)


def _names(about: Mapping[str, Any], key: str) -> tuple[str, ...]:
    given = about.get(key)
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > 10 * MOST_NAMES:
        raise BadInput(f"Wyoming: 'info: {key}' must be a list of names.")
    return tuple(a_text(each, f"info: {key}", LONGEST_NAME) for each in given)


MESSAGES = (Info,)
