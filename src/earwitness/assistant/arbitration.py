"""Several devices hear the same wake word: the nearest answers.

The first claim of a household opens a short window; when it closes, the claim that heard the word loudest wins.
All of them listen on meanwhile, so that the winner has missed nothing; the others are told that another answers.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

WINDOW_MS: Final = 250


@dataclass(slots=True)
class _Round:
    """One wake word in one household."""

    claims: list[tuple[float, str]] = field(default_factory=list)
    decided: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Arbiter:
    """Decides for every household of the hub. Lives on the event loop."""

    def __init__(self, window_ms: int = WINDOW_MS) -> None:
        """Wait this long for other devices."""
        self._window_ms = window_ms
        self._rounds: dict[str, _Round] = {}

    async def wins(self, household: str, device: str, loudness: float, *, alone: bool) -> bool:
        """Claim a wake word that ``device`` heard this loud; return whether it is the one to answer.

        ``alone`` says that no other device of the household is connected: nothing is waited for.
        """
        if alone:
            return True
        current = self._rounds.get(household)
        if current is None:
            current = self._rounds[household] = _Round()
            asyncio.get_running_loop().call_later(self._window_ms / 1000, self._close, household, current)
        current.claims.append((loudness, device))
        return await asyncio.shield(current.decided) == device

    def _close(self, household: str, current: _Round) -> None:
        del self._rounds[household]
        if not current.decided.done():
            current.decided.set_result(max(current.claims)[1])
