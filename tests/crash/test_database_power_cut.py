"""A database that is being made or written when the power is cut opens again, with all that was committed."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select, text

from earwitness.storage.database import Database, sqlite_url
from earwitness.storage.migration import HEAD, version
from earwitness.storage.schema import meta
from earwitness.testing.crash.facts import Fact, acknowledged_of, tried_of
from earwitness.testing.crash.power_cut import Left, Plan, check_every_cut
from earwitness.testing.crash.record import record

WORKER = Path(__file__).parent / "workers" / "database.py"


def database_is_right(folder: Path, facts: Sequence[Fact]) -> None:
    database = Database.open(sqlite_url(folder / "data.db"))
    try:
        with database.read() as tx:
            assert version(tx) == HEAD
            assert tx.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
            rows = Counter(key.split()[0] for key in tx.execute(select(meta.c.key)).scalars())
    finally:
        database.close()
    assert set(rows.values()) <= {10}
    assert {number for (number,) in acknowledged_of(facts, "row")} <= set(rows)
    assert set(rows) <= {number for (number,) in tried_of(facts, "row")}


def test_a_new_database_survives_every_cut(tmp_path: Path, scratch: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    recording = record([sys.executable, WORKER, folder], folder)
    tally = check_every_cut(recording, database_is_right, scratch, Plan(partial=1, most=60))
    assert tally.checked[Left.SYNCED] >= 8  # few fsyncs, so few states that differ
    assert tally.checked[Left.WRITTEN] > 50
    assert tally.checked[Left.PARTIAL] > 50
