"""What a device sends, in order, dealt with one after the other; whoever sends faster than is heard waits."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from earwitness.kernel.audio import SAMPLE_WIDTH
from earwitness.kernel.errors import BadInput

MOST_WAITING: Final = 64

LARGEST_PIECE: Final = 64 * 1024  # bytes

Message = Callable[[], Awaitable[None]]


def check_piece(pcm: bytes) -> None:
    """Refuse a piece of sound that is too large or ends within a sample.

    Raises:
        BadInput: it is.
    """
    if len(pcm) % SAMPLE_WIDTH or len(pcm) > LARGEST_PIECE:
        raise BadInput(
            f"A piece of {len(pcm)} bytes is not taken.", next_step="Send whole 16-bit samples, at most 64 KiB."
        )


class Inbox:
    """Messages of one session. Lives on the event loop."""

    def __init__(self) -> None:
        """Hold at most ``MOST_WAITING`` messages."""
        self._waiting: asyncio.Queue[Message] = asyncio.Queue(MOST_WAITING)

    async def put(self, message: Message) -> None:
        """Add a message; waits while the session is behind."""
        await self._waiting.put(message)

    async def next(self) -> Message:
        """The next message."""
        return await self._waiting.get()

    async def caught_up(self) -> None:
        """Wait until all that was put so far has been dealt with."""
        done = asyncio.Event()

        async def reached() -> None:
            done.set()

        await self._waiting.put(reached)
        await done.wait()
