"""Where the hub listens: sockets are bound before anything else starts, so a taken port shows at once.

Without a wish the hub takes its usual port on the loopback interfaces, or a free one if another
program has it. A port that was asked for is taken or refused.
"""

import errno
import ipaddress
import socket
from contextlib import suppress
from dataclasses import dataclass, replace

from earwitness.kernel.errors import BadInput, StorageBusy

USUAL_PORT = 8710
LARGEST_PORT = 65_535
LOOPBACK = ("127.0.0.1", "::1")
BACKLOG = 128
ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Listening:
    """Bound sockets, all on one port; ``gave_way``: the usual port was taken, this is a free one."""

    sockets: tuple[socket.socket, ...]
    host: str
    port: int
    gave_way: bool = False

    @property
    def url(self) -> str:
        """The address to open."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Say whether only this machine can reach it."""
        return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback

    def close(self) -> None:
        """Close the sockets; a second time does nothing."""
        for one in self.sockets:
            one.close()


def listen(host: str = "localhost", port: int | None = None, usual: int = USUAL_PORT) -> Listening:
    """Bind ``host`` (``localhost`` or a numeric address); ``port`` 0 is any free one, None the usual one.

    Raises:
        BadInput: not an address of this machine, or not a port.
        StorageBusy: the port that was asked for is taken.
    """
    addresses = _addresses(host)
    if port is not None and not 0 <= port <= LARGEST_PORT:
        raise BadInput(f"{port} is not a port.", next_step=f"Give a number from 0 to {LARGEST_PORT}.")
    try:
        return _bind(host, addresses, usual if port is None else port)
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise BadInput(f"{host} is not an address of this machine.") from error
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            raise StorageBusy(f"{host} cannot be listened on: {error.strerror}.") from error
        if port is not None:
            raise StorageBusy(
                f"Port {port} is taken by another program, or not allowed to this user.",
                next_step="Choose another with --port, or leave it out for a free one.",
            ) from error
    return replace(_bind_any(host, addresses), gave_way=True)


def _addresses(host: str) -> list[str]:
    if host == "localhost":
        return [address for address in LOOPBACK if _available(address)]
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError as error:
        raise BadInput(f"'{host}' is not an address.", next_step="Give localhost or one like 192.168.1.5.") from error


def _available(address: str) -> bool:
    """Say whether the machine has this loopback address; many have no IPv6."""
    try:
        _open(address, 0).close()
    except OSError:
        return False
    return True


def _bind_any(host: str, addresses: list[str]) -> Listening:
    """Bind a free port; the one that the first address got may be taken on the second."""
    for _ in range(ATTEMPTS):
        with suppress(OSError):
            return _bind(host, addresses, 0)
    return _bind(host, addresses, 0)


def _bind(host: str, addresses: list[str], port: int) -> Listening:
    """Bind every address to one port.

    Raises:
        OSError: one of them cannot be bound; none stays bound.
    """
    sockets: list[socket.socket] = []
    try:
        for address in addresses:
            sockets.append(_open(address, port))
            port = sockets[0].getsockname()[1]
    except OSError:
        for one in sockets:
            one.close()
        raise
    return Listening(tuple(sockets), host, port)


def _open(address: str, port: int) -> socket.socket:
    # The protocol is named because asyncio switches delaying off (TCP_NODELAY) only on sockets that name it; without
    # it every answer waits 40 ms for the acknowledgement of its own headers.
    one = socket.socket(_family(address), socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if one.family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((address, port))
        one.listen(BACKLOG)
    except OSError:
        one.close()
        raise
    return one


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
