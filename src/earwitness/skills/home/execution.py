"""Carry calls out, tell every state and attribute that changed, and keep what is needed to undo it."""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from earwitness.kernel.errors import DeviceCannot, DeviceSilent, NotFound
from earwitness.skills.home.model import Call, Change, Home, changes
from earwitness.skills.home.port import HomeControl
from earwitness.skills.home.undoing import restore

KEPT = 20
"""How many actions can be undone; the oldest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What calls did. ``silent`` did not answer, ``unable`` have no such function; ``undo`` takes all changes back."""

    changes: tuple[Change, ...] = ()
    silent: tuple[str, ...] = ()
    unable: tuple[str, ...] = ()
    undo: str | None = None


class Execution:
    """Carries calls out on one home."""

    def __init__(self, control: HomeControl, token: Callable[[], str] = lambda: secrets.token_hex(8)) -> None:
        """Act on this home; ``token`` makes names for what can be undone."""
        self._control = control
        self._token = token
        self._undo: OrderedDict[str, list[Call]] = OrderedDict()

    @property
    def last(self) -> str | None:
        """The token of the latest action that can be undone."""
        return next(reversed(self._undo), None)

    async def run(self, calls: Sequence[Call]) -> Outcome:
        """Carry out these calls, each for itself: what one device cannot do does not stop the others.

        Raises:
            HomeUnreachable: nobody answers.
        """
        before = await self._control.read()
        silent: list[str] = []
        unable: list[str] = []
        for call in calls:
            await self._one(call, before, silent, unable)
        after = await self._control.read()
        found = changes(before.entities, after.entities)
        return Outcome(found, tuple(silent), tuple(unable), self._keep(before, after, found))

    async def undo(self, token: str) -> Outcome:
        """Take an action back.

        Raises:
            NotFound: there is no such action, or it was undone.
        """
        calls = self._undo.pop(token, None)
        if calls is None:
            raise NotFound("There is nothing to undo.")
        outcome = await self.run(calls)
        if outcome.undo:
            self._undo.pop(outcome.undo)
        return replace(outcome, undo=None)

    def calls_to_undo(self, token: str) -> list[Call]:
        """Return what undoing would call, to see whether it is dangerous."""
        return list(self._undo.get(token, ()))

    async def _one(self, call: Call, home: Home, silent: list[str], unable: list[str]) -> None:
        gone = tuple(each for each in call.entities if (entity := home.entity(each)) and not entity.answers)
        silent += gone
        left = tuple(each for each in call.entities if each not in gone)
        if not left:
            return
        try:
            await self._control.call(replace(call, entities=left))
        except DeviceSilent as error:
            silent += error.entities or left
        except DeviceCannot:
            unable += left

    def _keep(self, before: Home, after: Home, found: tuple[Change, ...]) -> str | None:
        ids = dict.fromkeys(change.entity for change in found)
        pairs = [(before.entity(each), after.entity(each)) for each in ids]
        calls = [call for old, new in pairs if old and new for call in restore(old, new)]
        if not calls:
            return None
        token = self._token()
        self._undo[token] = calls
        while len(self._undo) > KEPT:
            self._undo.popitem(last=False)
        return token
