"""Numbers as they are said in English or written in digits.

Order of evaluation: sign, whole number (digits, or words with hundred/thousand/million), then "point three"
or "and a half". Everything returns how many words it took, so that parsers can go on behind the number.
"""

import re

UNITS: dict[str, int] = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
} | {"oh": 0, "nought": 0}
TENS: dict[str, int] = {
    word: 10 * value
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
} | {"fourty": 40}
SCALES: dict[str, int] = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
ORDINALS: dict[str, int] = {
    word: value
    for value, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
            "thirteenth",
            "fourteenth",
            "fifteenth",
            "sixteenth",
            "seventeenth",
            "eighteenth",
            "nineteenth",
            "twentieth",
        ],
        start=1,
    )
} | {"thirtieth": 30}
HALF = 0.5
_DIGITS = re.compile(r"\d{1,12}")
_DECIMAL = re.compile(r"\d{1,12}\.\d{1,6}")
_ORDINAL_DIGITS = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
_HUNDRED = 100

Words = list[str]


def whole(words: Words, start: int = 0) -> tuple[int, int] | None:
    """The whole number that begins at ``start`` and the index behind it, or None."""
    if start < len(words) and _DIGITS.fullmatch(words[start]):
        return _scaled_digits(words, start)
    total, group, at = 0, None, start
    least_scale = 1 << 62
    while at < len(words):
        word = words[at]
        if word in SCALES and group is not None and SCALES[word] < least_scale:
            least_scale = SCALES[word]
            total, group = total + group * least_scale, None
            at += 1
            continue
        if word == "and" and (total or (group and group % _HUNDRED == 0)) and _small(words, at + 1):
            word = words[(at := at + 1)]
        small = _below_thousand(words, at) if group is None else None
        if small is None:
            break
        group, at = small
    return (total + (group or 0), at) if at > start else None


def _scaled_digits(words: Words, start: int) -> tuple[int, int]:
    value, at = int(words[start]), start + 1
    if at < len(words) and words[at] in SCALES:
        return value * SCALES[words[at]], at + 1
    return value, at


def _below_thousand(words: Words, at: int) -> tuple[int, int] | None:
    if words[at] in {"a", "one"} and words[at + 1 : at + 2] == ["hundred"]:
        hundreds, at = 1, at + 2
    elif words[at] == "a" and words[at + 1 : at + 2] and words[at + 1] in SCALES:
        return 1, at + 1
    else:
        found = _small(words, at)
        if found is None:
            return None
        value, at = found
        if not (0 < value < 100 and words[at : at + 1] == ["hundred"]):  # noqa: PLR2004 - for "twelve hundred" is said too
            return value, at
        hundreds, at = value, at + 1
    rest = at + 1 if words[at : at + 1] == ["and"] else at
    found = _small(words, rest)
    return (hundreds * _HUNDRED + found[0], found[1]) if found else (hundreds * _HUNDRED, at)


def _small(words: Words, at: int) -> tuple[int, int] | None:
    """A number below a hundred in words."""
    word = words[at] if at < len(words) else ""
    if word in TENS:
        unit = UNITS.get(words[at + 1], 0) if at + 1 < len(words) else 0
        return (TENS[word] + unit, at + 2) if 0 < unit < 10 else (TENS[word], at + 1)  # noqa: PLR2004 - digits
    return (UNITS[word], at + 1) if word in UNITS else None


def number(words: Words, start: int = 0) -> tuple[float, int] | None:
    """The number, perhaps negative or with a fraction, that begins at ``start``, and the index behind it."""
    negative = words[start : start + 1] in (["minus"], ["negative"])
    at = start + negative
    if words[at : at + 1] == ["half"]:
        return (-HALF if negative else HALF), at + 1
    found = _unsigned(words, at)
    return (-found[0] if negative else found[0], found[1]) if found else None


def _unsigned(words: Words, at: int) -> tuple[float, int] | None:
    if at < len(words) and _DECIMAL.fullmatch(words[at]):
        return float(words[at]), at + 1
    found = whole(words, at)
    if found is None:
        return None
    value, at = found
    if words[at : at + 3] == ["and", "a", "half"]:
        return value + HALF, at + 3
    if words[at : at + 1] == ["point"]:
        decimals, behind = _decimals(words, at + 1)
        if decimals:
            return float(f"{value}.{decimals}"), behind
    return value, at


def _decimals(words: Words, at: int) -> tuple[str, int]:
    digits = ""
    while at < len(words) and len(digits) < 6:  # noqa: PLR2004 - digits
        word = words[at]
        if word not in UNITS and not word.isdecimal():
            break
        digits += str(UNITS.get(word, word))
        at += 1
    return digits, at


def ordinal(words: Words, start: int = 0) -> tuple[int, int] | None:
    """The ordinal up to the thirty-first, as in dates, that begins at ``start``, and the index behind it."""
    word = words[start] if start < len(words) else ""
    if word in ORDINALS:
        return ORDINALS[word], start + 1
    if word in TENS and start + 1 < len(words) and 0 < ORDINALS.get(words[start + 1], 0) < 10:  # noqa: PLR2004 - digits
        return TENS[word] + ORDINALS[words[start + 1]], start + 2
    if found := _ORDINAL_DIGITS.fullmatch(word):
        return int(found.group(1)), start + 1
    return None
