"""An example to learn from: a clip, and what somebody said about it. Held in memory, never written anywhere.

A person's own correction and a reviewer's annotation become the same thing here. Where both exist the person's
word counts. Formats: docs/formats/learning.md ("Corrections") and docs/formats/review.md ("Annotations").
"""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from earwitness.kernel.errors import RowCorrupt
from earwitness.learning.corrections import Correction, Wrong

MASK: Final = "["
"""Begins a token that hides a word from the reviewer."""


class Source(StrEnum):
    """Who said what is right."""

    CORRECTION = "correction"
    ANNOTATION = "annotation"


@dataclass(frozen=True, slots=True)
class Account:
    """What somebody said about a clip; None: they did not say.

    ``words`` as they were spoken; ``for_me``: it was meant for the assistant; ``wake``: the wake word was said.
    """

    words: str | None = None
    intent: str | None = None
    slots: Mapping[str, str] = field(default_factory=dict)
    for_me: bool | None = None
    wake: bool | None = None
    trusted: bool = False
    """the words are what was heard, and somebody said that it was right"""
    meant: str | None = None
    """a sentence that the words stand for"""


@dataclass(frozen=True, slots=True)
class Example:
    """``shared``: it may teach what others use too; ``heard`` is what the machine took it for.

    ``person`` stands for whose it is and ``household`` for where: numbers of this run, no ids.
    """

    recording: str
    subject: str
    household: str
    source: Source
    account: Account
    heard: str
    shared: bool
    pcm: bytes = field(repr=False)
    window: bytes = field(default=b"", repr=False)
    """the wake word as the hub judged it; empty where it was not kept"""


def of_correction(correction: Correction, heard: str) -> Account:
    """What a person's own correction says."""
    if correction.wrong is Wrong.FOR_ME:
        return Account(for_me=False, wake=False)
    words = correction.said or (heard if correction.wrong is Wrong.MEANT else None)
    return Account(words or None, correction.intent, correction.slots, for_me=True, wake=True, meant=correction.meant)


def of_annotation(data: bytes, heard: str) -> Account:
    """What a reviewer's annotation says; words that were masked for them are those that the machine heard there.

    Raises:
        RowCorrupt: it is no annotation.
    """
    try:
        body = json.loads(data)
        if not {"route", "verdict"} & body.keys():
            raise _no_annotation()
        wake = {"yes": True, "no": False, True: True, False: False}.get(body.get("wake"))
        verdict = body.get("verdict")
        if verdict == "not_for_me":
            return Account(for_me=False, wake=False if wake is None else wake)
        words = body["words"] if "words" in body else body.get("text")
        said = _unmasked(words if isinstance(words, list) else str(words).split(), heard) if words else None
        right = body.get("route") == "verify" or verdict == "right"
        slots = body.get("slots") or {}
        return Account(
            said or (heard if right else None),
            body.get("intent") or None,
            {str(name): str(value) for name, value in slots.items()},
            for_me=None if wake is None else wake,
            wake=wake,
            trusted=right,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _no_annotation() from error


def _no_annotation() -> RowCorrupt:
    return RowCorrupt("An annotation is not what was written.")


def _unmasked(words: Sequence[Any], heard: str) -> str | None:
    """The words with each mask replaced by what the machine heard in its place; None where that is not clear."""
    said = [str(word) for word in words]
    if not any(word.startswith(MASK) for word in said):
        return " ".join(said)
    machine = heard.split()
    plain: list[str] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(a=said, b=machine, autojunk=False).get_opcodes():
        if any(word.startswith(MASK) for word in said[a:b]):
            if tag != "replace" or not all(word.startswith(MASK) for word in said[a:b]):
                return None
            plain += machine[c:d]
        else:
            plain += said[a:b]
    return " ".join(plain)
