"""The daily turn of the root epoch, and the rows that remember when each epoch ended.

The keyring does the turning (keyring.rotate); the rows are what completion of erasures is decided on.
A crash between the two is mended by :func:`settle`, which runs at every start.
"""

from sqlalchemy import insert, select, update

from earwitness.kernel.clock import Clock
from earwitness.storage.database import Database
from earwitness.storage.schema import epoch
from earwitness.vault.keyring import Keyring, Rotation
from earwitness.vault.rotation import Progress


def settle(database: Database, keyring: Keyring, clock: Clock) -> None:
    """Make the epoch rows agree with the keyring: the current one is open, those that ended are destroyed."""
    now, current, gone = clock.now_ms(), keyring.epoch, keyring.ended_epoch()
    with database.read() as tx:
        rows = {row.number: row.destroyed_at for row in tx.execute(select(epoch))}
    if current in rows and all(at is not None for number, at in rows.items() if number <= gone):
        return
    with database.write() as tx:
        known = set(tx.scalars(select(epoch.c.number)))
        if current not in known:
            tx.execute(insert(epoch), [{"number": current, "opened_at": now}])
        ended = update(epoch).where(epoch.c.number <= gone, epoch.c.destroyed_at.is_(None))
        tx.execute(ended.values(destroyed_at=now))


def turn(database: Database, keyring: Keyring, clock: Clock, progress: Progress = lambda _done, _all: None) -> Rotation:
    """Turn the epoch: re-wrap what survives, destroy the old root key, remember when."""
    rotation = keyring.rotate(progress)
    settle(database, keyring, clock)
    return rotation


def due(database: Database, keyring: Keyring, clock: Clock, rotation_ms: int) -> bool:
    """Say whether the current epoch has lasted its time."""
    with database.read() as tx:
        opened = tx.scalar(select(epoch.c.opened_at).where(epoch.c.number == keyring.epoch))
    return opened is not None and clock.now_ms() - opened >= rotation_ms
