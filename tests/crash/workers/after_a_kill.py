"""Carry on where a killed process left folders that it had made but not yet synced into their parent."""

import os
import sys
from pathlib import Path

from earwitness.ledger.writer import FolderWriter
from earwitness.storage.blobs import LocalBlobs
from earwitness.testing.crash.facts import acknowledged

folder = Path(sys.argv[1])
for name in ("blobs/ab", "log/tile", "log/tile/entries"):
    os.mkdir(folder / name)  # noqa: PTH102 - as the killed process did, and no fsync after it

LocalBlobs(folder / "blobs").put("ab/abcdefgh00", b"sealed")
acknowledged("blob")
writer = FolderWriter(folder / "log")
writer.begin()
writer.add("tile/entries/000", b"leaves")
writer.settle()
acknowledged("tile")
