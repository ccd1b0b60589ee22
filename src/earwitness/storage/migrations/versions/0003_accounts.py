"""The tables of sign-in: accounts, second factors, sessions."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create them."""
