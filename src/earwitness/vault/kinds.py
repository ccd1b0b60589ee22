"""The artefact kinds and subject holdings of the ground floor, registered at start.

Later capabilities (skills, review, learning) register theirs beside their own code in the same way.
"""

from collections.abc import Sequence

from sqlalchemy import Column, Connection, Table, delete, or_, select, update

from earwitness.storage.schema import (
    artefact,
    audit_entry,
    audit_head,
    consent,
    contact,
    device,
    device_agreement,
    effect,
    incident_notice,
    ledger_leaf,
    retention_choice,
)
from earwitness.storage.schema.devices import device_choice, device_pairing, device_report
from earwitness.vault.artefacts import ArtefactKind, ArtefactRegistry, Eraser, SubjectHolding

TRANSCRIPT = "transcript"
REPLY = "reply"
TRACE = "trace"
DEIDENTIFIED = "deidentified"
REVIEW_COPY = "review-copy"
REVIEW_TEXT = "review-text"
TEXTS = frozenset({TRANSCRIPT, REPLY, TRACE})
"""The kinds that are UTF-8 text and shown to their person as such."""


def register_ground_floor(registry: ArtefactRegistry) -> None:
    """Register what intake writes about recordings and what is held about people."""
    rows = frozenset({"artefact", "recording", "erasure_recording"})
    for name, holds in (
        ("audio", "the sound, cut to what was said"),
        (TRANSCRIPT, "what was understood, in words"),
        (REPLY, "what was answered"),
        (TRACE, "how it came to that: every step with its score"),
    ):
        registry.register(ArtefactKind(name, holds, _artefact_eraser(name), rows))
    registry.register(
        ArtefactKind(
            DEIDENTIFIED,
            "a copy with a changed voice and masked details",
            _artefact_eraser(DEIDENTIFIED),
            rows,
            survives_identity_limit=True,
        )
    )
    for holding in _holdings():
        registry.register(holding)


def _holdings() -> Sequence[SubjectHolding]:
    return (
        SubjectHolding("contacts", "contacts and how they are spoken", _by(contact.c.subject_id), _names(contact)),
        SubjectHolding("effects", "what recordings caused", _by(effect.c.subject_id), _names(effect)),
        SubjectHolding("log entries", "the sealed entries of who opened what", _erase_log_entries,
                       _names(audit_entry, audit_head)),
        SubjectHolding("agreements", "yes to shared devices", _by(device_agreement.c.person_id),
                       _names(device_agreement)),
        SubjectHolding("devices", "devices personal to them, paired, and what is known of each", _remove_devices,
                       _names(device, device_pairing, device_report, device_choice)),
        SubjectHolding("consents", "each yes and no, by purpose", _by(consent.c.person_id), _names(consent)),
        SubjectHolding("choices", "how long things are kept", _by(retention_choice.c.person_id),
                       _names(retention_choice)),
        SubjectHolding("notices", "prepared notices of incidents", _by(incident_notice.c.subject_id),
                       _names(incident_notice)),
        SubjectHolding("receipts", "stay as evidence: ids, counts and hashes, no name and no content", _stays,
                       frozenset({"receipt", "erasure"})),
    )  # fmt: skip


def _artefact_eraser(kind: str) -> Eraser:
    def erase(tx: Connection, recordings: Sequence[str]) -> int:
        query = delete(artefact).where(artefact.c.kind == kind, artefact.c.recording_id.in_(recordings))
        return tx.execute(query).rowcount

    return erase


def _by(column: Column[str]) -> Eraser:
    def erase(tx: Connection, subjects: Sequence[str]) -> int:
        return tx.execute(delete(column.table).where(column.in_(subjects))).rowcount

    return erase


def _erase_log_entries(tx: Connection, subjects: Sequence[str]) -> int:
    """Empty the sealed bytes; the commitments stay in the tree, which still verifies."""
    mine = select(audit_entry.c.idx).where(audit_entry.c.subject_id.in_(subjects))
    erased = tx.execute(update(ledger_leaf).where(ledger_leaf.c.idx.in_(mine)).values(sealed=None)).rowcount
    tx.execute(delete(audit_entry).where(audit_entry.c.subject_id.in_(subjects)))
    tx.execute(delete(audit_head).where(audit_head.c.subject_id.in_(subjects)))
    return erased


def _remove_devices(tx: Connection, subjects: Sequence[str]) -> int:
    mine = select(device.c.id).where(or_(device.c.person_id.in_(subjects), device.c.household_id.in_(subjects)))
    ids = list(tx.scalars(mine))
    for table in (device_agreement, device_pairing, device_report, device_choice):
        tx.execute(delete(table).where(table.c.device_id.in_(ids)))
    return tx.execute(delete(device).where(device.c.id.in_(ids))).rowcount


def _stays(tx: Connection, subjects: Sequence[str]) -> int:  # noqa: ARG001 - the signature of an eraser
    return 0


def _names(*tables: Table) -> frozenset[str]:
    return frozenset(table.name for table in tables)
