"""One hub a data folder: a lock that dies with its process, and a note of where that hub listens."""

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from earwitness.kernel.errors import StorageBusy
from earwitness.storage.files import FolderLock, make_folder, remove_durably, write_durably

NOTE = "hub.json"


def running_at(data: Path) -> str:
    """Return the address of the hub that runs on a data folder, as it left it; empty if none did."""
    try:
        return str(json.loads((data / "run" / NOTE).read_bytes())["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


class HubLock:
    """Holds ``run/hub.lock`` of a data folder while the ``with`` lasts.

    Raises (on entering):
        StorageBusy: a hub already runs there; the text says at which address.
        StorageError: the folder cannot be written.
    """

    def __init__(self, data: Path) -> None:
        """Prepare the lock of the data folder."""
        self._folder = data / "run"
        self._note = self._folder / NOTE
        self._lock = FolderLock(self._folder / "hub.lock", exclusive=True, wait=False)

    def __enter__(self) -> Self:
        """Take the lock."""
        make_folder(self._folder)
        try:
            self._lock.__enter__()
        except StorageBusy as error:
            raise StorageBusy(
                f"A hub already runs on this data folder, {self._where()}.",
                next_step="Use that one, stop it first, or give another folder with --data.",
            ) from error
        remove_durably(self._note)
        return self

    def announce(self, url: str) -> None:
        """Leave a note of the address for whoever finds the lock taken."""
        write_durably(self._note, json.dumps({"url": url, "pid": os.getpid()}).encode())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the note away and let the lock go."""
        try:
            remove_durably(self._note)
        finally:
            self._lock.__exit__(kind, error, trace)

    def _where(self) -> str:
        try:
            note = json.loads(self._note.read_bytes())
            return f"at {note['url']} (process {note['pid']})"
        except (OSError, ValueError, KeyError, TypeError):
            return "which has not said yet where it listens"
