"""Logs for tests: fixed keys, leaves that say their own number, and the check that ends every test."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from earwitness.kernel.clock import Clock
from earwitness.ledger.commitments import Leaf
from earwitness.ledger.log import Log
from earwitness.ledger.notes import KeyType
from earwitness.ledger.signer import NoteSigner
from earwitness.ledger.verify import VerifyReport, verify
from earwitness.ledger.witness import Witness
from earwitness.storage.database import Database

LOG_NAME = "earwitness.test/log"


def fixed_signer(name: str = LOG_NAME, type_: KeyType = KeyType.ED25519) -> NoteSigner:
    """Return a signer whose key follows from its name."""
    return NoteSigner(name, hashlib.sha256(name.encode()).digest(), type_)


def open_log(
    database: Database, folder: Path, clock: Clock, *, second: Path | None = None, witnesses: Sequence[Witness] = ()
) -> Log:
    """Return a log of the test signer's in ``folder``."""
    return Log(database, folder, fixed_signer(), clock=clock, second=second, witnesses=witnesses)


def numbered_leaf(number: int) -> Leaf:
    """Return a leaf that no other number has."""
    digest = hashlib.sha256(f"leaf {number}".encode()).digest()
    return Leaf(digest, b"sealed " + digest[: number % 32])


def numbered_id(number: int) -> bytes:
    """Return a tombstone's id that no other number has."""
    return hashlib.sha256(f"tombstone {number}".encode()).digest()[:16]


def append(log: Log, database: Database, leaves: int, tombstones: int = 0) -> range:
    """Append leaves numbered by their index, then tombstones likewise, in one transaction."""
    with database.write() as tx:
        start = log.append(tx, []).start
        log.append(tx, [numbered_leaf(index) for index in range(start, start + leaves)])
        end = start + leaves
        log.bury(tx, [numbered_id(index) for index in range(end, end + tombstones)])
    return range(start, end + tombstones)


def verify_everything(log: Log) -> VerifyReport:
    """Verify the published folder and the second copy from their files, and that they agree.

    Raises:
        AssertionError: the copies differ.
    """
    report = verify(log.folder, log.signer.vkey)
    if log.second is not None:
        copy = verify(log.second, log.signer.vkey)
        if (copy.size, copy.root) != (report.size, report.root):
            raise AssertionError(f"The second copy has {copy.size} leaves, the first {report.size}.")
    return report
