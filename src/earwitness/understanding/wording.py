"""Bring what was said or typed into the plain words the templates are written in.

Lower case, no punctuation, digits kept but set apart from what is glued to them: "7:30pm" becomes
"7 30 pm", "25%" "25 percent", "20°C" "20 degrees celsius".
"""

import re
import unicodedata

MAX_CHARACTERS = 1_000  # more is no sentence; what is beyond is cut off
MOST_ROUNDS = 5  # one rewriting may make room for another

_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        (r"[\u2018\u2019\u02bc`]", "'"),
        (r"(?<=\d)(?=([ap]\.?m|k|min|mins|h|s|sec|secs|hrs?|minutes?|hours?|seconds?)\b)", " "),
        (r"\b([ap])\s?\.?\s?m\b\.?", r"\1m"),
        (r"(?<=\d)\s?%", " percent"),
        (r"(?<=\d)\s?°\s?c\b", " degrees celsius"),
        (r"(?<=\d)\s?°\s?f\b", " degrees fahrenheit"),
        (r"(?<=\d)\s?°", " degrees"),
        (r"(?<=\d)[:h](?=\d\d\b)", " "),
        (r"(?<=\d),(?=\d{3}\b)", ""),
        (r"(?<=\w)-(?=\w)", " "),
        (r"(?<=[^\d\s])[._/:%°-](?=\S)|[._/:%°-](?=[^\d\s])", " "),
        (r"(?<!\d)[.,](?=\d)|[.,](?!\d)", " "),
        (r"(?<!\w)'|'(?!\w)", " "),
        (r"\s+", " "),
    )
)


def _kept(character: str) -> str:
    # by category, not by \w: the vowel signs of Thai or Hindi are no letters, yet belong to the word
    if character in "'.,%°:-/_\u2018\u2019\u02bc`" or unicodedata.category(character)[0] not in "PSC":
        return character
    return " "


def plain(text: str) -> str:
    """The words of ``text``; stable: plain words stay as they are."""
    words = text[:MAX_CHARACTERS]
    for _ in range(MOST_ROUNDS):
        before = words
        words = "".join(map(_kept, unicodedata.normalize("NFC", words.lower())))
        for pattern, to in _REWRITES:
            words = pattern.sub(to, words)
        if words == before:
            break
    return words.strip()
