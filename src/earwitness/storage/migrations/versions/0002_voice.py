"""The tables of skills: timers, alarms, lists."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create them."""
