"""What the learned matcher sees of a sentence.

Intents: words, pairs of words and pieces of words, each block weighted by TF-IDF and of unit length. Slots: each
word with its neighbours, its ending, the classes it belongs to, and the intent's name. Training and use share
this file; a change here asks for training again (``FEATURES`` says so in the model file).
"""

import re
from collections.abc import Sequence

FEATURES = 1
_WORD = re.compile(r"[^\W\d_]+|\d+|'\w+", re.UNICODE)
_WHOLE = {"'m": "am", "'re": "are", "'ll": "will", "'ve": "have", "'d": "would"}
_EDGE = ("<", "<", ">", ">")
_LEAST_PIECE, _LONGEST_PIECE = 2, 4


def words(text: str) -> list[str]:
    """The words of a sentence in lower case; digits stand apart, "what's" is "what" and "'s"."""
    return [_WHOLE.get(word, word) for word in _WORD.findall(text.lower())]


def spans(text: str) -> list[tuple[str, int, int]]:
    """The words with where they stand in ``text``, begin and end."""
    return [
        (_WHOLE.get(found.group().lower(), found.group().lower()), found.start(), found.end())
        for found in _WORD.finditer(text)
    ]


def single_words(text: str) -> list[str]:
    """Block one: words."""
    return words(text)


def word_pairs(text: str) -> list[str]:
    """Block two: words and pairs of them, with the edges of the sentence."""
    said = words(text)
    return said + [f"{left} {right}" for left, right in zip(["<", *said], [*said, ">"], strict=True)]


def word_pieces(text: str) -> list[str]:
    """Block three: pieces of two to four letters inside each word and across its edges."""
    return [
        padded[at : at + size]
        for word in words(text)
        for padded in (f" {word} ",)
        for size in range(_LEAST_PIECE, _LONGEST_PIECE + 1)
        for at in range(max(1, len(padded) - size + 1))
    ]


BLOCKS = (single_words, word_pairs, word_pieces)


def tagging(said: Sequence[str], intent: str, classes: Sequence[str]) -> list[list[str]]:
    """For each word what the tagger sees; ``classes`` says for each what list it is from, or nothing."""
    padded = [*_EDGE[:2], *said, *_EDGE[2:]]
    kinds = ["", "", *classes, "", ""]
    return [_word(padded, kinds, at, intent) for at in range(2, len(said) + 2)]


def _word(padded: Sequence[str], kinds: Sequence[str], at: int, intent: str) -> list[str]:
    before, word, after = padded[at - 1], padded[at], padded[at + 1]
    seen = [
        "bias",
        f"w={word}",
        f"p={before}",
        f"n={after}",
        f"pp={padded[at - 2]}",
        f"nn={padded[at + 2]}",
        f"pw={before}|{word}",
        f"wn={word}|{after}",
        f"ppp={padded[at - 2]}|{before}",
        f"nnn={after}|{padded[at + 2]}",
        f"e2={word[-2:]}",
        f"e3={word[-3:]}",
        f"b3={word[:3]}",
        f"d={'d' if word.isdigit() else 'w'}",
        f"i={intent}",
        f"iw={intent}|{word}",
        f"ip={intent}|{before}",
        f"in={intent}|{after}",
    ]
    if any(kinds[at - 1 : at + 2]):
        seen += [f"c={kinds[at]}", f"cp={kinds[at - 1]}|{kinds[at]}", f"cn={kinds[at]}|{kinds[at + 1]}"]
        seen.append(f"ic={intent}|{kinds[at]}")
    return seen
