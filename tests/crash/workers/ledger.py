"""Append to a log and publish it, over the edge of a full tile."""

import hashlib
import sys
from pathlib import Path

from earwitness.kernel.clock import SystemClock
from earwitness.ledger.log import Leaf, Log
from earwitness.ledger.signer import load_signer
from earwitness.storage.database import Database, sqlite_url
from earwitness.testing.crash.facts import acknowledged, trying

folder = Path(sys.argv[1])
database = Database.open(sqlite_url(folder / "data.db"))
log = Log(database, folder / "log", load_signer(folder / "log.key"), clock=SystemClock(), second=folder / "second")
begin = log.size()
for batch, count in enumerate([1, 3, 120, 135, 2, 1]):
    trying("append", str(batch))
    with database.write() as tx:
        leaves = [
            Leaf(hashlib.sha256(f"{begin} {batch} {number}".encode()).digest(), b"sealed" * 5)
            for number in range(count)
        ]
        indexes = log.append(tx, leaves)
        buried = log.bury(tx, [hashlib.sha256(f"{begin} {batch}".encode()).digest()[:16]])
    acknowledged("append", str(batch), str(indexes.start), leaves[0].commitment.hex())
    acknowledged("append", str(batch), str(indexes.stop - 1), leaves[-1].commitment.hex())
    acknowledged("bury", str(buried.start))
    if batch != 2:
        shown = log.publish(require_second=True)
        acknowledged("shown", str(shown.size), shown.root.hex())
database.close()
