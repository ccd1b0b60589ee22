"""What review writes about a recording or a person, registered with what erases it.

What stays when a recording goes: the row of a frame and of a clip without their link (numbers and a random handle, so
that a draw can be done again), and who was heard by whom, for the window and the budget, until its person goes.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Column, Connection, Table, delete, select, update

from earwitness.storage.schema import artefact
from earwitness.storage.schema.review import (
    listening_budget,
    review_annotation,
    review_clip,
    review_escalation,
    review_frame,
    review_hearing,
    review_notice,
    review_person,
    review_unsure,
)
from earwitness.vault.artefacts import ArtefactKind, ArtefactRegistry, Eraser, SubjectHolding
from earwitness.vault.kinds import REVIEW_COPY, REVIEW_TEXT

ANNOTATION: Final = "annotation"
ESCALATION: Final = "escalation"
UNENDED: Final = ("drawn", "copying", "ready", "leased")


def register_review(registry: ArtefactRegistry) -> None:
    """Register all of it."""
    rows = frozenset({"artefact"})
    for name, holds in (
        (REVIEW_COPY, "the sound as a reviewer hears it: voice changed, details masked"),
        (REVIEW_TEXT, "the words as a reviewer reads them, details masked"),
    ):
        registry.register(ArtefactKind(name, holds, _artefacts(name), rows))
    registry.register(
        ArtefactKind(ANNOTATION, "what a reviewer wrote down", _with(ANNOTATION, review_annotation),
                     rows | {"review_annotation"})
    )  # fmt: skip
    registry.register(
        ArtefactKind(ESCALATION, "what a reviewer passed on, and why", _with(ESCALATION, review_escalation),
                     rows | {"review_escalation"})
    )  # fmt: skip
    registry.register(
        ArtefactKind("unsure", "how sure the recogniser was, a number", _rows(review_unsure.c.recording_id),
                     frozenset({"review_unsure"}))
    )  # fmt: skip
    registry.register(
        ArtefactKind("draws", "its places in draws; nameless numbers stay", _unlink,
                     frozenset({"review_frame", "review_clip"}))
    )  # fmt: skip
    for holding in _holdings():
        registry.register(holding)


def _holdings() -> Sequence[SubjectHolding]:
    return (
        SubjectHolding("listening budget", "how many clips others may hear", _rows(listening_budget.c.person_id),
                       frozenset({"listening_budget"})),
        SubjectHolding("hearings", "which reviewer heard a clip of theirs", _rows(review_hearing.c.person_id),
                       frozenset({"review_hearing"})),
        SubjectHolding("drawn clips", "which clips may have their voice", _rows(review_person.c.person_id),
                       frozenset({"review_person"})),
        SubjectHolding("review notices", "that a recording was withdrawn", _rows(review_notice.c.subject_id),
                       frozenset({"review_notice"})),
    )  # fmt: skip


def _rows(column: Column[str]) -> Eraser:
    def erase(tx: Connection, ids: Sequence[str]) -> int:
        return tx.execute(delete(column.table).where(column.in_(ids))).rowcount

    return erase


def _artefacts(kind: str) -> Eraser:
    def erase(tx: Connection, recordings: Sequence[str]) -> int:
        mine = artefact.c.kind == kind, artefact.c.recording_id.in_(recordings)
        return tx.execute(delete(artefact).where(*mine)).rowcount

    return erase


def _with(kind: str, table: Table) -> Eraser:
    """The artefacts of a kind, and the rows beside them."""
    artefacts, rows = _artefacts(kind), _rows(table.c.recording_id)

    def erase(tx: Connection, recordings: Sequence[str]) -> int:
        rows(tx, recordings)
        return artefacts(tx, recordings)

    return erase


def _unlink(tx: Connection, recordings: Sequence[str]) -> int:
    """Cut the link from draws to these recordings; what waited for a reviewer waits no more."""
    clips = select(review_clip.c.id).where(review_clip.c.recording_id.in_(recordings))
    mine = review_clip.c.recording_id.in_(recordings)
    gone = {"state": "withdrawn", "lease_by": None, "lease_until": None}
    tx.execute(update(review_clip).where(mine, review_clip.c.reason.is_(None)).values(reason="gone"))
    tx.execute(update(review_clip).where(mine, review_clip.c.state != "withheld").values(**gone))
    removed = len(tx.scalars(clips).all())
    tx.execute(update(review_clip).where(mine).values(recording_id=None))
    framed = review_frame.c.recording_id.in_(recordings)
    tx.execute(update(review_frame).where(framed).values(recording_id=None))
    return removed
