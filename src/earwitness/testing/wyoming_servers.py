"""Wyoming servers for tests, each in a thread of its own: ours, and ones that misbehave."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from earwitness.assistant.hearing import Engines
from earwitness.assistant.skill import Skill
from earwitness.gateway.wyoming import Kind, Services, WyomingServer, offers
from earwitness.testing.aloud import KITCHEN, aloud, parts
from earwitness.web.listening import listen

LOOPBACK: Final = "127.0.0.1"
Script = Callable[[socket.socket], None]


@contextmanager
def our_server(engines: Engines, *skills: Skill, kinds: tuple[Kind, ...] = tuple(Kind)) -> Iterator[int]:
    """Serve all services; yield the port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    listening = listen(LOOPBACK, 0)

    async def begin() -> WyomingServer:
        house = aloud(engines, skills)
        programs = offers.programs(kinds, parts(engines))
        server = WyomingServer(Services(house.assistant, programs, KITCHEN))
        await server.start(listening.sockets)
        return server

    server = asyncio.run_coroutine_threadsafe(begin(), loop).result(30)
    try:
        yield listening.port
    finally:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def scripted_server(script: Script) -> Iterator[int]:
    """Serve each connection with ``script``, one after the other; yield the port."""
    with socket.create_server((LOOPBACK, 0)) as listening:
        thread = threading.Thread(target=_serve, args=(listening, script), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(listening: socket.socket, script: Script) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                script(connection)
