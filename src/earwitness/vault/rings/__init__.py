"""Rings: where wrapped keys rest, one ring an epoch, in a store that no data backup touches.

The port is :class:`RingStore`; its implementations are :class:`RingFiles` (a SQLite file an epoch in the
keys folder) and :class:`.schemas.RingSchemas` (a PostgreSQL schema an epoch in a keys database; imported
where it is chosen, for its driver is large). Nothing here opens a key. Format, locks and reasons:
docs/formats/envelope.md, "The ring".
"""

from earwitness.vault.rings.files import RingFiles
from earwitness.vault.rings.port import Builder, Head, KeyRow, RingStore, SubjectRow
from earwitness.vault.rings.rows import Ring

__all__ = ["Builder", "Head", "KeyRow", "Ring", "RingFiles", "RingStore", "SubjectRow"]
