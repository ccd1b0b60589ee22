"""The tables of skills: timers, alarms, lists."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "timer",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("left_ms", sa.BigInteger(), nullable=True),
        sa.Column("length_ms", sa.BigInteger(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("rung_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timer")),
    )
    op.create_index(op.f("ix_timer_household_id"), "timer", ["household_id"], unique=False)
    op.create_index("ix_timer_state_due_at", "timer", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_timer_subject_id"), "timer", ["subject_id"], unique=False)
    op.create_table(
        "todo_list",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_todo_list")),
    )
    op.create_index(op.f("ix_todo_list_subject_id"), "todo_list", ["subject_id"], unique=False)
    op.create_table(
        "list_item",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["list_id"], ["todo_list.id"], name=op.f("fk_list_item_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_item")),
    )
    op.create_index(op.f("ix_list_item_list_id"), "list_item", ["list_id"], unique=False)
    op.create_index(op.f("ix_list_item_subject_id"), "list_item", ["subject_id"], unique=False)
