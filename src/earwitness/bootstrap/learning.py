"""Learning over an open house, put together; what takes long to load is loaded when something is learned."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from earwitness.identity.changes import ChangeRecord, RecordChange
from earwitness.kernel.clock import Clock
from earwitness.learning.forget import Forgetting
from earwitness.learning.learner import Learning
from earwitness.learning.release import Releases
from earwitness.learning.shelf import Shelf
from earwitness.learning.snapshot import Snapshots
from earwitness.ledger.log import Log
from earwitness.storage.database import Database
from earwitness.vault.keyring import Keyring
from earwitness.vault.reading import Reading

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from earwitness.learning.adapt.language import Language


def open_learning(  # noqa: PLR0913, PLR0917 - the vault's parts are handed down one by one, so that each can be seen
    data: Path, database: Database, log: Log, keyring: Keyring, reading: Reading, clock: Clock
) -> Learning:
    """Put the room together."""
    releases = Releases(database, log, Shelf(data, keyring), clock)
    return Learning(Snapshots(database, reading, clock), releases, data / "run" / "learning", _language(data))


def noticing(forgetting: Forgetting, record: RecordChange) -> RecordChange:
    """Record changes of consent, and let forgetting take notice in the same transaction."""

    def both(tx: "Connection", change: ChangeRecord) -> None:
        record(tx, change)
        forgetting.changed(tx, change)

    return both


def _language(data: Path) -> Callable[[str], "Language"]:
    def of(_subject: str) -> "Language":
        from earwitness.learning.adapt.language import Language  # noqa: PLC0415 - loads the sentences' engine

        folder = data / "sentences"
        return Language((folder,) if folder.is_dir() else ())

    return of
