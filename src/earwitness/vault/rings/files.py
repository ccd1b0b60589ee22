"""Rings as SQLite files in the keys folder: ``ring-<n>.db``, ``CURRENT`` and three lock files.

WAL with ``synchronous=FULL`` and ``secure_delete``, one fsync a commit. A ring under construction is
written without a journal, fsynced once at its end, and becomes visible when CURRENT is replaced.
Locks and the turnstile: docs/formats/envelope.md, "The ring".
"""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from earwitness.kernel.errors import EarwitnessError, KeyCorrupt, NotFound, StorageBusy
from earwitness.storage.files import FolderLock, make_folder, os_errors, sync_folder, write_durably
from earwitness.vault.rings.filebuilder import FileBuilder
from earwitness.vault.rings.port import Place
from earwitness.vault.rings.rows import Head, Ring
from earwitness.vault.rings.sqlite import Pool, SqliteSql, open_ring, ring_errors

T = TypeVar("T")

SUFFIXES = ("", "-wal", "-shm", "-journal")
_RING = re.compile(r"ring-([1-9][0-9]*)\.db").fullmatch
_NUMBER = re.compile(rb"(0|[1-9][0-9]{0,8})\n").fullmatch


class RingFiles:
    """The ring store of one machine."""

    def __init__(self, folder: Path) -> None:
        """Keep rings in ``folder``, which is made (0700) if it is missing.

        Raises:
            StorageError: the folder cannot be made.
        """
        make_folder(folder)
        self.folder = folder
        self._mutex = threading.Lock()
        self._pool = Pool()

    def path(self, epoch: int) -> Path:
        """Return the file of a ring."""
        return self.folder / f"ring-{epoch}.db"

    def place(self, epoch: int) -> Place:
        """Name the ring's file and the one that says which is current."""
        return Place(str(self.path(epoch)), str(self.folder / "CURRENT"))

    def current(self) -> int | None:
        """Read CURRENT.

        Raises:
            KeyCorrupt: it does not hold a number.
        """
        path = self.folder / "CURRENT"
        with os_errors(path):
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                return None
        if not _NUMBER(data):
            raise KeyCorrupt(
                f"{path} does not name a ring.", next_step="Put the folder back from the newest key backup."
            )
        return int(data)

    def epochs(self) -> list[int]:
        """List the ring files."""
        with os_errors(self.folder):
            names = [path.name for path in self.folder.iterdir()]
        return sorted(int(match[1]) for name in names if (match := _RING(name)))

    def read(self, body: Callable[[Ring], T]) -> T:
        """Run ``body`` in a read transaction, again if CURRENT was replaced meanwhile.

        Raises:
            KeyCorrupt, StorageError: as the port says.
        """
        while True:
            epoch = self._require_current()
            try:
                with self._transaction(epoch, "BEGIN") as ring:
                    return body(ring)
            except EarwitnessError:
                if self.current() == epoch:
                    raise

    @contextmanager
    def write(self, *, alone: bool = False) -> Iterator[Ring]:
        """Open a write transaction under the folder's lock.

        Raises:
            KeyCorrupt, StorageError: as the port says.
            KeyringError: a key of that id exists.
        """
        with (
            self._mutex,
            self._locked(alone=alone),
            self._transaction(self._require_current(), "BEGIN IMMEDIATE") as ring,
        ):
            yield ring

    @contextmanager
    def rotating(self) -> Iterator[None]:
        """Hold the ``rotation`` lock file.

        Raises:
            StorageBusy: another process rotates, or takes a snapshot.
        """
        try:
            lock = FolderLock(self.folder / "rotation", exclusive=True, wait=False).__enter__()
        except StorageBusy:
            raise StorageBusy(
                "The keys are being rotated or copied by another process.", next_step="Try again when it is done."
            ) from None
        try:
            yield
        finally:
            lock.__exit__(None, None, None)

    @contextmanager
    def build(self, head: Head) -> Iterator[FileBuilder]:
        """Start the file of ``head.epoch``.

        Raises:
            StorageError: it is there already, or cannot be made.
        """
        builder = FileBuilder(self.path(head.epoch), head)
        try:
            yield builder
        finally:
            builder.close()

    def switch(self, epoch: int) -> None:
        """Replace CURRENT.

        Raises:
            StorageError: the folder cannot be written; the old one stays current.
        """
        write_durably(self.folder / "CURRENT", b"%d\n" % epoch)

    def drop(self, epoch: int) -> None:
        """Unlink a ring with its log and fsync the folder.

        Raises:
            StorageError: it cannot be removed.
        """
        self._pool.forget(epoch)
        path = self.path(epoch)
        with os_errors(path):
            for suffix in SUFFIXES:
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            sync_folder(self.folder)

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.forget(None)

    def _require_current(self) -> int:
        epoch = self.current()
        if epoch:
            return epoch
        if epoch is None and self.epochs():
            raise KeyCorrupt(
                f"{self.folder / 'CURRENT'} is missing, though there are rings.",
                next_step="Put the folder back from the newest key backup.",
            )
        raise NotFound(f"There are no keys in {self.folder}.", next_step="Make them: earwitness init.")

    @contextmanager
    def _locked(self, *, alone: bool) -> Iterator[None]:
        with ExitStack() as held:
            with ExitStack() as passing:
                turn = held if alone else passing
                turn.enter_context(FolderLock(self.folder / "turn", exclusive=alone))
                held.enter_context(FolderLock(self.folder / "lock", exclusive=alone))
            yield

    @contextmanager
    def _transaction(self, epoch: int, begin: str) -> Iterator[Ring]:
        path = self.path(epoch)
        with ring_errors(path):
            connection = self._pool.take(epoch) or open_ring(path)
            healthy = False
            try:
                connection.execute(begin)
                try:
                    yield Ring(SqliteSql(connection), str(path), epoch)
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
                healthy = True
            finally:
                if not (healthy and self._pool.give(epoch, connection)):
                    connection.close()
