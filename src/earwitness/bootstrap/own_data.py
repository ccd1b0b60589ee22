"""What a voice may erase, put to the vault: as the person of a personal device, or as the voice at a shared one.

A voice is no proof of who speaks. The log of a shared device therefore names the program ``voice``, never an adult
who may not have been there.
"""

from collections.abc import Sequence

from earwitness.assistant.skill import Here
from earwitness.bootstrap.house import House
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.errors import EarwitnessError, NotFound
from earwitness.kernel.ids import HouseholdId
from earwitness.policy.actions import Program
from earwitness.skills.own.port import Erased, Left
from earwitness.vault.erasure import Accepted
from earwitness.vault.scope import Scope, ScopeKind

END_OF_TIME = 1 << 62


class VaultOwnData:
    """The port :class:`~earwitness.skills.own.port.OwnData` over the vault of a house; thread-safe."""

    def __init__(self, house: House) -> None:
        """Erase in this house."""
        self._house = house

    def erase(self, here: Here, recordings: Sequence[str]) -> Erased:
        """Erase these recordings."""
        scope = Scope(ScopeKind.RECORDINGS, _subject(here), here.household, tuple(recordings))
        return self._erase(here, scope)

    def erase_since(self, here: Here, start: int) -> Erased:
        """Erase what was kept since ``start``."""
        return self._erase(here, _since(here, start))

    def count_since(self, here: Here, start: int) -> int:
        """How many recordings that would be."""
        return self._house.removal.count_scope(_since(here, start))

    def take_back(self, here: Here, effects: Sequence[str]) -> int:
        """Take effects of this device's subject back; what can not be is left for the history."""
        theirs = {each.id for each in self._house.effects.of_subject(_subject(here))}
        count = 0
        for name in effects:
            if name not in theirs:
                continue
            try:
                self._house.effects.remove(name, self._house.clock.now_ms())
            except EarwitnessError:
                continue  # the others go all the same; how many did is said
            count += 1
        return count

    def _erase(self, here: Here, scope: Scope) -> Erased:
        accepted: Accepted = self._house.erasure.erase(self._actor(here), scope)
        left = tuple(Left(each.id, each.what) for each in accepted.effects if each.removable)
        return Erased(accepted.recordings, accepted.receipt.id, left)

    def _actor(self, here: Here) -> Actor:
        if here.person is not None and here.subject == here.person:
            return self._house.directory.people.get(here.person).actor()
        return Actor(Program.VOICE, Role.PROGRAM, HouseholdId(here.household))


def _subject(here: Here) -> str:
    if here.subject is None:
        raise NotFound("Nothing is kept of this device.")
    return here.subject


def _since(here: Here, start: int) -> Scope:
    """A person's day wherever they spoke; of a shared device only what that device kept."""
    subject = _subject(here)
    devices = () if subject == here.person else (here.device,)
    return Scope(ScopeKind.SPAN, subject, here.household, devices, start=start, end=END_OF_TIME)
