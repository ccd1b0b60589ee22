"""The tables of review: frames, draws, leases, annotations, escalations."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create them."""
    _create_review_draw()
    _create_review_frame()
    _create_review_clip()
    _create_review_person()
    _create_review_hearing()
    _create_review_annotation()
    _create_review_escalation()
    _create_review_notice()
    _create_review_unsure()
    _create_listening_budget()


def _create_review_draw() -> None:
    op.create_table(
        "review_draw",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("trial", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.LargeBinary(length=32), nullable=False),
        sa.Column("commit_idx", sa.BigInteger(), nullable=False),
        sa.Column("commit_body", sa.LargeBinary(), nullable=False),
        sa.Column("committed_at", sa.BigInteger(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("frame_idx", sa.BigInteger(), nullable=True),
        sa.Column("frame_body", sa.LargeBinary(), nullable=True),
        sa.Column("frozen_at", sa.BigInteger(), nullable=True),
        sa.Column("checkpoint", sa.LargeBinary(), nullable=True),
        sa.Column("result_idx", sa.BigInteger(), nullable=True),
        sa.Column("result_body", sa.LargeBinary(), nullable=True),
        sa.Column("drawn_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_draw")),
    )


def _create_review_frame() -> None:
    op.create_table(
        "review_frame",
        sa.Column("draw_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.String(), nullable=True),
        sa.Column("handle", sa.LargeBinary(length=16), nullable=False),
        sa.Column("grp", sa.Integer(), nullable=False),
        sa.Column("quota", sa.Integer(), nullable=False),
        sa.Column("unsure", sa.Integer(), nullable=False),
        sa.Column("pi", sa.Float(), nullable=True),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["draw_id"], ["review_draw.id"], name=op.f("fk_review_frame_draw_id")),
        sa.PrimaryKeyConstraint("draw_id", "position", name=op.f("pk_review_frame")),
    )
    op.create_index(op.f("ix_review_frame_recording_id"), "review_frame", ["recording_id"], unique=False)


def _create_review_clip() -> None:
    op.create_table(
        "review_clip",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("draw_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("pi", sa.Float(), nullable=False),
        sa.Column("drawn_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_by", sa.String(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("heard_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["draw_id"], ["review_draw.id"], name=op.f("fk_review_clip_draw_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_clip")),
        sa.UniqueConstraint("draw_id", "position", name=op.f("uq_review_clip_draw_id_position")),
    )
    op.create_index(op.f("ix_review_clip_recording_id"), "review_clip", ["recording_id"], unique=False)
    op.create_index("ix_review_clip_state_lease_until", "review_clip", ["state", "lease_until"], unique=False)


def _create_review_person() -> None:
    op.create_table(
        "review_person",
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("drawn_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["clip_id"], ["review_clip.id"], name=op.f("fk_review_person_clip_id")),
        sa.PrimaryKeyConstraint("clip_id", "person_id", name=op.f("pk_review_person")),
    )
    op.create_index("ix_review_person_person_id_drawn_at", "review_person", ["person_id", "drawn_at"], unique=False)


def _create_review_hearing() -> None:
    op.create_table(
        "review_hearing",
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("reviewer_id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["clip_id"], ["review_clip.id"], name=op.f("fk_review_hearing_clip_id")),
        sa.PrimaryKeyConstraint("clip_id", "person_id", "reviewer_id", name=op.f("pk_review_hearing")),
    )
    op.create_index("ix_review_hearing_person_id_at", "review_hearing", ["person_id", "at"], unique=False)
    op.create_index(
        "ix_review_hearing_reviewer_id_person_id", "review_hearing", ["reviewer_id", "person_id"], unique=False
    )


def _create_review_annotation() -> None:
    op.create_table(
        "review_annotation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.Column("recording_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("spent_ms", sa.Integer(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("intent_right", sa.Boolean(), nullable=True),
        sa.Column("wake", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["clip_id"], ["review_clip.id"], name=op.f("fk_review_annotation_clip_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_annotation")),
        sa.UniqueConstraint("clip_id", name=op.f("uq_review_annotation_clip_id")),
    )
    op.create_index(op.f("ix_review_annotation_recording_id"), "review_annotation", ["recording_id"], unique=False)
    op.create_index(op.f("ix_review_annotation_reviewer_id"), "review_annotation", ["reviewer_id"], unique=False)


def _create_review_escalation() -> None:
    op.create_table(
        "review_escalation",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("clip_id", sa.String(), nullable=False),
        sa.Column("recording_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("reviewer_id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["clip_id"], ["review_clip.id"], name=op.f("fk_review_escalation_clip_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_escalation")),
        sa.UniqueConstraint("clip_id", name=op.f("uq_review_escalation_clip_id")),
    )
    op.create_index(op.f("ix_review_escalation_recording_id"), "review_escalation", ["recording_id"], unique=False)


def _create_review_notice() -> None:
    op.create_table(
        "review_notice",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("recording", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_notice")),
    )
    op.create_index(op.f("ix_review_notice_subject_id"), "review_notice", ["subject_id"], unique=False)


def _create_review_unsure() -> None:
    op.create_table(
        "review_unsure",
        sa.Column("recording_id", sa.String(), nullable=False),
        sa.Column("unsure", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_review_unsure")),
    )


def _create_listening_budget() -> None:
    op.create_table(
        "listening_budget",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("clips", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("tombstone", sa.LargeBinary(length=16), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_listening_budget_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listening_budget")),
        sa.UniqueConstraint("tombstone", name=op.f("uq_listening_budget_tombstone")),
    )
    op.create_index(op.f("ix_listening_budget_person_id"), "listening_budget", ["person_id"], unique=False)
