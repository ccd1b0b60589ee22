"""A Wyoming server as an engine: a blocking, bounded connection to one (docs/formats/wyoming.md).

What it sends is not trusted: its lengths, its total and its time are bounded, and whatever it does wrong is an
:class:`~earwitness.kernel.errors.EngineFailed` that quotes nothing of it.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import urlsplit

from earwitness.kernel.errors import BadInput, EngineFailed
from earwitness.protocol.wyoming import FROM_SERVERS, Decoder, Event, Message, encode
from earwitness.protocol.wyoming.control import Describe, Error
from earwitness.protocol.wyoming.info import Info

SCHEME: Final = "wyoming"
READ_BYTES: Final = 64 * 1024
M = TypeVar("M", bound=Message)
CHECK: Final = "Check that the Wyoming server runs, and its address in the settings."


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server is, and how many seconds it has: to take a connection, and for each answer."""

    host: str
    port: int
    connect_s: float = 3.0
    answer_s: float = 10.0

    @classmethod
    def at(cls, address: str) -> "Server":
        """The server at an address like ``wyoming://192.168.1.5:10300``.

        Raises:
            BadInput: not such an address.
        """
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError:
            port = None
        if port is None or parts.scheme != SCHEME or not parts.hostname or parts.path or parts.username:
            raise BadInput("The address of a Wyoming server cannot be read.", next_step=f"Write {SCHEME}://host:port.")
        return cls(parts.hostname, port)


class Link:
    """One open connection. One thread at a time."""

    def __init__(self, connection: socket.socket, answer_s: float) -> None:
        """Speak over an open socket."""
        self._socket = connection
        self._answer_s = answer_s
        self._decoder = Decoder(FROM_SERVERS)

    def send(self, *messages: Message) -> None:
        """Send messages.

        Raises:
            EngineFailed: the server is gone, or does not take them in time.
        """
        try:
            self._socket.settimeout(self._answer_s)
            self._socket.sendall(b"".join(encode(each.event()) for each in messages))
        except OSError:
            raise EngineFailed("The Wyoming server went away.", next_step=CHECK) from None

    def receive(self) -> Event:
        """Wait for the next event.

        Raises:
            EngineFailed: none in time, the server went away, sent what is no event, or said that it failed.
        """
        due = time.monotonic() + self._answer_s
        try:
            while (event := self._decoder.next()) is None:
                self._socket.settimeout(max(0.001, due - time.monotonic()))
                piece = self._socket.recv(READ_BYTES)
                if not piece:
                    self._decoder.end()
                    raise EngineFailed("The Wyoming server closed the connection.", next_step=CHECK)
                self._decoder.feed(piece)
        except TimeoutError:
            raise EngineFailed("The Wyoming server has no answer.", next_step=CHECK) from None
        except OSError:
            raise EngineFailed("The Wyoming server went away.", next_step=CHECK) from None
        except BadInput:
            raise EngineFailed("The Wyoming server sent what is no Wyoming event.", next_step=CHECK) from None
        if event.type == Error.type:
            raise EngineFailed("The Wyoming server could not do it.", next_step="Its own log says why.")
        return event


@contextmanager
def linked(server: Server) -> Iterator[Link]:
    """Connect to a server and disconnect at the end.

    Raises:
        EngineFailed: it does not answer.
    """
    connection = connect(server)
    try:
        yield Link(connection, server.answer_s)
    finally:
        connection.close()


def connect(server: Server) -> socket.socket:
    """Open a connection; its taker closes it.

    Raises:
        EngineFailed: nothing answers there.
    """
    try:
        connection = socket.create_connection((server.host, server.port), timeout=server.connect_s)
    except OSError:
        raise EngineFailed("The Wyoming server does not answer.", next_step=CHECK) from None
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def described(server: Server) -> Info:
    """Ask a server what it is.

    Raises:
        EngineFailed: it does not answer as a Wyoming server does.
    """
    with linked(server) as link:
        link.send(Describe())
        while (event := link.receive()).type != Info.type:
            pass  # others may come first
        return read(Info, event)


def read(message: type[M], event: Event) -> M:
    """Read a message of the server.

    Raises:
        EngineFailed: it is not as it should be.
    """
    try:
        return message.of(event)
    except BadInput:
        raise EngineFailed("The Wyoming server sent a message of another form.", next_step=CHECK) from None
