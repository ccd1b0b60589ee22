"""Figures of the ledger: durable appends, inclusion proofs, offline verification; beside bare libraries.

The folder given is filled and left to the caller. Verification runs in a process of its own, so that
its peak memory is its own.
"""

import json
import os
import secrets
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random

from earwitness.kernel.clock import SystemClock
from earwitness.ledger.commitments import Leaf
from earwitness.ledger.log import Log
from earwitness.ledger.signer import NoteSigner
from earwitness.storage.database import Database, sqlite_url

BATCH = 1000
SEALED_SIZE = 320
TIMED_BATCHES = 100
PROOFS = 500
PEER_APPENDS = 200_000
PEER_COMMITS = 50
FILL = 20_000

Progress = Callable[[str], None]

VERIFY = """
import json, resource, sys, time
from earwitness.ledger.verify import verify
begin = time.perf_counter()
report = verify(sys.argv[1], sys.argv[2])
seconds = time.perf_counter() - begin
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"size": report.size, "seconds": seconds, "mb": peak}))
"""


def run_ledger(folder: Path, entries: int = 1_000_000, progress: Progress = lambda _text: None) -> dict[str, float]:
    """Fill a log with ``entries`` leaves in ``folder`` and measure it.

    Returns:
        ``appends_per_s`` (batches of 1,000, each committed durably, then published with tiles and a signed
        checkpoint), ``appends_second_per_s`` (with the second copy too), ``proof_ms`` and
        ``proof_cold_ms`` (median; with warm and empty tile cache), ``verify_s`` and ``verify_mb`` (offline, own
        process), and the peers: ``peer_frontier_per_s`` (hashlib alone), ``peer_sqlite_per_s`` (sqlite3 alone:
        the same rows and batches).
    """
    signer = NoteSigner("earwitness.local/bench", secrets.token_bytes(32))
    database = Database.open(sqlite_url(folder / "data.db"))
    log = Log(database, folder / "log", signer, clock=SystemClock())
    timed = min(TIMED_BATCHES, max(1, entries // BATCH // 2))
    progress("filling")
    _fill(log, database, max(0, entries - 2 * timed * BATCH))
    progress("appending")
    appends = _appends(log, database, timed)
    with_second = _appends(
        Log(database, folder / "log", signer, clock=SystemClock(), second=folder / "second"), database, timed
    )
    progress("proving")
    warm, cold = _proofs(log)
    progress("verifying")
    seconds, megabytes = _verify(folder / "log", signer.vkey)
    database.close()
    progress("bare libraries")
    return {
        "entries": log_entries(log),
        "appends_per_s": appends,
        "appends_second_per_s": with_second,
        "proof_ms": warm,
        "proof_cold_ms": cold,
        "verify_s": seconds,
        "verify_mb": megabytes,
        "peer_frontier_per_s": _peer_frontier(),
        "peer_sqlite_per_s": _peer_sqlite(folder / "peer.db"),
    }


def log_entries(log: Log) -> int:
    """Return how many leaves the published log has."""
    checkpoint = log.published()
    return checkpoint.size if checkpoint else 0


def _leaves(count: int) -> list[Leaf]:
    return [Leaf(os.urandom(32), os.urandom(SEALED_SIZE)) for _ in range(count)]


def _fill(log: Log, database: Database, count: int) -> None:
    for at in range(0, count, FILL):
        with database.write() as tx:
            log.append(tx, _leaves(min(FILL, count - at)))
    log.publish()
    os.sync()  # or the disk would still be busy with the filling while appends are timed


def _appends(log: Log, database: Database, batches: int) -> float:
    """Return durable and published appends per second; making the leaves is not timed."""
    seconds = 0.0
    log.publish()  # a new second copy is brought up first, not counted
    for _ in range(batches):
        leaves = _leaves(BATCH)
        begin = time.perf_counter()
        with database.write() as tx:
            log.append(tx, leaves)
        log.publish()
        seconds += time.perf_counter() - begin
    return batches * BATCH / seconds


def _proofs(log: Log) -> tuple[float, float]:
    """Return the median milliseconds of a proof of a random leaf, with a warm and with an empty tile cache."""
    size, random = log_entries(log), Random(1)  # noqa: S311 - which leaves are timed is no secret
    indexes = [random.randrange(size) for _ in range(PROOFS)]
    log.proof(0)
    warm = [_proof_ms(log, index) for index in indexes]
    cold = []
    for index in indexes:
        log.forget_tiles()
        cold.append(_proof_ms(log, index))
    return statistics.median(warm), statistics.median(cold)


def _proof_ms(log: Log, index: int) -> float:
    begin = time.perf_counter()
    log.proof(index)
    return (time.perf_counter() - begin) * 1000


def _verify(folder: Path, vkey: str) -> tuple[float, float]:
    """Return seconds and peak megabytes of verifying ``folder`` in a process of its own."""
    answer = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", VERIFY, str(folder), vkey],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    figures = json.loads(answer.stdout)
    return float(figures["seconds"]), float(figures["mb"])


def _peer_frontier() -> float:
    """Return leaf appends a second into a Merkle frontier with nothing but hashlib."""
    leaves = [os.urandom(32) for _ in range(PEER_APPENDS)]
    peaks: list[bytes] = []
    begin = time.perf_counter()
    for size, leaf in enumerate(leaves):
        hash_ = sha256(b"\x00" + leaf).digest()
        carry = size
        while carry & 1:
            hash_ = sha256(b"\x01" + peaks.pop() + hash_).digest()
            carry >>= 1
        peaks.append(hash_)
    return PEER_APPENDS / (time.perf_counter() - begin)


def _peer_sqlite(path: Path) -> float:
    """Return rows a second that bare sqlite3 commits durably in the same batches."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE leaf (idx INTEGER PRIMARY KEY, commitment BLOB NOT NULL, sealed BLOB)")
    seconds, at = 0.0, 0
    for _ in range(PEER_COMMITS):
        rows = [(at + number, leaf.commitment, leaf.sealed) for number, leaf in enumerate(_leaves(BATCH))]
        at += BATCH
        begin = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO leaf VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
        seconds += time.perf_counter() - begin
    connection.close()
    return at / seconds
