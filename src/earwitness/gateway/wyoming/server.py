"""Where Wyoming clients come in: who may, how many at a time, and what becomes of one that misbehaves."""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from earwitness.gateway.wyoming.bounds import DEFAULT_BOUNDS, Allowed, Bounds
from earwitness.gateway.wyoming.connection import READ_BYTES, Connection
from earwitness.gateway.wyoming.conversation import Conversation
from earwitness.gateway.wyoming.services import Services
from earwitness.kernel.bugs import describe_bug
from earwitness.kernel.errors import EarwitnessError, StorageBusy

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class ServerCounts:
    """How many connections there were; nothing of who or what."""

    accepted: int = 0
    not_allowed: int = 0
    too_many: int = 0
    refused: int = 0  # said something that cannot be
    failed: int = 0  # met a bug of ours


class WyomingServer:
    """Serves ``services`` on sockets that listen already. Lives on one event loop."""

    def __init__(self, services: Services, allowed: Allowed | None = None, bounds: Bounds = DEFAULT_BOUNDS) -> None:
        """Serve allowed peers within bounds."""
        self._services = services
        self._allowed = Allowed() if allowed is None else allowed
        self._bounds = bounds
        self._transcribing = asyncio.Semaphore(bounds.transcribing)
        self._servers: list[asyncio.Server] = []
        self._running: dict[asyncio.Task[None], str] = {}
        self.counts = ServerCounts()

    @property
    def connections(self) -> int:
        """How many clients are connected now."""
        return len(self._running)

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Begin to accept."""
        for one in sockets:
            self._servers.append(await asyncio.start_server(self._accept, sock=one, limit=READ_BYTES))

    async def close(self) -> None:
        """Stop accepting and end every connection."""
        for server in self._servers:
            server.close()
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = str((writer.get_extra_info("peername") or ("",))[0])
        if host not in self._allowed:
            self.counts.not_allowed += 1
            writer.transport.abort()  # without a word: a stranger learns nothing
            return
        connection = Connection(reader, writer, self._bounds)
        has_room = self._has_room(host)
        self.counts.accepted += has_room
        self.counts.too_many += not has_room
        task = asyncio.create_task(self._serve(connection) if has_room else self._turn_away(connection))
        self._running[task] = host
        task.add_done_callback(self._running.pop)

    async def _turn_away(self, connection: Connection) -> None:
        await connection.refuse(StorageBusy("Too many Wyoming connections.", next_step="Close some."))
        await connection.close()

    def _has_room(self, host: str) -> bool:
        held = Counter(self._running.values())
        return held.total() < self._bounds.connections and held[host] < self._bounds.connections_an_address

    async def _serve(self, connection: Connection) -> None:
        try:
            await Conversation(self._services, connection, self._bounds, self._transcribing).run()
        except EarwitnessError as error:
            self.counts.refused += 1
            await connection.refuse(error)
        except OSError:
            pass  # gone; there is nobody to tell
        except Exception as error:  # noqa: BLE001 - a bug ends this connection, not the server; its place is logged
            self.counts.failed += 1
            _log.error("a Wyoming connection failed: %s", describe_bug(error))
        finally:
            await connection.close()
