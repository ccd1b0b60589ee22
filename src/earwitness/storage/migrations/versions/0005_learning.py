"""The tables of learning: corrections, snapshots, releases."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create them."""
