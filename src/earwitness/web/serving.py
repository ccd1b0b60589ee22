"""Running the application: uvicorn on sockets that are bound already, ended in good order by a signal."""

import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from types import FrameType

import uvicorn
from fastapi import FastAPI

from earwitness.web import transport

SECONDS_TO_FINISH = 5
ENDING = (signal.SIGINT, signal.SIGTERM)


Beside = Callable[[], AbstractAsyncContextManager[object]]
"""What runs on the server's event loop as long as it serves."""


def serve(
    app: FastAPI, sockets: Sequence[socket.socket], ready: Callable[[], None], beside: Beside = nullcontext
) -> None:
    """Serve until SIGINT or SIGTERM; ``ready`` is called when the first request would be answered.

    ``beside`` is entered before the first request and left after the last.

    Requests under way get five seconds. Returns normally, so that the caller can stop the rest.
    """
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,  # web.logs decides what is written
        access_log=False,  # it would hold addresses and query strings
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
        http=transport.BoundedHTTP,
        h11_max_incomplete_event_size=transport.LARGEST_HEADERS,
        ws=transport.BoundedWebSocket,
        ws_max_size=transport.LARGEST_MESSAGE,
        ws_per_message_deflate=False,  # a small message could unfold into a large one
        ws_ping_interval=transport.PING_EVERY,
        ws_ping_timeout=transport.PING_EVERY,
    )
    _Server(config, ready, beside).run(list(sockets))


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Turn SIGINT and SIGTERM inside into leaving this block.

    The server hands a signal on after it has finished; without this the process would die of it
    before the house is stopped.
    """

    def leave(_signal: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    before = {one: signal.signal(one, leave) for one in ENDING}
    try:
        yield
    except SystemExit as error:
        if error.code:
            raise
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], beside: Beside) -> None:
        super().__init__(config)
        self._ready = ready
        self._beside = beside()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self._beside.__aenter__()
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().shutdown(sockets)
        finally:
            await self._beside.__aexit__(None, None, None)
