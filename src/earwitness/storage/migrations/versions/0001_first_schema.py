"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    _create_installation()
    _create_ledger()
    _create_jobs()
    _create_identity()
    _create_policy()
    _create_vault()
    _create_transparency()


def _create_installation() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )


def _create_ledger() -> None:
    op.create_table(
        "ledger_leaf",
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_ledger_leaf")),
    )
    op.create_table(
        "tombstone",
        sa.Column("idx", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_tombstone")),
        sa.UniqueConstraint("id", name=op.f("uq_tombstone_id")),
    )


def _create_jobs() -> None:
    op.create_table(
        "work",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("run_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("lease_token", sa.String(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work")),
        sa.UniqueConstraint("key", name=op.f("uq_work_key")),
    )
    op.create_index("ix_work_state_run_at", "work", ["state", "run_at"], unique=False)
    op.create_table(
        "schedule",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("every_ms", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_schedule")),
    )


def _create_identity() -> None:
    op.create_table(
        "household",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("tombstone", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household")),
        sa.UniqueConstraint("tombstone", name=op.f("uq_household_tombstone")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("age", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("recipient", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=True),
        sa.Column("tombstone", sa.LargeBinary(length=16), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_person_household_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("tombstone", name=op.f("uq_person_tombstone")),
    )
    op.create_index(op.f("ix_person_household_id"), "person", ["household_id"], unique=False)
    op.create_table(
        "place",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_place_household_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place")),
    )
    op.create_index(op.f("ix_place_household_id"), "place", ["household_id"], unique=False)
    op.create_table(
        "contact",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index(op.f("ix_contact_subject_id"), "contact", ["subject_id"], unique=False)
    op.create_table(
        "device",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=True),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("tombstone", sa.LargeBinary(length=16), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_device_household_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_device_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("tombstone", name=op.f("uq_device_tombstone")),
    )
    op.create_index(op.f("ix_device_household_id"), "device", ["household_id"], unique=False)
    op.create_index(op.f("ix_device_person_id"), "device", ["person_id"], unique=False)
    op.create_table(
        "device_agreement",
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("agreed_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("tombstone", sa.LargeBinary(length=16), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_agreement_device_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_device_agreement_person_id")),
        sa.PrimaryKeyConstraint("device_id", "person_id", name=op.f("pk_device_agreement")),
        sa.UniqueConstraint("tombstone", name=op.f("uq_device_agreement_tombstone")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("employer", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("certified_until", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("suspended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
    )


def _create_policy() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("toward", sa.String(), nullable=True),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("tombstone", sa.LargeBinary(length=16), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_consent_person_id")),
        sa.ForeignKeyConstraint(["toward"], ["person.id"], name=op.f("fk_consent_toward")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.UniqueConstraint("tombstone", name=op.f("uq_consent_tombstone")),
    )
    op.create_index("ix_consent_person_id_purpose_at", "consent", ["person_id", "purpose", "at"], unique=False)
    op.create_table(
        "retention_choice",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("choice", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("tombstone", sa.LargeBinary(length=16), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_retention_choice_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_choice")),
        sa.UniqueConstraint("tombstone", name=op.f("uq_retention_choice_tombstone")),
    )
    op.create_index("ix_retention_choice_person_id_at", "retention_choice", ["person_id", "at"], unique=False)
    op.create_table(
        "approval",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )


def _create_vault() -> None:
    op.create_table(
        "recording",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("identity_until", sa.BigInteger(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tombstone", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
        sa.UniqueConstraint("tombstone", name=op.f("uq_recording_tombstone")),
    )
    op.create_index("ix_recording_device_id_started_at", "recording", ["device_id", "started_at"], unique=False)
    op.create_index("ix_recording_expires_at", "recording", ["expires_at"], unique=False)
    op.create_index("ix_recording_identity_until", "recording", ["identity_until"], unique=False)
    op.create_index(
        "ix_recording_subject_id_started_at_id", "recording", ["subject_id", "started_at", "id"], unique=False
    )
    op.create_table(
        "artefact",
        sa.Column("recording_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("blob", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("recording_id", "kind", "version", name=op.f("pk_artefact")),
    )
    op.create_table(
        "effect",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("recording_id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effect")),
    )
    op.create_index(op.f("ix_effect_recording_id"), "effect", ["recording_id"], unique=False)
    op.create_index(op.f("ix_effect_subject_id"), "effect", ["subject_id"], unique=False)
    op.create_table(
        "audit_entry",
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "seq", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_idx"), "audit_entry", ["idx"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "epoch",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("destroyed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_epoch")),
    )
    op.create_table(
        "key_backup",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_backup")),
    )
    op.create_table(
        "erasure",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
    )
    op.create_index(op.f("ix_erasure_subject_id"), "erasure", ["subject_id"], unique=False)
    op.create_table(
        "erasure_recording",
        sa.Column("erasure_id", sa.String(), nullable=False),
        sa.Column("recording_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasure.id"], name=op.f("fk_erasure_recording_erasure_id")),
        sa.PrimaryKeyConstraint("erasure_id", "recording_id", name=op.f("pk_erasure_recording")),
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("erasure_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
    )
    op.create_index(op.f("ix_receipt_erasure_id"), "receipt", ["erasure_id"], unique=False)
    op.create_index(op.f("ix_receipt_subject_id"), "receipt", ["subject_id"], unique=False)
    op.create_table(
        "deidentified",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("handle_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("handle_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("blob", sa.String(), nullable=True),
        sa.Column("kept_week_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("tombstone", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deidentified")),
        sa.UniqueConstraint("handle_hash", name=op.f("uq_deidentified_handle_hash")),
        sa.UniqueConstraint("tombstone", name=op.f("uq_deidentified_tombstone")),
    )
    op.create_index(op.f("ix_deidentified_expires_at"), "deidentified", ["expires_at"], unique=False)


def _create_transparency() -> None:
    op.create_table(
        "promise_run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("promise", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tried", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_run")),
    )
    op.create_index(op.f("ix_promise_run_at"), "promise_run", ["at"], unique=False)
    op.create_table(
        "incident",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("reported_at", sa.BigInteger(), nullable=False),
        sa.Column("reported_by", sa.String(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    op.create_table(
        "incident_notice",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("recordings", sa.Integer(), nullable=False),
        sa.Column("prepared_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incident_notice_incident_id")),
        sa.PrimaryKeyConstraint("incident_id", "subject_id", name=op.f("pk_incident_notice")),
    )
