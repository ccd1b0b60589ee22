"""The assistant: every connected device of the hub, and what they share."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from earwitness.assistant.dialog import Conversation, Said
from earwitness.assistant.events import Event, Refused
from earwitness.assistant.session import Session
from earwitness.assistant.shared import Counts, Shared
from earwitness.assistant.skill import Reply
from earwitness.assistant.trace import Step, Trace
from earwitness.understanding.values import Hypothesis

DEFAULT_WORD: Final = "alexa"
LONGEST_SENTENCE: Final = 500


@dataclass(slots=True)
class Assistant:
    """Opens sessions, answers typed turns, and speaks on devices. Lives on one event loop."""

    shared: Shared
    came: Callable[[str], None] = lambda _device: None  # called with each device that has connected
    _sessions: dict[str, Session] = field(default_factory=dict)
    _typed: dict[str, Conversation] = field(default_factory=dict)

    @property
    def counts(self) -> Counts:
        """How much was heard, verified, dropped: all that remains of what was not for the assistant."""
        return self.shared.counts

    @property
    def connected(self) -> frozenset[str]:
        """The ids of the devices that are connected."""
        return frozenset(self._sessions)

    async def open(
        self,
        device: str,
        emit: Callable[[Event], Awaitable[None]],
        *,
        wakes_itself: bool,
        word: str = DEFAULT_WORD,
    ) -> Session:
        """Connect a device; ``wakes_itself``: it sends sound only after a wake word of its own.

        A session that the device had before ends.

        Raises:
            NotFound: no such device, or no model of this wake word.
        """
        shared = self.shared
        here = await shared.apart(lambda: shared.where_is(device))
        await shared.vocabulary.of(here.household, here.zone)
        before = self._sessions.pop(device, None)
        if before is not None:
            await self._replace(before)
        session = Session(
            shared,
            here,
            emit,
            word=word,
            wakes_itself=wakes_itself,
            alone=lambda: self._alone(here.household),
            closed=self._closed,
        )
        self._sessions[device] = session
        self.came(device)
        return session

    async def ask(self, device: str, sentence: str) -> Reply:
        """Answer a typed sentence as if it had been recognised without doubt; nothing is kept of it.

        Raises:
            NotFound: no such device.
        """
        shared = self.shared
        here = await shared.apart(lambda: shared.where_is(device))
        sayable = await shared.vocabulary.refresh(here.household, here.zone)
        conversation = self._typed.setdefault(device, Conversation())
        said = Said([Hypothesis(sentence[:LONGEST_SENTENCE])], sayable.at(here))
        return await shared.answering.dialog.turn(said, here, conversation, Trace())

    async def announce(self, device: str, text: str) -> bool:
        """Speak on a device now; False where it is not connected or somebody is being listened to."""
        session = self._sessions.get(device)
        return session is not None and await session.announce(text)

    def steps(self, device: str) -> tuple[Step, ...]:
        """The steps of the last turn on a connected device, as long as they are remembered."""
        session = self._sessions.get(device)
        return session.last_steps if session is not None else ()

    async def close(self) -> None:
        """End every session; the engines stay with whoever made them."""
        await asyncio.gather(*(session.close() for session in list(self._sessions.values())))

    def _alone(self, household: str) -> bool:
        return sum(each.here.household == household for each in self._sessions.values()) <= 1

    def _closed(self, session: Session) -> None:
        if self._sessions.get(session.here.device) is session:
            del self._sessions[session.here.device]

    async def _replace(self, session: Session) -> None:
        with suppress(ConnectionError):
            await session.tell(Refused("replaced", "The device connected again from elsewhere.", fatal=True))
        await session.close()
