"""The tables of the voice loop: pairing tokens and what is known of devices, timers and lists."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create them."""
