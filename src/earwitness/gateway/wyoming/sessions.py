"""What a satellite's link needs of the assistant: the port that ``assistant.Assistant`` and the fakes are."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from earwitness.assistant.events import Event

Emit = Callable[[Event], Awaitable[None]]


class Session(Protocol):
    """One device's session; see :class:`earwitness.assistant.session.Session`."""

    async def hear(self, pcm: bytes) -> None:
        """Take sound."""
        ...

    async def listen(self) -> None:
        """Listen without a wake word that the hub verified."""
        ...

    async def finish(self) -> None:
        """The utterance is over."""
        ...

    async def played(self) -> None:
        """The reply was played."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


class Sessions(Protocol):
    """Opens sessions."""

    async def open(self, device: str, emit: Emit, *, wakes_itself: bool, word: str = ...) -> Session:
        """Connect a device.

        Raises:
            NotFound: no such device, or no model of the wake word.
        """
        ...
