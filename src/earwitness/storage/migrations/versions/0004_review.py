"""The tables of review: frames, draws, leases, annotations, escalations."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create them."""
