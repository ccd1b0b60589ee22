"""The tables of learning: snapshots, examples by id, releases, their files, what was asked to be forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create them."""
    _create_learning_snapshot()
    _create_learning_example()
    _create_learning_release()
    _create_learning_file()
    _create_learning_forgotten()


def _create_learning_snapshot() -> None:
    op.create_table(
        "learning_snapshot",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_snapshot")),
    )
    op.create_index(op.f("ix_learning_snapshot_subject_id"), "learning_snapshot", ["subject_id"], unique=False)


def _create_learning_example() -> None:
    op.create_table(
        "learning_example",
        sa.Column("snapshot_id", sa.String(), nullable=False),
        sa.Column("recording_id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["learning_snapshot.id"], name=op.f("fk_learning_example_snapshot_id")
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "recording_id", name=op.f("pk_learning_example")),
    )
    op.create_index("ix_learning_example_recording_id", "learning_example", ["recording_id"], unique=False)
    op.create_index(op.f("ix_learning_example_subject_id"), "learning_example", ["subject_id"], unique=False)


def _create_learning_release() -> None:
    op.create_table(
        "learning_release",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("snapshot_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("activated_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("destroyed_idx", sa.BigInteger(), nullable=True),
        sa.Column("destroyed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["learning_snapshot.id"], name=op.f("fk_learning_release_snapshot_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning_release")),
    )
    op.create_index(op.f("ix_learning_release_subject_id"), "learning_release", ["subject_id"], unique=False)


def _create_learning_file() -> None:
    op.create_table(
        "learning_file",
        sa.Column("release_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("sealed_sha256", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["learning_release.id"], name=op.f("fk_learning_file_release_id")),
        sa.PrimaryKeyConstraint("release_id", "name", name=op.f("pk_learning_file")),
    )


def _create_learning_forgotten() -> None:
    op.create_table(
        "learning_forgotten",
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_learning_forgotten")),
    )
