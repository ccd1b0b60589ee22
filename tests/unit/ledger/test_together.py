"""Threads and instances that append and publish at once, as several processes on one folder do."""

import threading
from pathlib import Path

from earwitness.ledger.proof import verify_receipt
from earwitness.storage.database import Database
from earwitness.testing.clock import VirtualClock
from earwitness.testing.ledgers import append, numbered_leaf, open_log, verify_everything

THREADS, ROUNDS = 4, 6


def test_appending_and_publishing_at_once_gives_one_history(
    fresh_database: Database, tmp_path: Path, virtual_clock: VirtualClock
) -> None:
    failures: list[BaseException] = []
    taken: list[int] = []

    def work() -> None:
        log = open_log(fresh_database, tmp_path / "log", virtual_clock, second=tmp_path / "second")
        try:
            for round_ in range(ROUNDS):
                mine = append(log, fresh_database, 40 + round_)
                taken.extend(mine)
                assert log.publish(require_second=True).size >= mine.stop
                leaf = numbered_leaf(mine.start).commitment
                assert verify_receipt(log.receipt(mine.start, leaf), log.signer.key, leaf).index == mine.start
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    log = open_log(fresh_database, tmp_path / "log", virtual_clock, second=tmp_path / "second")
    assert sorted(taken) == list(range(log.size()))
    assert log.publish().size == THREADS * sum(40 + round_ for round_ in range(ROUNDS))
    assert verify_everything(log).size == log.size()
    with fresh_database.read() as tx:
        assert log.leaves(tx, [7])[0] == numbered_leaf(7)
