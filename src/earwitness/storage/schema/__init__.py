"""The one database schema, for SQLite and PostgreSQL alike, a module for each group of tables.

Conventions: moments are milliseconds since the epoch (``*_at``); ids are text with a prefix
(kernel.ids); columns named ``sealed`` hold ciphertext that only the vault can open. A table with a
column named ``recording_id``, ``subject_id`` or ``person_id`` must be claimed by an artefact kind or an eraser
in the vault's registry: a test walks the metadata.
"""

from earwitness.storage.schema import accounts, devices, learning, review, voice
from earwitness.storage.schema.ground import (
    approval,
    artefact,
    audit_entry,
    audit_head,
    consent,
    contact,
    deidentified,
    device,
    device_agreement,
    effect,
    epoch,
    erasure,
    erasure_recording,
    household,
    incident,
    incident_notice,
    key_backup,
    ledger_leaf,
    meta,
    person,
    place,
    promise_run,
    receipt,
    recording,
    retention_choice,
    schedule,
    staff,
    tombstone,
    work,
)
from earwitness.storage.schema.metadata import metadata

__all__ = [
    "accounts",
    "approval",
    "artefact",
    "audit_entry",
    "audit_head",
    "consent",
    "contact",
    "deidentified",
    "device",
    "device_agreement",
    "devices",
    "effect",
    "epoch",
    "erasure",
    "erasure_recording",
    "household",
    "incident",
    "incident_notice",
    "key_backup",
    "learning",
    "ledger_leaf",
    "meta",
    "metadata",
    "person",
    "place",
    "promise_run",
    "receipt",
    "recording",
    "retention_choice",
    "review",
    "schedule",
    "staff",
    "tombstone",
    "voice",
    "work",
]
