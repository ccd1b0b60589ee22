"""Insert rows into a SQLite database in WAL mode, at the `synchronous` level that is given."""

import sqlite3
import sys
from pathlib import Path

from earwitness.testing.crash.facts import acknowledged, trying

connection = sqlite3.connect(Path(sys.argv[1]) / "rows.db", isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL")
connection.execute(f"PRAGMA synchronous={sys.argv[2]}")
connection.execute("PRAGMA wal_autocheckpoint=6")
connection.execute("CREATE TABLE IF NOT EXISTS row (number INTEGER PRIMARY KEY, filling BLOB)")
for number in range(8):
    trying("row", str(number))
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO row VALUES (?, randomblob(1500))", (number,))
    connection.execute("COMMIT")
    acknowledged("row", str(number))
for number in range(0, 8, 2):
    trying("remove", str(number))
    connection.execute("DELETE FROM row WHERE number = ?", (number,))
    acknowledged("remove", str(number))
connection.close()
