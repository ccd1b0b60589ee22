"""Run the version scripts with Alembic, inside the caller's transaction and without its env.py."""

from pathlib import Path

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from earwitness.storage.schema import metadata


def scripts() -> ScriptDirectory:
    """Return the version scripts that come with this release."""
    return ScriptDirectory(str(Path(__file__).parent))


def upgrade(tx: Connection, target: str) -> None:
    """Apply every script from the database's version up to ``target``."""
    directory = scripts()
    steps = EnvironmentContext(
        Config(),
        directory,
        fn=lambda revision, _: directory._upgrade_revs(target, revision),  # noqa: SLF001 - as alembic.command.upgrade
        destination_rev=target,
    )
    with steps:
        steps.configure(connection=tx, target_metadata=metadata)
        steps.run_migrations()
