"""What the house relies on from a database, held against SQLite and a real PostgreSQL."""

from sqlalchemy import func, select

from earwitness.storage.database import Database
from earwitness.storage.schema import meta


def test_a_committed_row_is_read_by_the_next_transaction(fresh_database: Database) -> None:
    with fresh_database.write() as tx:
        tx.execute(meta.insert(), {"key": "a", "value": "1"})
    with fresh_database.read() as tx:
        assert tx.execute(select(func.count()).select_from(meta)).scalar_one() == 1
