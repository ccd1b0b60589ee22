"""What all sessions of a hub share."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from earwitness.assistant.arbitration import Arbiter
from earwitness.assistant.hearing import Engines
from earwitness.assistant.skill import Here
from earwitness.assistant.turn import Answering
from earwitness.assistant.vocabulary import Vocabulary
from earwitness.kernel.clock import Clock

T = TypeVar("T")

WhereIs = Callable[[str], Here]
"""Where a device is and whose its recordings are, right now; blocking.

Raises:
    NotFound: no such device.
"""


@dataclass(slots=True)
class Counts:
    """All that remains of what was not for the assistant; nothing personal."""

    heard: int = 0  # the first stage believed it heard a wake word
    not_verified: int = 0
    verified: int = 0
    elsewhere: int = 0
    not_for_me: int = 0
    turns: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Shared:
    """Engines, dialog and bookkeeping of one hub. Lives on the event loop."""

    engines: Engines
    answering: Answering
    vocabulary: Vocabulary
    arbiter: Arbiter
    where_is: WhereIs
    clock: Clock
    counts: Counts

    async def quickly(self, work: Callable[[], T]) -> T:
        """Run a moment's work in the threads that listen."""
        return await asyncio.get_running_loop().run_in_executor(self.engines.listening, work)

    async def apart(self, work: Callable[[], T]) -> T:
        """Run longer work in the threads beside."""
        return await asyncio.get_running_loop().run_in_executor(self.engines.working, work)
