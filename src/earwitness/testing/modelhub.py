"""A model hub on this machine: Hugging Face's protocol as far as fetching goes, and a source that misbehaves when told.

``/api/models/<repository>/revision/main?blobs=true`` tells commit, files, sizes and hashes;
``/<repository>/resolve/<commit>/<file>`` redirects to where the bytes are; those come with ``Range`` and without.
"""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 1_000  # from so many bytes on a file is kept apart from git


@dataclass(slots=True)
class ModelHub:
    """What the hub has, how it behaves, and what was asked of it."""

    url: str
    repository: str
    files: dict[str, bytes]
    told: dict[str, Any] = field(default_factory=dict)  # takes the place of parts of the answer about the repository
    breaks_after: int | None = None  # bytes of a file
    ranges: bool = True
    status: int = 200
    redirects_to: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)  # path and Range

    def about(self) -> dict[str, Any]:
        """What is told of the repository."""
        siblings = [_sibling(name, data) for name, data in self.files.items()]
        return {"id": self.repository, "sha": COMMIT, "siblings": siblings} | self.told


def _sibling(name: str, data: bytes) -> dict[str, Any]:
    pointer = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    told: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": pointer}
    if len(data) >= LARGE:
        told |= {"lfs": {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}}
    return told


@contextmanager
def model_hub(repository: str, files: Mapping[str, bytes]) -> Iterator[ModelHub]:
    """Serve a repository on a free port while inside."""

    class Handler(BaseHTTPRequestHandler):
        hub: ClassVar[ModelHub]

        def do_GET(self) -> None:
            _answer(self, self.hub)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base class names it
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.hub = ModelHub(f"http://127.0.0.1:{server.server_port}", repository, dict(files))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Handler.hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(request: BaseHTTPRequestHandler, hub: ModelHub) -> None:
    path, _, query = request.path.partition("?")
    hub.asked.append((path, request.headers.get("Range", "")))
    resolve = f"/{hub.repository}/resolve/{COMMIT}/"
    if hub.status != 200:  # noqa: PLR2004 - HTTP's "OK"
        _send(request, hub.status, b"no")
    elif path == f"/api/models/{hub.repository}/revision/main" and query == "blobs=true":
        _send(request, 200, json.dumps(hub.about()).encode())
    elif path.startswith(resolve) and path.removeprefix(resolve) in hub.files:
        place = f"{hub.redirects_to}/cdn/{path.removeprefix(resolve)}"
        _send(request, 302, b"", {"Location": place})
    elif path.startswith("/cdn/") and path.removeprefix("/cdn/") in hub.files:
        _send_file(request, hub, hub.files[path.removeprefix("/cdn/")])
    else:
        _send(request, 404, b"no")


def _send_file(request: BaseHTTPRequestHandler, hub: ModelHub, data: bytes) -> None:
    asked = request.headers.get("Range", "")
    start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and hub.ranges else 0
    headers = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if asked and hub.ranges else {}
    whole = data[start:]
    cut = whole if hub.breaks_after is None else whole[: hub.breaks_after]
    _send(request, 206 if headers else 200, cut, headers, length=len(whole))


def _send(
    request: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    length: int | None = None,
) -> None:
    request.send_response(status)
    for name, value in (headers or {}).items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body) if length is None else length))
    request.send_header("Connection", "close")
    request.end_headers()
    request.wfile.write(body)
    request.close_connection = True
