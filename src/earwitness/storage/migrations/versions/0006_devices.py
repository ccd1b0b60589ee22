"""The tables of devices beyond their mode: pairing, and what is known of each."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "device_pairing",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("paired_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("tombstone", sa.LargeBinary(length=16), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_pairing_device_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_pairing")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_device_pairing_token_hash")),
        sa.UniqueConstraint("tombstone", name=op.f("uq_device_pairing_tombstone")),
    )
    op.create_index(op.f("ix_device_pairing_device_id"), "device_pairing", ["device_id"], unique=False)
    op.create_table(
        "device_report",
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("listens", sa.String(), nullable=False),
        sa.Column("radios", sa.Text(), nullable=False),
        sa.Column("wake_words", sa.Text(), nullable=False),
        sa.Column("muted", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_report_device_id")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_report")),
    )
    op.create_table(
        "device_choice",
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("wake_word", sa.String(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_device_choice_device_id")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_choice")),
    )
