"""A published log behind a URL prefix, as any static web server shows it."""

import httpx

from earwitness.ledger.sources import LARGEST_FILE, bounded, unreadable

TIMEOUT_SECONDS = 30.0
OK = 200
GONE = frozenset({404, 410})


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
                    raise unreadable(name, f"the server answered {response.status_code}")
                return bounded(name, _body(name, response))
        except httpx.HTTPError as error:
            raise unreadable(name, f"the server cannot be reached ({type(error).__name__})") from error

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _body(name: str, response: httpx.Response) -> bytes:
    data = bytearray()
    for chunk in response.iter_bytes():
        data += chunk
        if len(data) > LARGEST_FILE:
            break
    return bounded(name, bytes(data))
