"""The one registry of everything that can exist because of a recording, or about a person.

A capability that writes something about a recording registers its kind here, with what erases it.
Nothing can be written under an unregistered kind, a kind cannot be registered without an eraser,
and a test fails when a table with a ``recording_id``, ``subject_id`` or ``person_id`` column is
claimed by nobody: so a later capability cannot forget to be forgotten.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from earwitness.kernel.errors import BadInput

Eraser = Callable[[Connection, Sequence[str]], int]
"""Removes what its kind holds about these recordings (or subjects), inside the caller's write transaction.
Idempotent. Returns how many things were removed."""


@dataclass(frozen=True, slots=True)
class ArtefactKind:
    """A kind of thing that exists because of a recording.

    ``holds`` is the sentence a person reads; ``tables`` are the tables whose rows the eraser answers
    for; ``survives_identity_limit`` marks the one copy that may outlive the link to its person.
    """

    name: str
    holds: str
    eraser: Eraser
    tables: frozenset[str] = frozenset()
    survives_identity_limit: bool = False


@dataclass(frozen=True, slots=True)
class SubjectHolding:
    """Something held about a person or household beside their recordings; erased with them.

    ``eraser`` takes subject ids. A holding that stays (a receipt is evidence for the person) has an
    eraser that removes nothing and says in ``holds`` why it stays and that it names nobody.
    """

    name: str
    holds: str
    eraser: Eraser
    tables: frozenset[str] = frozenset()


@dataclass(slots=True)
class ArtefactRegistry:
    """All kinds and holdings, in the order in which they are erased (the order of registration)."""

    _kinds: dict[str, ArtefactKind] = field(default_factory=dict)
    _holdings: dict[str, SubjectHolding] = field(default_factory=dict)

    def register(self, kind: ArtefactKind | SubjectHolding) -> None:
        """Add a kind or a holding.

        Raises:
            BadInput: the name is taken, or there is no way to erase it.
        """
        if kind.name in self._kinds or kind.name in self._holdings:
            raise BadInput(f"'{kind.name}' is registered twice.")
        if not callable(kind.eraser):
            raise BadInput(f"'{kind.name}' has no eraser.", next_step="Give it one.")
        if isinstance(kind, ArtefactKind):
            self._kinds[kind.name] = kind
        else:
            self._holdings[kind.name] = kind

    def __getitem__(self, name: str) -> ArtefactKind:
        """Return the artefact kind, or raise BadInput for one that was never registered."""
        try:
            return self._kinds[name]
        except KeyError:
            raise BadInput(
                f"'{name}' is not a registered artefact kind.", next_step="Register it with an eraser first."
            ) from None

    def __iter__(self) -> Iterator[ArtefactKind]:
        """Walk the artefact kinds in erasing order."""
        return iter(self._kinds.values())

    @property
    def holdings(self) -> tuple[SubjectHolding, ...]:
        """What is held about subjects beside recordings."""
        return tuple(self._holdings.values())

    def claimed_tables(self) -> frozenset[str]:
        """Tables that some kind or holding answers for."""
        kinds: list[ArtefactKind | SubjectHolding] = [*self, *self.holdings]
        return frozenset[str]().union(*(kind.tables for kind in kinds))
