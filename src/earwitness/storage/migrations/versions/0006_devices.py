"""The tables of devices beyond their mode: pairing, and what is known of each."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create them."""
