"""What goes to a device: messages in order, and the reply's sound paced to its being played.

One task sends. The reply goes out at most ``reply_lead`` seconds ahead, so that a device needs a small buffer
only and :meth:`Outbox.silence` takes back what has not left yet. Whoever puts sound waits while a megabyte waits.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from earwitness.gateway.websocket.limits import Limits
from earwitness.kernel.audio import SAMPLE_WIDTH
from earwitness.protocol.device.bounds import LARGEST_SOUND
from earwitness.protocol.device.codec import encode_from_hub
from earwitness.protocol.device.messages import FromHub, Silence, Speech, SpeechEnd


@dataclass(frozen=True, slots=True)
class _Item:
    """One frame; ``lasts`` is its duration in seconds if it is sound. What is ``of_reply`` goes with silence."""

    frame: str | bytes = field(repr=False)
    lasts: float = 0.0
    of_reply: bool = False


Send = Callable[[str | bytes], Awaitable[None]]


class Outbox:
    """The frames on their way to one device. Lives on the event loop."""

    def __init__(self, send: Send, limits: Limits) -> None:
        """Send frames with ``send``; call :meth:`run` in a task."""
        self._send = send
        self._limits = limits
        self._items: deque[_Item] = deque()
        self._sound = 0  # bytes that wait
        self._rate: int | None = None  # of the reply that is open
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._played_until = 0.0

    def put(self, message: FromHub) -> None:
        """Send a message after everything before it."""
        self._append(_Item(encode_from_hub(message)))

    async def speak(self, pcm: bytes, rate: int, *, last: bool) -> None:
        """Send a piece of the reply; waits while too much waits already."""
        if pcm and self._rate != rate:
            self._end_reply()
            self._rate = rate
            self._append(_Item(encode_from_hub(Speech(rate)), of_reply=True))
        for at in range(0, len(pcm), LARGEST_SOUND):
            await self._room.wait()
            piece = pcm[at : at + LARGEST_SOUND]
            self._sound += len(piece)
            self._append(_Item(piece, len(piece) / (rate * SAMPLE_WIDTH), of_reply=True))
        if last:
            self._end_reply()

    def silence(self) -> None:
        """Take back what has not left of the reply, and tell the device to stop playing."""
        self._items = deque(item for item in self._items if not item.of_reply)
        self._sound, self._rate, self._played_until = 0, None, 0.0
        self.put(Silence())

    async def run(self) -> None:
        """Send until cancelled.

        Raises:
            TimeoutError: the device does not take what is sent.
            OSError: the connection is gone.
        """
        while True:
            self._changed.clear()
            if not self._items:
                await self._changed.wait()
            elif (early := self._early(self._items[0])) > 0:
                await _wait(self._changed, early)
            else:
                await self._send_next()

    async def _send_next(self) -> None:
        item = self._items.popleft()
        if item.lasts:
            self._sound -= len(item.frame)
            self._played_until = max(self._played_until, _now()) + item.lasts
        self._make_room()
        async with asyncio.timeout(self._limits.send_wait):
            await self._send(item.frame)

    def _early(self, item: _Item) -> float:
        """Seconds until a frame may go."""
        return self._played_until - _now() - self._limits.reply_lead if item.lasts else 0.0

    def _end_reply(self) -> None:
        if self._rate is not None:
            self._rate = None
            self._append(_Item(encode_from_hub(SpeechEnd()), of_reply=True))

    def _append(self, item: _Item) -> None:
        self._items.append(item)
        self._changed.set()
        self._make_room()

    def _make_room(self) -> None:
        if self._sound < self._limits.reply_waiting:
            self._room.set()
        else:
            self._room.clear()


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _wait(changed: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await changed.wait()
    except TimeoutError:
        return
