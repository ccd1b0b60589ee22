"""One breath, several things: "milk and eggs", "bread, butter and salt and pepper"."""

import re

from earwitness.understanding.wording import plain

MOST_AT_ONCE = 20
_TOGETHER = re.compile(
    r"\b(salt and pepper|salt and vinegar|mac and cheese|macaroni and cheese|fish and chips|oil and vinegar|"
    r"bread and butter pudding|gin and tonic|half and half|peanut butter and jelly|cookies and cream|"
    r"ham and cheese|black and white|ben and jerry's|m and ms|head and shoulders|nuts and bolts|pins and needles|"
    r"bed and breakfast|arm and hammer|sweet and sour \w+|mix and match|odds and ends)\b"
)
_PARTS = re.compile(r"\s*(?:[,;]\s*(?:and\s+|as well as\s+)?|\s(?:and also|and then|and|as well as|plus)\s)\s*")
_LEADS = re.compile(r"^(?:some|a few|more|also|the|and)\s+")
_AND = "\x00"


def split(item: str, heard: str = "") -> list[str]:
    """The things that were named; commas are taken from what was ``heard`` where it was typed."""
    text = _with_commas(item, heard).strip()
    text = _TOGETHER.sub(lambda found: found[0].replace(" and ", f" {_AND} "), text)
    parts = (_LEADS.sub("", each.strip()).strip() for each in _PARTS.split(text))
    return list(dict.fromkeys(each.replace(_AND, "and") for each in parts if each not in {"", "and"}))[:MOST_AT_ONCE]


def _with_commas(item: str, heard: str) -> str:
    """Find the same words in what was typed, where the commas still are."""
    words = [re.escape(word) for word in plain(item).split()]
    if "," not in heard or not words:
        return item
    found = re.search(r"[\s,;]+".join(words), heard.lower())
    return found[0] if found else item
