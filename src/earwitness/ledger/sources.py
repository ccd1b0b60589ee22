"""Where a published log is read from: a folder on this machine, or the URL of a static web server."""

from pathlib import Path
from typing import Protocol

from earwitness.kernel.errors import BadInput, LogCorrupt
from earwitness.ledger.tiles import LONGEST_ENTRY, TILE_WIDTH, Source

LARGEST_FILE = TILE_WIDTH * (LONGEST_ENTRY + 4)


class OpenSource(Source, Protocol):
    """A source that is closed after use."""

    def close(self) -> None:
        """Let go of what is held open."""
        ...


class FolderSource:
    """A log in a folder. Safe from several threads."""

    def __init__(self, folder: Path) -> None:
        """Read below ``folder``."""
        self.folder = folder

    def read(self, name: str) -> bytes | None:
        """Return the whole file, or None if there is none of that name.

        Raises:
            LogCorrupt: ``file-unreadable``.
        """
        try:
            with (self.folder / name).open("rb") as file:
                data = file.read(LARGEST_FILE + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise unreadable(name, error.strerror or type(error).__name__) from error
        return bounded(name, data)

    def close(self) -> None:
        """Nothing is held open."""


def open_source(source: Path | str) -> OpenSource:
    """Return the source for a folder or an http(s) URL.

    Raises:
        BadInput: neither a folder nor such a URL.
    """
    if isinstance(source, str) and source.startswith(("http://", "https://")):
        from earwitness.ledger.http_source import HttpSource  # noqa: PLC0415 - brings an HTTP client

        return HttpSource(source)
    folder = Path(source)
    if not folder.is_dir():
        raise BadInput(f"{source} is not a folder.", next_step="Give the folder of a log, or its http(s) URL.")
    return FolderSource(folder)


def bounded(name: str, data: bytes) -> bytes:
    """Return what was read of a file of the log.

    Raises:
        LogCorrupt: ``file-unreadable``: it is longer than any file of a log.
    """
    if len(data) > LARGEST_FILE:
        raise unreadable(name, f"it is larger than {LARGEST_FILE} bytes")
    return data


def unreadable(name: str, why: str) -> LogCorrupt:
    """Return the error for a file of the log that cannot be read."""
    return LogCorrupt(
        f"{name} of the log cannot be read: {why}.",
        reason="file-unreadable",
        file=name,
        next_step="Make it readable, or restore it from the second copy.",
    )
