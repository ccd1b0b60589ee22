"""What the house relies on from a database, held against SQLite and a real PostgreSQL."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from earwitness.kernel.errors import BadInput
from earwitness.storage.database import Database
from earwitness.storage.schema import household, ledger_leaf, meta, person


def put(tx: Connection, key: str, value: str = "") -> None:
    tx.execute(meta.insert(), {"key": key, "value": value})


def put_and_fail(tx: Connection) -> None:
    put(tx, "a")
    raise InterruptedError


def put_twice(tx: Connection, key: str) -> None:
    put(tx, key)
    put(tx, key)


def keys(tx: Connection) -> list[str]:
    return list(tx.execute(select(meta.c.key).order_by(meta.c.key)).scalars())


def test_what_was_committed_is_read_afterwards(fresh_database: Database) -> None:
    with fresh_database.write() as tx:
        put(tx, "a")
    with fresh_database.read() as tx:
        assert keys(tx) == ["a"]


def test_an_error_inside_takes_everything_back(fresh_database: Database) -> None:
    with pytest.raises(InterruptedError), fresh_database.write() as tx:
        put_and_fail(tx)
    with fresh_database.read() as tx:
        assert keys(tx) == []


def test_a_writer_sees_its_own_rows_and_others_do_not_until_it_commits(fresh_database: Database) -> None:
    with fresh_database.write() as tx:
        put(tx, "a")
        assert keys(tx) == ["a"]
        with fresh_database.read() as other:
            assert keys(other) == []


def test_a_reader_sees_one_moment_while_others_write(fresh_database: Database) -> None:
    with fresh_database.read() as tx:
        before = keys(tx)
        with fresh_database.write() as other:
            put(other, "a")
        assert keys(tx) == before == []
    with fresh_database.read() as tx:
        assert keys(tx) == ["a"]


def test_a_broken_constraint_reaches_the_caller_as_such(fresh_database: Database) -> None:
    with fresh_database.write() as tx:
        put(tx, "a")
    with pytest.raises(IntegrityError), fresh_database.write() as tx:
        put(tx, "a")
    with fresh_database.write() as tx:
        put(tx, "b")
    with fresh_database.read() as tx:
        assert keys(tx) == ["a", "b"]


def test_foreign_keys_are_held(fresh_database: Database) -> None:
    row = {
        "id": "p",
        "household_id": "nowhere",
        "role": "owner",
        "age": "adult",
        "created_at": 1,
        "tombstone": b"t" * 16,
    }
    with pytest.raises(IntegrityError), fresh_database.write() as tx:
        tx.execute(person.insert(), row)


def test_a_savepoint_gives_up_a_part_only(fresh_database: Database) -> None:
    with fresh_database.write() as tx:
        put(tx, "a")
        with pytest.raises(IntegrityError), tx.begin_nested():
            put_twice(tx, "b")
        put(tx, "c")
    with fresh_database.read() as tx:
        assert keys(tx) == ["a", "c"]


def test_bytes_come_back_as_bytes_and_large_numbers_whole(fresh_database: Database) -> None:
    sealed = bytes(range(256)) * 8
    with fresh_database.write() as tx:
        row = {"id": "h", "kind": "home", "sealed": sealed, "created_at": 2**53, "tombstone": b"\0" * 16}
        tx.execute(household.insert(), row)
    with fresh_database.read() as tx:
        found = tx.execute(select(household)).one()
    assert (found.sealed, found.created_at, found.tombstone) == (sealed, 2**53, b"\0" * 16)
    assert type(found.sealed) is bytes


def test_indexes_of_the_log_are_taken_as_given(fresh_database: Database) -> None:
    with fresh_database.write() as tx:
        tx.execute(insert(ledger_leaf), [{"idx": n, "commitment": b"c" * 32, "sealed": None} for n in (0, 1, 2**40)])
    with fresh_database.read() as tx:
        assert list(tx.execute(select(ledger_leaf.c.idx).order_by(ledger_leaf.c.idx)).scalars()) == [0, 1, 2**40]


def test_a_thousand_rows_go_in_one_call(fresh_database: Database) -> None:
    rows = [{"idx": n, "commitment": n.to_bytes(32, "big"), "sealed": b"s"} for n in range(1000)]
    with fresh_database.write() as tx:
        tx.execute(insert(ledger_leaf), rows)
    with fresh_database.read() as tx:
        assert tx.execute(select(func.count()).select_from(ledger_leaf)).scalar_one() == 1000


def test_serialized_writers_of_many_threads_lose_no_update(fresh_database: Database) -> None:
    with fresh_database.write() as tx:
        put(tx, "counter", "0")

    def add_one(_: int) -> None:
        with fresh_database.write() as tx:
            fresh_database.serialize(tx, "counter")
            value = int(tx.execute(select(meta.c.value).where(meta.c.key == "counter")).scalar_one())
            tx.execute(update(meta).where(meta.c.key == "counter").values(value=str(value + 1)))

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(add_one, range(60)))
    with fresh_database.read() as tx:
        assert tx.execute(select(meta.c.value)).scalar_one() == "60"


def test_two_openings_serialize_with_each_other(fresh_url: str) -> None:
    first, second = Database.open(fresh_url), Database.open(fresh_url)
    order: list[str] = []
    inside = threading.Event()

    def later() -> None:
        inside.wait()
        with second.write() as tx:
            second.serialize(tx, "name")
            order.append("second")

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(later)
        with first.write() as tx:
            first.serialize(tx, "name")
            inside.set()
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.1)
            order.append("first")
        waiting.result(timeout=20)
    first.close()
    second.close()
    assert order == ["first", "second"]


def test_more_threads_than_connections_read_at_once(fresh_database: Database) -> None:
    gate = threading.Barrier(24)

    def work(_: int) -> int:
        with fresh_database.read() as tx:
            gate.wait(20)
            return tx.execute(select(func.count()).select_from(meta)).scalar_one()

    with ThreadPoolExecutor(24) as threads:
        assert list(threads.map(work, range(24))) == [0] * 24


def test_opening_again_finds_what_was_there(fresh_url: str) -> None:
    first = Database.open(fresh_url)
    with first.write() as tx:
        put(tx, "a")
    first.close()
    second = Database.open(fresh_url)
    with second.read() as tx:
        assert keys(tx) == ["a"]
    second.close()


def test_the_url_and_the_dialect_are_told(fresh_database: Database) -> None:
    assert fresh_database.url.startswith(fresh_database.dialect)


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "postgresql+asyncpg://h/d"]
)
def test_any_other_url_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="database URL"):
        Database.open(url)
