"""What a person says of a recording of theirs: "not what I said", "not what I meant", "not for me".

Kept as the artefact ``correction`` under the recording's own key, so it goes when the recording goes. It needs no
reviewer. It teaches the household's own layer; whether it may teach anything shared, the person's yes to
``training`` decides (snapshot.py). A later correction of the same recording replaces an earlier one.
Format: docs/formats/learning.md, "Corrections".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import BadInput, RowCorrupt
from earwitness.policy.access import Access, Action
from earwitness.policy.facts import CORRECTION
from earwitness.policy.purposes import Purpose
from earwitness.vault.adding import Adding
from earwitness.vault.reading import Reading

LONGEST_TEXT: Final = 500
MOST_SLOTS: Final = 20
LONGEST_SLOT: Final = 100
VERSION: Final = 1


class Wrong(StrEnum):
    """What was wrong."""

    SAID = "not_what_i_said"
    MEANT = "not_what_i_meant"
    FOR_ME = "not_for_me"


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction: ``said`` are the words as they were spoken, None where they were heard right.

    ``intent`` and ``slots`` say what was meant, by the names of the templates; ``meant`` says it as a sentence that is
    understood. ``by`` is the person's id.
    """

    wrong: Wrong
    said: str | None = None
    intent: str | None = None
    slots: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    at: int = 0
    meant: str | None = None

    def to_bytes(self) -> bytes:
        """The correction as it is kept: JSON, UTF-8."""
        shown: dict[str, Any] = {"v": VERSION, "wrong": str(self.wrong), "by": self.by, "at": self.at}
        if self.said is not None:
            shown["said"] = self.said
        if self.intent is not None:
            shown["intent"] = self.intent
        if self.meant is not None:
            shown["meant"] = self.meant
        if self.slots:
            shown["slots"] = dict(self.slots)
        return json.dumps(shown, ensure_ascii=False, sort_keys=True).encode()


def read_correction(data: bytes) -> Correction:
    """Read what :meth:`Correction.to_bytes` wrote.

    Raises:
        RowCorrupt: it is something else.
    """
    try:
        body = json.loads(data)
        if body["v"] != VERSION:
            raise _corrupt()
        slots = {str(name): str(value) for name, value in body.get("slots", {}).items()}
        said, intent, meant = (body.get(name) for name in ("said", "intent", "meant"))
        return Correction(Wrong(body["wrong"]), said, intent, slots, str(body["by"]), int(body["at"]), meant)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _corrupt() from error


def _corrupt() -> RowCorrupt:
    return RowCorrupt("A correction is not what was written.")


class Corrections:
    """Takes corrections from people and shows them theirs; safe from many threads."""

    def __init__(self, reading: Reading, adding: Adding, access: Access, clock: Clock) -> None:
        """Seal through ``adding``, under grants of ``access``."""
        self._reading = reading
        self._adding = adding
        self._access = access
        self._clock = clock

    def record(  # noqa: PLR0913 - one correction, as the form has it
        self,
        actor: Actor,
        recording: str,
        wrong: Wrong,
        *,
        said: str | None = None,
        intent: str | None = None,
        slots: Mapping[str, str] | None = None,
        meant: str | None = None,
    ) -> Correction:
        """Record a correction of a recording that is the actor's; durable when this returns.

        "Not what I said" needs ``said``; "not what I meant" needs ``meant``, ``intent`` or ``said``; "not for me" none.

        Raises:
            BadInput: what was really said or meant is missing, or too long.
            NotFound: no such recording, or it is gone.
            AccessDenied: it is somebody else's.
        """
        now = self._clock.now_ms()
        made = Correction(wrong, _words(said), intent or None, dict(slots or {}), actor.id, now, _words(meant))
        _check(made)
        item = self._reading.find(recording)
        grant = self._access.open(actor, Action.RECORDING_CORRECT, [item.resource], Purpose.HISTORY)
        self._adding.add(grant, recording, CORRECTION, made.to_bytes())
        return made

    def of(self, actor: Actor, recording: str) -> Correction | None:
        """The newest correction of a recording, for whoever may correct it; None where there is none.

        Raises:
            NotFound: no such recording.
            AccessDenied: it is somebody else's.
        """
        item = self._reading.find(recording)
        grant = self._access.open(actor, Action.RECORDING_CORRECT, [item.resource], Purpose.HISTORY)
        data = self._reading.artefact(grant, item, CORRECTION)
        return None if data is None else read_correction(data)


def _words(text: str | None) -> str | None:
    """The words with single spaces; None for none."""
    return " ".join(text.split()) or None if text else None


def _check(made: Correction) -> None:
    if made.wrong is Wrong.SAID and made.said is None:
        raise BadInput("What was really said is missing.", next_step="Give the words as they were spoken.")
    if made.wrong is Wrong.MEANT and made.meant is None and made.intent is None and made.said is None:
        raise BadInput("What was meant is missing.", next_step="Choose what it should have done, or say it in words.")
    if made.meant is not None and made.intent is not None:
        raise BadInput("What was meant is given twice.", next_step="Say it in words, or by its name, not both.")
    if any(text is not None and len(text) > LONGEST_TEXT for text in (made.said, made.meant)):
        raise BadInput(f"A correction has up to {LONGEST_TEXT} letters.", next_step="Give this one sentence only.")
    if made.intent is not None and len(made.intent) > LONGEST_SLOT:
        raise BadInput("The name of what was meant is too long.", next_step="Choose one from the list.")
    parts = [*made.slots, *made.slots.values()]
    if len(made.slots) > MOST_SLOTS or any(len(part) > LONGEST_SLOT for part in parts):
        raise BadInput("There is too much in what was meant.", next_step="Give the values of this one sentence only.")
