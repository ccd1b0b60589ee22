"""Learning over an open house, put together; what takes long to load is loaded when something is learned."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from earwitness.identity.changes import ChangeRecord, RecordChange
from earwitness.jobs.work import Handlers
from earwitness.kernel.clock import Clock
from earwitness.learning.forget import Forgetting
from earwitness.learning.learner import Learning
from earwitness.learning.release import Releases
from earwitness.learning.shelf import Shelf
from earwitness.learning.snapshot import Snapshots
from earwitness.ledger.log import Log
from earwitness.policy.access import Access
from earwitness.storage.database import Database
from earwitness.vault.audit import Audit
from earwitness.vault.keyring import Keyring
from earwitness.vault.reading import Reading

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from earwitness.learning.adapt.language import Language


@dataclass(frozen=True, slots=True)
class LearningRoom:
    """Learning, and forgetting what was learned."""

    learning: Learning
    forgetting: Forgetting


def open_learning(  # noqa: PLR0913, PLR0917 - the vault's parts are handed down one by one, so that each can be seen
    data: Path,
    database: Database,
    log: Log,
    keyring: Keyring,
    reading: Reading,
    access: Access,
    audit: Audit,
    clock: Clock,
) -> LearningRoom:
    """Put the room together."""
    releases = Releases(database, log, Shelf(data, keyring), clock)
    learning = Learning(Snapshots(database, reading, clock), releases, data / "run" / "learning", _language(data))
    return LearningRoom(learning, Forgetting(database, learning, access, audit, clock))


def noticing(forgetting: Forgetting, record: RecordChange) -> RecordChange:
    """Record changes of consent, and let forgetting take notice in the same transaction."""

    def both(tx: "Connection", change: ChangeRecord) -> None:
        record(tx, change)
        forgetting.changed(tx, change)

    return both


def take_learning_duties(handlers: Handlers, room: LearningRoom) -> None:
    """Say what this process does for learning's work rows."""
    for kind, handler in room.forgetting.handlers().items():
        handlers.add(kind, handler)


def _language(data: Path) -> Callable[[str], "Language"]:
    def of(_subject: str) -> "Language":
        from earwitness.learning.adapt.language import Language  # noqa: PLC0415 - loads the sentences' engine

        folder = data / "sentences"
        return Language((folder,) if folder.is_dir() else ())

    return of
