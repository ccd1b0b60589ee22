"""Carry on where a killed process left folders that it had made but not yet synced into their parent."""

import os
import sys
from pathlib import Path

from earwitness.kernel.clock import SystemClock
from earwitness.ledger.log import Leaf, Log
from earwitness.ledger.signer import load_signer
from earwitness.storage.blobs import LocalBlobs
from earwitness.storage.database import Database, sqlite_url
from earwitness.testing.crash.facts import acknowledged

folder = Path(sys.argv[1])
for name in ("blobs/ab", "log/tile", "log/tile/0", "log/tile/entries", "log/tombstones"):
    os.mkdir(folder / name)  # noqa: PTH102 - as the killed process did, and no fsync after it

LocalBlobs(folder / "blobs").put("ab/abcdefgh00", b"sealed")
acknowledged("blob")
database = Database.open(sqlite_url(folder / "data.db"))
log = Log(database, folder / "log", load_signer(folder / "log.key"), clock=SystemClock())
with database.write() as tx:
    log.append(tx, [Leaf(bytes(32), b"sealed")])
log.publish()
acknowledged("shown")
database.close()
