"""What one connection, one address and all of them together may take, and who may connect at all."""

import ipaddress
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from earwitness.kernel.errors import BadInput

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds, bytes and counts (docs/formats/wyoming.md); the sizes of events are the codec's."""

    connections: int = 256
    connections_an_address: int = 128
    first_s: float = 10.0  # to the end of the first event
    event_s: float = 10.0  # from an event's first byte to its last
    idle_s: float = 60.0  # between events
    write_s: float = 10.0  # for a peer to take what it is sent
    events_a_second: float = 400.0
    events_at_once: float = 2_000.0
    bytes_a_second: float = 1_000_000.0
    bytes_at_once: float = 4_000_000.0
    utterance_s: float = 30.0  # of sound to transcribe, as long as any recogniser takes
    transcribing: int = 1  # at a time; the household's own devices need the recognisers
    queue_s: float = 10.0  # waited for a place
    text: int = 8_000  # characters to speak


DEFAULT_BOUNDS: Final = Bounds()


class Allowed:
    """Which addresses may connect: this machine's own, and the listed ones."""

    def __init__(self, listed: Iterable[str] = ()) -> None:
        """Allow addresses and networks, e.g. ``192.168.1.5`` or ``192.168.1.0/28``.

        Raises:
            BadInput: one of them is neither.
        """
        self._networks = tuple(_network(each) for each in listed)

    def __bool__(self) -> bool:
        """Whether anybody beyond this machine may connect."""
        return bool(self._networks)

    def __contains__(self, host: str) -> bool:
        """Whether this peer may connect."""
        try:
            address: Address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        address = address if mapped is None else mapped
        return address.is_loopback or any(address in each for each in self._networks)


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise BadInput(
            "An entry of the allowed addresses is neither an address nor a network.",
            next_step="Write 192.168.1.5, or 192.168.1.0/28 with the host part zero.",
        ) from None


class Pace:
    """A bucket that fills at ``rate`` up to ``burst``: who has taken more waits, which slows the peer by itself."""

    def __init__(self, rate: float, burst: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Begin full."""
        self._rate = rate
        self._burst = burst
        self._monotonic = monotonic
        self._left = burst
        self._at = monotonic()

    def take(self, cost: float) -> float:
        """Take ``cost`` and return how many seconds to wait for it."""
        now = self._monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate) - cost
        self._at = now
        return max(0.0, -self._left / self._rate)
