"""What learning keeps of a recording or a person, registered with what erases it.

The rows that say which recordings were learned from are erased like anything else; erasing them writes the work
row that destroys every model they taught (forget.py).
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, delete, func, select

from earwitness.jobs.work import enqueue
from earwitness.kernel.clock import Clock
from earwitness.policy.facts import CORRECTION
from earwitness.storage.schema import artefact
from earwitness.storage.schema.learning import (
    learning_example,
    learning_file,
    learning_forgotten,
    learning_release,
    learning_snapshot,
)
from earwitness.vault.artefacts import ArtefactKind, ArtefactRegistry, Eraser, SubjectHolding

ANNOTATION: Final = "annotation"
"""A reviewer's account of a clip (the review room writes it)."""
WAKE_WINDOW: Final = "wake-window"
"""The wake word as the hub judged it: 1.5 s, kept only for those who said yes to training with it."""
FORGET_JOB: Final = "learning.forget"
DESTROYED: Final = "destroyed"


def register_learning(registry: ArtefactRegistry, clock: Clock) -> None:
    """Register what learning writes."""
    rows = frozenset({"artefact"})
    for kind, holds in (
        (CORRECTION, "what you said was really said or meant"),
        (WAKE_WINDOW, "the wake word as it was judged, a second and a half"),
    ):
        registry.register(ArtefactKind(kind, holds, _artefact_eraser(kind), rows))

    def erase_examples(tx: Connection, recordings: Sequence[str]) -> int:
        return forget_examples(tx, recordings, clock.now_ms())

    examples = frozenset({learning_example.name})
    registry.register(ArtefactKind("learned from", "that a model was taught with it", erase_examples, examples))

    def erase_layer(tx: Connection, subjects: Sequence[str]) -> int:
        return _erase_layer(tx, subjects, clock.now_ms())

    layers = frozenset({learning_snapshot.name, learning_release.name, learning_forgotten.name})
    registry.register(SubjectHolding("models", "what a household's own models were made of", erase_layer, layers))


def count_examples(tx: Connection, snapshot_id: str) -> int:
    """How many examples of a snapshot still stand."""
    query = select(func.count()).where(learning_example.c.snapshot_id == snapshot_id)
    return tx.scalar(query) or 0


def forget_examples(tx: Connection, recordings: Sequence[str], now: int) -> int:
    """Remove the rows of these recordings and queue the end of every model they taught; return how many taught."""
    return _forget(tx, learning_example.c.recording_id.in_(recordings), now)


def forget_subject(tx: Connection, subject: str, now: int) -> int:
    """Remove the rows of all of a subject's recordings, as :func:`forget_examples`."""
    return _forget(tx, learning_example.c.subject_id == subject, now)


def _forget(tx: Connection, taught: ColumnElement[bool], now: int) -> int:
    for release in _standing(tx, select(learning_example.c.snapshot_id).where(taught)):
        queue_forgetting(tx, release, now)
    count = tx.scalar(select(func.count(learning_example.c.recording_id.distinct())).where(taught))
    tx.execute(delete(learning_example).where(taught))
    return count or 0


def queue_forgetting(tx: Connection, release: str, now: int) -> None:
    """Queue the end of a release; once is enough."""
    enqueue(tx, FORGET_JOB, {"release": release}, key=f"{FORGET_JOB}:{release}", now=now)


def _standing(tx: Connection, snapshots: Select[tuple[str]]) -> list[str]:
    """The releases of these snapshots that are not destroyed yet."""
    query = select(learning_release.c.id).where(
        learning_release.c.snapshot_id.in_(snapshots),
        learning_release.c.state != DESTROYED,
    )
    return list(tx.scalars(query))


def _artefact_eraser(kind: str) -> Eraser:
    def erase(tx: Connection, recordings: Sequence[str]) -> int:
        mine = delete(artefact).where(artefact.c.kind == kind, artefact.c.recording_id.in_(recordings))
        return tx.execute(mine).rowcount

    return erase


def _erase_layer(tx: Connection, subjects: Sequence[str], now: int) -> int:
    """Erase a household's own layer with the household, and what somebody who goes had asked to be forgotten."""
    erased = sum(forget_subject(tx, subject, now) for subject in subjects)
    mine = select(learning_release.c.id).where(learning_release.c.subject_id.in_(subjects))
    tx.execute(delete(learning_file).where(learning_file.c.release_id.in_(mine)))
    tx.execute(delete(learning_release).where(learning_release.c.subject_id.in_(subjects)))
    layers = select(learning_snapshot.c.id).where(learning_snapshot.c.subject_id.in_(subjects))
    tx.execute(delete(learning_example).where(learning_example.c.snapshot_id.in_(layers)))
    tx.execute(delete(learning_snapshot).where(learning_snapshot.c.subject_id.in_(subjects)))
    tx.execute(delete(learning_forgotten).where(learning_forgotten.c.subject_id.in_(subjects)))
    return erased
