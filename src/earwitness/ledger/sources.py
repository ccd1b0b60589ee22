"""Where a published log is read from: a folder on this machine, or the URL of a static web server."""

from pathlib import Path

import httpx

from earwitness.kernel.errors import BadInput, LogCorrupt
from earwitness.ledger.tiles import LONGEST_ENTRY, TILE_WIDTH, Source

LARGEST_FILE = TILE_WIDTH * (LONGEST_ENTRY + 4)
TIMEOUT_SECONDS = 30.0
OK = 200
GONE = frozenset({404, 410})


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
            raise _unreadable(name, error.strerror or type(error).__name__) from error
        return _bounded(name, data)


class HttpSource:
    """A log behind a URL prefix. Does not follow redirects; one connection, kept open."""

    def __init__(self, url: str, client: httpx.Client | None = None) -> None:
        """Read below ``url`` with ``client``, by default one without proxies of the environment."""
        self._url = url.rstrip("/")
        self._client = client or httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False)

    def read(self, name: str) -> bytes | None:
        """Return the whole body, or None if the server says there is none.

        Raises:
            LogCorrupt: ``file-unreadable``: the server does not answer, or answers something else.
        """
        try:
            with self._client.stream("GET", f"{self._url}/{name}") as response:
                if response.status_code in GONE:
                    return None
                if response.status_code != OK:
                    raise _unreadable(name, f"the server answered {response.status_code}")
                return _bounded(name, _body(name, response))
        except httpx.HTTPError as error:
            raise _unreadable(name, f"the server cannot be reached ({type(error).__name__})") from error

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def open_source(source: Path | str) -> Source:
    """Return the source for a folder or an http(s) URL.

    Raises:
        BadInput: neither a folder nor such a URL.
    """
    if isinstance(source, str) and source.startswith(("http://", "https://")):
        return HttpSource(source)
    folder = Path(source)
    if not folder.is_dir():
        raise BadInput(f"{source} is not a folder.", next_step="Give the folder of a log, or its http(s) URL.")
    return FolderSource(folder)


def _body(name: str, response: httpx.Response) -> bytes:
    data = bytearray()
    for chunk in response.iter_bytes():
        data += chunk
        if len(data) > LARGEST_FILE:
            break
    return _bounded(name, bytes(data))


def _bounded(name: str, data: bytes) -> bytes:
    if len(data) > LARGEST_FILE:
        raise _unreadable(name, f"it is larger than {LARGEST_FILE} bytes")
    return data


def _unreadable(name: str, why: str) -> LogCorrupt:
    return LogCorrupt(
        f"{name} of the log cannot be read: {why}.",
        reason="file-unreadable",
        file=name,
        next_step="Make it readable, or restore it from the second copy.",
    )
