"""Slot lists every household has: times, dates, durations, numbers, percentages, temperatures, colours.

Each is one closed template, so that the matcher and the recogniser's grammar share it; the words that matched
are read by ``slots``. Slots whose name begins with an underscore are inner parts and never reach an intent.
Only English so far; other languages use the lists of Home Assistant's sentences.
"""

from functools import cache

import hassil

from earwitness.understanding.colours import COLOURS

_DAYS = "(monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_MONTHS = "(january|february|march|april|may|june|july|august|september|october|november|december)"
_ORDINALS = (
    "(first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|"
    "fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|twenty first|twenty second|twenty third|"
    "twenty fourth|twenty fifth|twenty sixth|twenty seventh|twenty eighth|twenty ninth|thirtieth|thirty first|"
    "1st|2nd|3rd|21st|22nd|23rd|31st|{1..31:_day}[th])"
)
_DAYPART = "(am|pm|in the morning|in the afternoon|in the evening|at night)"
_HOUR = "{1..12:_hour}"
_LATE_HOUR = "({13..23:_hour}|0)"
_MINUTES = "({10..59:_minute}|(oh|o) {1..9:_minute}|00|01|02|03|04|05|06|07|08|09)"
_PAST = "(half|[a] quarter|{1..29:_minute} [minutes]) (past|after)"
_TO = "([a] quarter|{1..29:_minute} [minutes]) to"

TIME = (
    f"(noon|midday|midnight|{_HOUR} [o'clock] [{_DAYPART}]|{_HOUR} {_MINUTES} [{_DAYPART}]|"
    f"({_PAST}|{_TO}) {_HOUR} [{_DAYPART}]|{_LATE_HOUR} [(o'clock|{_MINUTES})])"
)
DATE = (
    f"(today|tonight|tomorrow|the day after tomorrow|yesterday|[(this|next|on)] {_DAYS}|this weekend|next week|"
    "(christmas [(day|eve)]|new year's (eve|day)|the new year|halloween|valentine's day)|"
    f"[on] [the] {_ORDINALS} [of] {_MONTHS}|[on] {_MONTHS} [the] {_ORDINALS}|on the {_ORDINALS}|"
    "in (a|{1..60:_days}) (day|days|week|weeks))"
)
_HOURS = "({1..600:_count} hour[s]|an hour|half an hour|{1..24:_count} and a half hours|an hour and a half)"
_MINS = "({1..600:_count} minute[s]|a minute|half a minute|{1..60:_count} and a half minutes|a minute and a half)"
_SECS = "({1..600:_count} second[s]|a second)"
_WHOLE_HOURS = "({1..24:_count} hour[s]|an hour)"
_WHOLE_MINS = "({1..59:_count} minute[s]|a minute)"
DURATION = (
    f"({_HOURS}|{_MINS}|{_SECS}|{_WHOLE_HOURS} [and] {_WHOLE_MINS}|"
    f"{_WHOLE_MINS} [and] {_SECS}|{_WHOLE_HOURS} [and] {_WHOLE_MINS} [and] {_SECS}|"
    "[a] quarter of an hour|three quarters of an hour|{1..30:_count} day[s])"
)
NUMBER = "[(minus|negative)] {0..1000:_number} [point {0..9:_tenth}]"
PERCENT = "({0..100:_percent} [percent]|half|full|maximum|minimum|a quarter|three quarters)"
TEMPERATURE = (
    "[(minus|negative)] {0..120:_degrees} [(point {0..9:_tenth}|and a half)] [degree[s]] [(celsius|fahrenheit)]"
)


@cache
def typed_lists(language: str) -> dict[str, hassil.SlotList]:
    """The typed lists of a language; empty for one that has none of ours."""
    if language != "en":
        return {}
    closed = {
        "time": TIME,
        "date": DATE,
        "duration": DURATION,
        "number": NUMBER,
        "percent": PERCENT,
        "temperature": TEMPERATURE,
        "color": f"({'|'.join(COLOURS)})",
    }
    lists: dict[str, hassil.SlotList] = {name: _single(name, template) for name, template in closed.items()}
    for free in ("item", "message", "query"):
        lists[free] = hassil.WildcardSlotList(name=free)
    return lists


def _single(name: str, template: str) -> hassil.TextSlotList:
    # an empty output makes hassil hand back the words that matched
    expression = hassil.parse_sentence(template).expression
    return hassil.TextSlotList(name=name, values=[hassil.TextSlotValue(text_in=expression, value_out=None)])
