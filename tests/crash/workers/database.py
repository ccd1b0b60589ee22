"""Make a database from nothing and commit rows to it."""

import sys
from pathlib import Path

from earwitness.storage.database import Database, sqlite_url
from earwitness.storage.schema import meta
from earwitness.testing.crash.facts import acknowledged, trying

trying("open")
database = Database.open(sqlite_url(Path(sys.argv[1]) / "data.db"))
acknowledged("open")
for number in range(3):
    trying("row", str(number))
    with database.write() as tx:
        tx.execute(meta.insert(), [{"key": f"{number} {part}", "value": "v" * 900} for part in range(10)])
    acknowledged("row", str(number))
database.close()
