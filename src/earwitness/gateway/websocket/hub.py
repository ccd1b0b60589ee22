"""What the gateway needs of the hub, handed down by bootstrap."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from earwitness.assistant.events import Event
from earwitness.protocol.device.messages import Hello

Emit = Callable[[Event], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Admitted:
    """A device that may come in: which one, and what was chosen for it."""

    device: str
    wake_word: str
    area: str | None = None
    out_of_date: bool = False


class Doorkeeper(Protocol):
    """Who may come in. Blocking and thread-safe: it asks the database."""

    def admit(self, hello: Hello) -> Admitted:
        """Check the token, and write down what the device says of itself.

        Raises:
            AccessDenied: the token is not known, or not any more.
        """
        ...

    def is_welcome(self, token: str, device: str) -> bool:
        """Say whether the token still is this device's."""
        ...

    def saw(self, device: str, *, muted: bool | None = None) -> None:
        """Write down that the device is here, and whether it is muted if that is told."""
        ...


class Session(Protocol):
    """The hub's side of a device; :class:`earwitness.assistant.session.Session` is one."""

    async def hear(self, pcm: bytes) -> None:
        """Take sound; returns when it is taken."""
        ...

    async def woke(self, word: str, score: float, ends_at: int) -> None:
        """The device's own wake word fired; it ended at this sample of what follows."""
        ...

    async def listen(self) -> None:
        """Listen without a wake word."""
        ...

    async def finish(self) -> None:
        """The utterance is over."""
        ...

    async def played(self) -> None:
        """The reply was played."""
        ...

    async def cancel(self) -> None:
        """Drop the turn."""
        ...

    async def mute(self, on: bool) -> None:  # noqa: FBT001 - the message's own value
        """The microphone was closed or opened."""
        ...

    async def close(self) -> None:
        """End; twice is fine."""
        ...


class Sessions(Protocol):
    """Opens sessions; :class:`earwitness.assistant.assistant.Assistant` does."""

    async def open(self, device: str, emit: Emit, *, wakes_itself: bool, word: str) -> Session:
        """Connect a device; its session from before ends.

        Raises:
            NotFound: no such device, or no model of this wake word.
        """
        ...
