"""The log, with the power cut at every write of appending and publishing.

What was appended stays; a checkpoint that was shown stays a prefix of what comes later; the folder
verifies with no database whenever it shows a checkpoint at all, and so does the second copy.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from earwitness.kernel.clock import SystemClock
from earwitness.ledger.log import Log
from earwitness.ledger.merkle import leaf_hash, tree_root
from earwitness.ledger.signer import NoteSigner, create_signer
from earwitness.ledger.verify import VerifyReport, verify
from earwitness.storage.database import Database, sqlite_url
from earwitness.testing.crash.facts import Fact, acknowledged_of
from earwitness.testing.crash.power_cut import Left, Plan, check_every_cut
from earwitness.testing.crash.record import record

WORKER = Path(__file__).parent / "workers" / "ledger.py"


def open_log(folder: Path, signer: NoteSigner) -> tuple[Database, Log]:
    database = Database.open(sqlite_url(folder / "data.db"))
    return database, Log(database, folder / "log", signer, clock=SystemClock(), second=folder / "second")


def reports(folder: Path, signer: NoteSigner) -> list[VerifyReport]:
    return [verify(copy, signer.vkey) for copy in (folder / "log", folder / "second") if (copy / "checkpoint").exists()]


def root_at(log: Log, database: Database, size: int) -> bytes:
    with database.read() as tx:
        return tree_root([leaf_hash(leaf.commitment) for leaf in log.leaves(tx, range(size))])


def log_is_right(folder: Path, facts: Sequence[Fact], signer: NoteSigner) -> None:
    shown = [(int(size), bytes.fromhex(root)) for size, root in acknowledged_of(facts, "shown")]
    before = reports(folder, signer)
    if shown:
        assert len(before) == 2
        assert min(report.size for report in before) >= shown[-1][0]
    database, log = open_log(folder, signer)
    try:
        with database.read() as tx:
            for _, index, commitment in acknowledged_of(facts, "append"):
                assert log.leaves(tx, [int(index)])[0].commitment.hex() == commitment
        for size, root in [*shown, *((report.size, report.root) for report in before)]:
            assert root_at(log, database, size) == root
        now = log.publish(require_second=True)
        assert now.size == log.size()
    finally:
        database.close()
    assert [(report.size, report.root) for report in reports(folder, signer)] == [(now.size, now.root)] * 2


def test_the_log_survives_every_cut(tmp_path: Path, scratch: Path) -> None:
    folder = tmp_path / "data"
    signer = create_signer(folder / "log.key", "earwitness.test/crash")
    database, log = open_log(folder, signer)
    log.publish()
    database.close()
    recording = record([sys.executable, WORKER, folder], folder)
    tally = check_every_cut(
        recording, lambda state, facts: log_is_right(state, facts, signer), scratch, Plan(partial=1, most=60)
    )
    assert tally.checked[Left.SYNCED] > 40
    assert tally.checked[Left.WRITTEN] > 50
    assert tally.checked[Left.PARTIAL] > 40
