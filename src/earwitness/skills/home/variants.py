"""Other wordings of the same sentence: a place that is said first or last, a wish instead of an order."""

import re

from earwitness.skills.home.model import Home
from earwitness.skills.home.places import spot
from earwitness.skills.home.wording import normalise, singular

_DEGREE = re.compile(
    r"(?<!how )(?<!too )(?<!so )(?<!the )(?<!half )(?<!as )\b"
    r"(?:(a (?:little|tiny|wee|small) bit|a bit|a little|slightly|a touch|a tad|a notch|1 notch|somewhat|"
    r"a smidge|a hair|just)"
    r"|(a lot|much|way|significantly|considerably|a great deal|a whole lot|drastically|loads|tons|by a lot))\b"
)
_PLACE_LAST = re.compile(
    r"^(.*\S) (on|off|up|down|out|open|closed|shut|brighter|dimmer|warmer|cooler|louder|quieter) "
    r"((?:in|at|on|for|of) (?:the )?.+?|upstairs|downstairs|everywhere|outside|here)"
    r"( (?:by|to) .+)?$"
)
_WISH = re.compile(r"^(?:i|we) (?:want|need|like|could use) (.+)$")
LONGEST_PLACE = 6
"""Words of a place at the start of a sentence."""


def variants(text: str, home: Home) -> tuple[list[str], float]:
    """The sentence, and the same with a place moved to where it is said more often; and how much is "a bit"."""
    degree = 1.0
    if match := _DEGREE.search(text):
        degree = 0.5 if match[1] else 2.0
        shorter = " ".join(_DEGREE.sub(" ", text).split())
        text = shorter or text
    texts = [text]
    if match := _PLACE_LAST.match(text):
        texts.append(_moved(match))
    if place := _leading_place(text, home):
        texts.append(f"{normalise(text[len(place) :].strip(' ,'))} {place}")
        if second := _PLACE_LAST.match(texts[-1]):
            texts.append(_moved(second))
    if wish := _WISH.match(text):
        texts.append(re.sub(r"\b(?:to be|turned|switched|set to) ", "", wish[1]))
    elif " to be " in text:
        texts.append(text.replace(" to be ", " "))
    return texts, degree


def _moved(match: re.Match[str]) -> str:
    """Put the place before the particle: "turn it down in the hall by 10" is "turn it in the hall down by 10"."""
    return f"{match[1]} {match[3]} {match[2]}{match[4] or ''}"


def _leading_place(text: str, home: Home) -> str:
    """Find, in "in the office turn the lamp on": the words at the start that are a place and nothing else."""
    words = text.split()
    for size in range(min(LONGEST_PLACE, len(words) - 1), 0, -1):
        said = [singular(word) for word in words[:size]]
        scope = spot(said, home)
        if scope.named and all(
            at in scope.words or word in {"in", "on", "at", "the", "my", "our", ",", "floor"}
            for at, word in enumerate(said)
        ):
            return " ".join(words[:size]) if words[0] in {"in", "on", "at"} or words[size] == "," else ""
    return ""
