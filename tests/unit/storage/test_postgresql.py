"""What the PostgreSQL side promises beyond the common contract."""

import pytest
from sqlalchemy import Connection, create_engine, text

from earwitness.kernel.errors import StorageBusy, StorageError, StorageFull
from earwitness.storage.database import Database, lock_key
from earwitness.testing.servers import PostgresServer


def show(database: Database, setting: str) -> str:
    with database.write() as tx:
        return str(tx.execute(text(f"SHOW {setting}")).scalar_one())


def run(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as tx:
        tx.execute(text(statement))
    engine.dispose()


def test_a_commit_waits_for_the_disk_even_where_the_database_says_otherwise(postgresql_url: str) -> None:
    name = postgresql_url.partition("@/")[2].partition("?")[0]
    run(postgresql_url, f"ALTER DATABASE {name} SET synchronous_commit = off")
    database = Database.open(postgresql_url)
    assert show(database, "synchronous_commit") == "on"
    database.close()


def test_a_stricter_setting_is_kept(postgresql_url: str) -> None:
    name = postgresql_url.partition("@/")[2].partition("?")[0]
    run(postgresql_url, f"ALTER DATABASE {name} SET synchronous_commit = remote_apply")
    database = Database.open(postgresql_url)
    assert show(database, "synchronous_commit") == "remote_apply"
    database.close()


def test_a_reader_cannot_write(postgresql_database: Database) -> None:
    with pytest.raises(Exception, match="read-only transaction"), postgresql_database.read() as tx:
        tx.execute(text("DELETE FROM meta"))


def test_a_writer_after_a_reader_can(postgresql_database: Database) -> None:
    for _ in range(3):
        with postgresql_database.read() as tx:
            assert tx.execute(text("SHOW transaction_isolation")).scalar_one() == "repeatable read"
        with postgresql_database.write() as tx:
            assert tx.execute(text("SHOW transaction_isolation")).scalar_one() == "read committed"
            tx.execute(text("DELETE FROM meta"))


def test_a_lock_has_the_same_number_in_every_process() -> None:
    assert lock_key("ledger") == lock_key("ledger")
    assert lock_key("ledger") != lock_key("schema")
    assert all(-(2**63) <= lock_key(str(n)) < 2**63 for n in range(200))
    assert lock_key("ledger") == -5910017760968451992  # as in every other release


@pytest.mark.parametrize(
    ("state", "error"), [("53100", StorageFull), ("55P03", StorageBusy), ("40P01", StorageBusy), ("57P03", StorageBusy)]
)
def test_the_servers_failures_are_told_in_our_words(
    postgresql_database: Database, state: str, error: type[StorageError]
) -> None:
    raise_it = text(f"DO $$ BEGIN RAISE EXCEPTION 'quoted text' USING ERRCODE = '{state}'; END $$")
    with pytest.raises(error) as told, postgresql_database.write() as tx:
        tx.execute(raise_it)
    assert "quoted text" not in str(told.value)


def test_a_server_that_is_not_there_is_told_without_the_password(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(StorageError, match=r"PostgreSQL at the local socket does not answer") as gone:
        Database.open(f"postgresql://someone:hidden@/nothing?host={tmp_path_factory.mktemp('none')}")
    assert "database_url" in gone.value.next_step
    assert "hidden" not in str(gone.value)


def test_connections_the_server_dropped_are_replaced(
    postgresql_database: Database, postgresql_server: PostgresServer
) -> None:
    with postgresql_database.read() as tx:
        tx.execute(text("SELECT 1"))
    run(
        postgresql_server.url("postgres"),
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test_%'",
    )
    with postgresql_database.read() as tx:
        assert tx.execute(text("SELECT 1")).scalar_one() == 1


def test_a_lock_that_does_not_come_free_is_busy(postgresql_database: Database) -> None:
    with postgresql_database.write() as tx:
        postgresql_database.serialize(tx, "ledger")
        with pytest.raises(StorageBusy), postgresql_database.write() as other:
            take_impatiently(postgresql_database, other)


def take_impatiently(database: Database, tx: Connection) -> None:
    tx.execute(text("SET LOCAL lock_timeout = '20ms'"))
    database.serialize(tx, "ledger")
