"""What learning keeps of a recording or a person, registered with what erases it."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete

from earwitness.policy.facts import CORRECTION
from earwitness.storage.schema import artefact
from earwitness.vault.artefacts import ArtefactKind, ArtefactRegistry

ANNOTATION = "annotation"
"""A reviewer's account of a clip (the review room writes it)."""


def register_learning(registry: ArtefactRegistry) -> None:
    """Register what learning writes."""
    registry.register(
        ArtefactKind(CORRECTION, "what you said was really said or meant", _erase_corrections, frozenset({"artefact"}))
    )


def _erase_corrections(tx: Connection, recordings: Sequence[str]) -> int:
    mine = delete(artefact).where(artefact.c.kind == CORRECTION, artefact.c.recording_id.in_(recordings))
    return tx.execute(mine).rowcount
