"""The socket between hub and workbench: a Unix socket in ``run/`` that only the installation's own user can open."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from earwitness.kernel.errors import StorageBusy
from earwitness.storage.files import make_folder

NAME = "desk.sock"
BACKLOG = 64


def desk_socket(data: Path) -> Path:
    """Return where the desk of a data folder is reached."""
    return data / "run" / NAME


@contextmanager
def serving_desk(app: FastAPI, place: Path) -> Iterator[None]:
    """Serve the desk while the ``with`` lasts, in a thread of its own.

    Raises:
        StorageBusy: the socket cannot be made.
    """
    listening = _listen(place)
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, server_header=False)
    server = _Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), name="desk", daemon=True)
    thread.start()
    server.begun.wait()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
        listening.close()
        with suppress(FileNotFoundError):
            place.unlink()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.begun = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.begun.set()


def _listen(place: Path) -> socket.socket:
    """Bind the socket; one that a killed hub left is replaced, for the hub's lock says that none runs."""
    make_folder(place.parent)
    with suppress(FileNotFoundError):
        place.unlink()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(str(place))
        place.chmod(0o600)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        what = f"The desk's socket cannot be made: {error.strerror or 'its path is too long'}."
        raise StorageBusy(what, next_step="Use a data folder with a shorter path.") from error
    return listening
