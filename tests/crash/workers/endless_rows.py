"""Insert rows until killed. `lazy` acknowledges a row before it is committed: that must be caught."""

import itertools
import os
import sqlite3
import sys
from pathlib import Path

from earwitness.testing.crash.facts import acknowledged, trying

folder, how = Path(sys.argv[1]), sys.argv[2]
connection = sqlite3.connect(folder / "rows.db", isolation_level=None, timeout=30)
connection.execute("PRAGMA journal_mode=WAL")
connection.execute("PRAGMA synchronous=FULL")
connection.execute("CREATE TABLE IF NOT EXISTS row (name TEXT PRIMARY KEY)")
for number in itertools.count():
    name = f"{os.getpid()}-{number}"
    trying("row", name)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO row VALUES (?)", (name,))
    if how == "lazy":
        acknowledged("row", name)
    connection.execute("COMMIT")
    if how != "lazy":
        acknowledged("row", name)
    if how == "short" and number == 3:
        break
    if how == "failing" and number == 3:
        sys.exit("this worker gives up")
