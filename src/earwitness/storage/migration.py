"""Bring a database to the schema of this release, in one transaction, or refuse it.

The version stands in Alembic's own table. A database that is at :data:`HEAD` costs one query and
never loads Alembic. No copy of an older file is put aside: it would outlive an erasure. The
transaction is what protects it: a crash leaves the old schema or the new one.
"""

from sqlalchemy import Connection, inspect, text

from earwitness.kernel.errors import RowCorrupt, SchemaTooNew
from earwitness.storage.schema import metadata

HEAD = "0006"


def version(tx: Connection) -> str | None:
    """Return the schema version a database is at; None: it holds no schema of ours."""
    if not inspect(tx).has_table("alembic_version"):
        return None
    return tx.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def migrate(tx: Connection, target: str = HEAD) -> None:
    """Bring the database of an open write transaction to ``target``.

    Raises:
        SchemaTooNew: a newer Earwitness wrote it.
        RowCorrupt: it holds tables, but none of ours or no version.
    """
    present = version(tx)
    if present == target:
        return
    if present is not None and present > HEAD:
        raise SchemaTooNew(
            f"The database is at schema {present}; this Earwitness knows schemas up to {HEAD}.",
            next_step="Start the newer Earwitness that wrote it, or restore a backup made by this one.",
        )
    if present is None:
        _require_empty(tx)
    # Alembic takes longer to load than the rest of storage, and most starts have nothing to do.
    from earwitness.storage.migrations.upgrade import upgrade  # noqa: PLC0415 - only when needed

    upgrade(tx, target)


def _require_empty(tx: Connection) -> None:
    """Refuse another program's database; on a server only a clash of names matters."""
    tables = set(inspect(tx).get_table_names())
    if tables if tx.dialect.name == "sqlite" else tables & set(metadata.tables):
        raise RowCorrupt(
            "The database holds tables, but no Earwitness schema version.",
            next_step="Give Earwitness an empty database of its own, or restore a backup.",
        )
