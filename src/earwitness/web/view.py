"""What the hub's pages show of an installation, taken from its parts. Counts and versions, nobody's data."""

from dataclasses import dataclass
from pathlib import Path

from earwitness.kernel.errors import RowCorrupt
from earwitness.ledger.log import Log
from earwitness.storage import migration
from earwitness.storage.database import Database
from earwitness.transparency.register import Result, Results
from earwitness.vault.keyring import Keyring
from earwitness.web.hub import Health


@dataclass(frozen=True, slots=True)
class View:
    """Serves :class:`earwitness.web.hub.House` from the parts that bootstrap made."""

    data: Path
    database: Database
    log: Log
    keyring: Keyring

    def promise_results(self) -> list[Result]:
        """Every promise with the result of its last run."""
        return Results(self.database).latest()

    def health(self) -> Health:
        """Ask the database, the log and the keyring.

        Raises:
            EarwitnessError: one of them does not answer.
        """
        with self.database.read() as tx:
            schema = migration.version(tx)
        if schema is None:
            raise RowCorrupt("The database has lost its schema version.", next_step="Restore it from a backup.")
        return Health(schema=schema, ledger_size=self.log.size(), epoch=self.keyring.epoch)
