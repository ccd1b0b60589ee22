"""How much: "50 percent", "21 degrees in the bedroom", "halfway", "warm white", "red", "max"."""

import re
from dataclasses import dataclass
from enum import StrEnum

from earwitness.understanding.colours import COLOURS


class Unit(StrEnum):
    """What an amount is measured in."""

    PERCENT = "percent"
    DEGREES = "degrees"
    KELVIN = "kelvin"
    PLAIN = ""
    COLOUR = "color"
    MODE = "mode"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its unit, or a word: a colour's name, a mode. ``rest`` is what was said behind it."""

    unit: Unit
    number: float = 0.0
    word: str = ""
    rest: str = ""


LEVELS = {
    "the maximum": 100, "maximum": 100, "max": 100, "full": 100, "the max": 100, "full brightness": 100,
    "full power": 100,
    "full volume": 100, "full blast": 100, "full speed": 100, "the highest": 100, "highest": 100,
    "the highest setting": 100,
    "the brightest": 100, "brightest": 100, "top speed": 100, "maximum brightness": 100, "fully": 100,
    "all the way up": 100,
    "wide open": 100, "fully open": 100, "completely open": 100, "high": 100, "the top": 100, "all the way": 100,
    "the minimum": 1, "minimum": 1, "min": 1, "the lowest": 1, "lowest": 1, "the lowest setting": 1,
    "minimum brightness": 1,
    "the dimmest": 1, "dimmest": 1, "the bottom": 1, "as low as possible": 1, "fully closed": 0, "completely closed": 0,
    "half": 50, "halfway": 50, "half way": 50, "half open": 50, "half closed": 50, "half brightness": 50,
    "half volume": 50,
    "half speed": 50, "half power": 50, "halfway open": 50, "halfway closed": 50, "half way open": 50,
    "half the brightness": 50,
    "medium": 50, "mid": 50, "the middle": 50, "low": 25, "medium speed": 50, "low speed": 25, "high speed": 100,
    "quarter": 25, "a quarter": 25, "one quarter": 25, "1 quarter": 25, "a third": 33, "1 third": 33, "2 thirds": 67,
    "3 quarters": 75, "three quarters": 75, "a quarter open": 25, "medium brightness": 50, "low brightness": 25,
    "very low": 10, "very dim": 5, "dim": 20, "bright": 100, "0": 0, "low volume": 25, "high brightness": 100,
    "as bright as possible": 100, "as high as possible": 100, "as loud as possible": 100, "as fast as possible": 100,
    "as dim as possible": 1, "as quiet as possible": 1, "its maximum": 100, "its minimum": 1, "maximum volume": 100,
}  # fmt: skip
"""Words for a share, in percent."""

WHITES = {
    "candle light": 1900, "candlelight": 1900, "very warm white": 2200, "warm white": 2700, "warm": 2700,
    "soft white": 2700,
    "neutral white": 4000, "neutral": 4000, "cool white": 4000, "cold white": 5000, "cool": 5000, "cold": 5500,
    "daylight": 6500, "day light": 6500, "bright white": 5500, "incandescent": 2700, "a warm white": 2700,
    "warm light": 2700,
    "a warm light": 2700, "cool light": 5000, "a cool white": 4000, "a warm color": 2700, "a warmer color": 2700,
}  # fmt: skip
"""Words for a white, in kelvin."""

MODES = {
    "heat": "heat", "heating": "heat", "cool": "cool", "cooling": "cool", "auto": "auto", "automatic": "auto",
    "dry": "dry",
    "fan only": "fan_only", "fan": "fan_only", "heat cool": "heat_cool", "eco": "eco", "away": "away", "sleep": "sleep",
    "boost": "boost", "comfort": "comfort",
}  # fmt: skip
"""Words for what a climate device does."""

FAN_SPEEDS = {"low": 33, "medium": 66, "mid": 66, "high": 100, "low speed": 33, "medium speed": 66}
"""A fan has three speeds where a light has shades."""

_WORDS = sorted({**LEVELS, **WHITES, **dict.fromkeys(COLOURS), **dict.fromkeys(MODES)}, key=len, reverse=True)
_NUMBER = re.compile(
    r"^(?:around |about |exactly |roughly )?(-?\d+(?:\.\d+)?)\s*"
    r"(percent|degrees?|kelvin|notch(?:es)?|steps?|points?)?\b\s*(.*)$"
)
_COLOUR_PREFIX = re.compile(r"^(?:the |a |its )?(?:color )?")


def amount(text: str) -> Amount | None:
    """Read the amount that a text begins with; None if it begins with none."""
    text = (
        _COLOUR_PREFIX.sub("", text.strip()) if not text.startswith(("a quarter", "a third", "the ")) else text.strip()
    )
    if match := _NUMBER.match(text):
        return Amount(_unit(match[2] or ""), float(match[1]), rest=match[3])
    for word in _WORDS:
        if text == word or text.startswith(word + " "):
            rest = text[len(word) :].strip()
            return _word(word, re.sub(r"^(?:mode|color|light|setting|please)\b", "", rest).strip())
    return None


def _unit(word: str) -> Unit:
    if word.startswith("degree"):
        return Unit.DEGREES
    return {"percent": Unit.PERCENT, "kelvin": Unit.KELVIN}.get(word, Unit.PLAIN)


def _word(word: str, rest: str) -> Amount:
    if word in WHITES:
        return Amount(Unit.KELVIN, float(WHITES[word]), word, rest)
    if word in LEVELS:
        return Amount(Unit.LEVEL, float(LEVELS[word]), word, rest)
    if word in COLOURS:
        return Amount(Unit.COLOUR, 0.0, word, rest)
    return Amount(Unit.MODE, 0.0, word, rest)


def readings(text: str) -> list[Amount]:
    """Every amount a text can mean: "cool" is a white and what a thermostat does."""
    found = amount(text)
    if found is None:
        return []
    return (
        [found, Amount(Unit.MODE, 0.0, found.word, found.rest)]
        if found.word in MODES and found.unit is not Unit.MODE
        else [found]
    )


def words() -> list[str]:
    """Every word that is an amount of itself."""
    return [word for word in _WORDS if not word[0].isdigit()]
