"""The account of one recording as its page tells it: what was heard, why, and what it led to."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from earwitness.kernel.errors import BlobCorrupt, BlobMissing, KeyCorrupt
from earwitness.learning.corrections import Correction, read_correction
from earwitness.policy.access import Action
from earwitness.policy.facts import CORRECTION
from earwitness.policy.purposes import Purpose
from earwitness.vault.effects import Effect
from earwitness.vault.kinds import REPLY, TRACE, TRANSCRIPT
from earwitness.vault.reading import Item
from earwitness.web.household.absent import as_if_absent
from earwitness.web.rooms import Rooms
from earwitness.web.sign_in.doors import Resident

DAMAGE = (BlobCorrupt, BlobMissing, KeyCorrupt)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the turn; ``score`` is 0 to 1, ``alternatives`` are what else it could have been."""

    name: str
    said: str
    score: float | None
    took_ms: float | None
    alternatives: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that the page of one recording shows."""

    item: Item
    device: str
    heard: str | None
    answered: str | None
    steps: tuple[Step, ...]
    reasons: tuple[str, ...]
    effects: tuple[Effect, ...]
    correction: Correction | None
    damaged: bool = False


def tell(rooms: Rooms, resident: Resident, recording: str) -> Told:
    """Open a recording's texts, under one grant.

    Raises:
        NotFound: there is no such recording, or none that they may know of.
    """
    with as_if_absent():
        item = rooms.reading.find(recording)
        grant = rooms.access.open(resident.actor, Action.RECORDING_READ, [item.resource], Purpose.HISTORY)
        try:
            texts = rooms.reading.texts(grant, [item]).get(item.id, {})
            kept = rooms.reading.artefact(grant, item, CORRECTION)
        except DAMAGE:
            return _told(rooms, item, {}, None, damaged=True)
        return _told(rooms, item, texts, kept, damaged=False)


def _told(rooms: Rooms, item: Item, texts: Mapping[str, str], kept: bytes | None, *, damaged: bool) -> Told:
    labels = rooms.history.labels([item.device] if item.device else [])
    return Told(
        item=item,
        device=labels.get(item.device or "", "a file"),
        heard=texts.get(TRANSCRIPT),
        answered=texts.get(REPLY),
        steps=tuple(map(_step, json.loads(texts[TRACE]))) if TRACE in texts else (),
        reasons=tuple(rooms.history.reasons(item)),
        effects=tuple(rooms.effects.of([item.id])),
        correction=read_correction(kept) if kept else None,
        damaged=damaged,
    )


def _step(body: Mapping[str, Any]) -> Step:
    others = tuple((str(each["said"]), float(each["score"])) for each in body.get("alternatives", ()))
    return Step(str(body["step"]), str(body["said"]), body.get("score"), body.get("took_ms"), others)
