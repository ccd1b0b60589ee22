"""The satellite's connection to its hub: one WebSocket, messages out and in, and what its end means."""

import asyncio
from ipaddress import ip_address
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from earwitness.kernel.errors import BadInput, HubRefused, HubUnreachable, MessageInvalid
from earwitness.protocol.device.bounds import (
    FINAL,
    HELLO_WAIT,
    LARGEST_FROM_HUB,
    LARGEST_SOUND,
    PATH,
    PING_EVERY,
    PING_WAIT,
    CloseCode,
)
from earwitness.protocol.device.codec import check_sound, decode_from_hub, encode_from_device
from earwitness.protocol.device.messages import FromDevice, FromHub, Hello, Refused, Welcome

SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
CLOSING_SECONDS = 2.0
FORBIDDEN = 403
_REASONS = {
    CloseCode.TOKEN: ("The hub does not know this pairing token, or not any more.", "earwitness device pair LABEL"),
    CloseCode.VERSION: ("Hub and satellite speak no common version.", "Update the older of the two."),
    CloseCode.TAKEN_OVER: ("Another program has connected with this token.", "Pair each device by itself."),
    CloseCode.UNASKED: ("The hub got sound that it had not asked for.", "Update this program, then start it again."),
}
_MISTAKE = ("The hub could not read what this program sent.", "Update hub and satellite to the same version.")


class Link:
    """An open connection. Sending and receiving may be two tasks."""

    def __init__(self, socket: ClientConnection, welcome: Welcome) -> None:
        """Use :func:`dial`."""
        self.welcome = welcome
        self._socket = socket

    async def send(self, message: FromDevice) -> None:
        """Send a message.

        Raises:
            HubUnreachable, HubRefused: the connection has ended.
        """
        await self._send(encode_from_device(message))

    async def send_sound(self, pcm: bytes) -> None:
        """Send sound, in pieces.

        Raises:
            HubUnreachable, HubRefused: the connection has ended.
        """
        for at in range(0, len(pcm), LARGEST_SOUND):
            await self._send(pcm[at : at + LARGEST_SOUND])

    async def receive(self) -> FromHub | bytes:
        """Return the next message, or sound of a reply.

        Raises:
            HubUnreachable, HubRefused: the connection has ended.
        """
        return await _receive(self._socket)

    async def close(self) -> None:
        """Say goodbye; twice is fine."""
        await self._socket.close()

    async def _send(self, frame: str | bytes) -> None:
        try:
            await self._socket.send(frame)
        except ConnectionClosed as error:
            raise _ended(error) from error


async def dial(address: str, hello: Hello) -> Link:
    """Connect to the hub at the WebSocket ``address``; close the link when done.

    Raises:
        HubUnreachable: it does not answer; trying again may help.
        HubRefused: it does not want this satellite; trying again does not help.
    """
    try:
        socket = await connect(
            address,
            compression=None,
            max_size=max(LARGEST_FROM_HUB, LARGEST_SOUND),
            open_timeout=HELLO_WAIT,
            close_timeout=CLOSING_SECONDS,
            ping_interval=PING_EVERY,
            ping_timeout=PING_WAIT,
            proxy=None,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        if status == FORBIDDEN:
            raise HubRefused("The hub lets no device in at this address.", next_step="Check the address.") from error
        raise HubUnreachable(
            f"The hub answered with status {status}.", next_step="Check the address, and the hub."
        ) from error
    except (WebSocketException, OSError, TimeoutError) as error:
        raise HubUnreachable("The hub does not answer.", next_step="Is it running? earwitness up") from error
    try:
        async with asyncio.timeout(HELLO_WAIT):
            return Link(socket, await _greet(socket, hello))
    except BaseException as error:
        await socket.close()
        if isinstance(error, TimeoutError):
            raise HubUnreachable("The hub does not say welcome.", next_step="Is it a hub?") from error
        raise


async def _greet(socket: ClientConnection, hello: Hello) -> Welcome:
    try:
        await socket.send(encode_from_device(hello))
    except ConnectionClosed as error:
        raise _ended(error) from error
    first = await _receive(socket)
    while isinstance(first, Refused):
        first = await _receive(socket)
    if not isinstance(first, Welcome):
        raise HubRefused("What answers there is no hub.", next_step="Check the address.")
    return first


async def _receive(socket: ClientConnection) -> FromHub | bytes:
    try:
        frame = await socket.recv()
    except ConnectionClosed as error:
        raise _ended(error) from error
    try:
        return decode_from_hub(frame) if isinstance(frame, str) else check_sound(frame)
    except MessageInvalid as error:
        if error.reason == "unknown_type":
            return Refused("unknown_type", "The hub said something this program does not know.", "Update it.", False)
        raise HubRefused(f"The hub cannot be understood: {error.what}", next_step=_MISTAKE[1]) from error


def _ended(closed: ConnectionClosed) -> HubUnreachable | HubRefused:
    code = closed.rcvd.code if closed.rcvd is not None else 0
    if code in FINAL:
        what, next_step = _REASONS.get(CloseCode(code), _MISTAKE)
        return HubRefused(what, next_step=next_step)
    return HubUnreachable("The connection to the hub has ended.", next_step="It is tried again.")


def hub_address(url: str, *, insecure: bool = False) -> str:
    """Return the address of the device protocol of a hub.

    Raises:
        BadInput: not an address of a hub, or a token would be sent unencrypted to another machine.
    """
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadInput("That is not the address of a hub.", next_step="Write it like http://localhost:8710.") from error
    if parts.scheme not in SCHEMES or not host or parts.username or parts.query or parts.fragment:
        raise BadInput("That is not the address of a hub.", next_step="Write it like http://localhost:8710.")
    scheme = SCHEMES[parts.scheme]
    if scheme == "ws" and not insecure and not _is_here(host):
        raise BadInput(
            "The pairing token would cross the network unencrypted.",
            next_step="Use an https address, or --insecure if you trust everybody on this network.",
        )
    name = f"[{host}]" if ":" in host else host
    where = f"{name}:{port}" if port else name
    return f"{scheme}://{where}{parts.path.rstrip('/')}{PATH}"


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
