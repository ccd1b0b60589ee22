"""Read what was said for a slot into a value, by the kind of slot.

Kinds: number, percent, temperature, duration, time, date, color; the names of rooms (``area``), devices
(``name``), lists and people from the :class:`Context`; anything else is free text. Every parser answers
None for text that is not wholly of its kind, and never raises.
"""

from collections.abc import Callable

from earwitness.understanding import durations, times
from earwitness.understanding.colours import COLOURS
from earwitness.understanding.context import Context
from earwitness.understanding.names import nearest
from earwitness.understanding.numbers import number
from earwitness.understanding.values import Colour, Meaning, SlotValue, Temperature
from earwitness.understanding.wording import plain

FREE = "text"
_PERCENT_WORDS = {
    "half": 50,
    "full": 100,
    "maximum": 100,
    "max": 100,
    "minimum": 1,
    "min": 1,
    "a quarter": 25,
    "quarter": 25,
    "three quarters": 75,
}
_MAX_PERCENT = 100


def parse(kind: str, text: str, context: Context) -> SlotValue | None:
    """Read ``text`` as a value of ``kind``; None where it is none."""
    said = plain(text)
    if not said:
        return None
    if kind in PARSERS:
        value = PARSERS[kind](said, context)
        return None if value is None else SlotValue(kind, value, said)
    names = context.named(kind)
    if not names:
        return SlotValue(FREE, said, said)
    near = nearest(said, names)
    return SlotValue(kind, near[0][0].id, said, near[0][1]) if near else None


def _number(text: str, _: Context) -> Meaning | None:
    words = text.split()
    found = number(words)
    if found is None or found[1] != len(words):
        return None
    return int(found[0]) if float(found[0]).is_integer() else found[0]


def _percent(text: str, context: Context) -> Meaning | None:
    if text in _PERCENT_WORDS:
        return _PERCENT_WORDS[text]
    value = _number(text.removesuffix(" percent"), context)
    return value if isinstance(value, (int, float)) and 0 <= value <= _MAX_PERCENT else None


def _temperature(text: str, context: Context) -> Meaning | None:
    unit = ""
    for name in ("celsius", "fahrenheit"):
        if text.endswith(f" {name}"):
            text, unit = text.removesuffix(f" {name}"), name[0].upper()
    for tail in (" degrees", " degree"):
        text = text.removesuffix(tail)
    value = _number(text, context)
    return Temperature(float(value), unit) if isinstance(value, (int, float)) else None


def _colour(text: str, _: Context) -> Meaning | None:
    return Colour(text, COLOURS[text]) if text in COLOURS else None


PARSERS: dict[str, Callable[[str, Context], Meaning | None]] = {
    "number": _number,
    "percent": _percent,
    "temperature": _temperature,
    "color": _colour,
    "duration": lambda text, _: durations.parse_duration(text),
    "time": lambda text, _: times.parse_time(text),
    "date": lambda text, context: times.parse_date(text, context.now().date()),
}
