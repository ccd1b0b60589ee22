"""A guard for the test run: nothing reaches beyond this machine.

It covers Python's own sockets and name lookups; libraries that speak to the network from native
code (libpq, obstore) are given loopback addresses by the fixtures.
"""

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

INTERNET = (socket.AF_INET, socket.AF_INET6)
LOCAL_NAMES = frozenset({"localhost", "", None})


class BeyondLoopbackError(AssertionError):
    """A test tried to reach another machine."""


def is_loopback(host: object) -> bool:
    """Say whether a host name or address is this machine (or any of its own interfaces, to listen on)."""
    text = host.decode() if isinstance(host, bytes) else host
    if text in LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(str(text))
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


@contextmanager
def loopback_only() -> Iterator[None]:
    """Refuse connections and lookups of other machines while inside."""
    connect, connect_ex, lookup = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _require_loopback(self.family, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _require_loopback(self.family, address)
        return connect_ex(self, address)

    def guarded_lookup(host: Any, *arguments: Any, **named: Any) -> Any:
        _require_loopback(socket.AF_INET, (host,))
        return lookup(host, *arguments, **named)

    with (
        patch.object(socket.socket, "connect", guarded_connect),
        patch.object(socket.socket, "connect_ex", guarded_connect_ex),
        patch.object(socket, "getaddrinfo", guarded_lookup),
    ):
        yield


def _require_loopback(family: int, address: Any) -> None:
    if family in INTERNET and not is_loopback(address[0]):
        raise BeyondLoopbackError("A test tried to reach another machine; tests may use loopback only.")
