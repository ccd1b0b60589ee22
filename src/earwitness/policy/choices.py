"""What each adult chooses for themself between less and more: one row a choice, a default where none was made.

A choice that is followed by a smaller one is buried in the log. After a restore of a backup from before, the buried
choice has ended but what was chosen instead is unknown; each kind says what counts then, until the person chooses
again. The default that nobody spoke has a tombstone too, derived from the person's own.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Connection, insert, select, update

from earwitness.identity.changes import TOMBSTONE_SIZE, Bury
from earwitness.identity.device_rows import buried
from earwitness.identity.people import person_row
from earwitness.storage.schema import person, tombstone

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Choices(Generic[Value]):
    """One kind of choice; ``column`` is that of the value, in a table of its own.

    ``amount`` orders the values from less to more; ``read`` makes one of what the column holds.
    """

    name: str
    column: Column[Any]
    default: Value
    read: Callable[[Any], Value]
    amount: Callable[[Value], int]

    def default_tombstone(self, person_tombstone: bytes) -> bytes:
        """Return the tombstone (16 bytes) of a person's unspoken default."""
        label = f"earwitness/{self.name}-default/v1\n".encode()
        return hashlib.sha256(label + person_tombstone).digest()[:TOMBSTONE_SIZE]

    def chosen(self, tx: Connection, people: Iterable[str]) -> dict[str, Value | None]:
        """Return what counts for each of these people; None where a restore lost it."""
        wanted = list(people)
        rows = self.column.table.c
        standing = select(rows.person_id, self.column.label("chosen")).where(
            rows.person_id.in_(wanted), rows.ended_at.is_(None), ~buried(rows.tombstone)
        )
        found: dict[str, Value | None] = {row.person_id: self.read(row.chosen) for row in tx.execute(standing)}
        silent = [each for each in wanted if each not in found]
        lost = self._lost(tx, silent) if silent else frozenset()
        return found | {each: None if each in lost else self.default for each in silent}

    def replace(self, tx: Connection, bury: Bury, row: dict[str, Any], value: Value) -> None:
        """Write a choice in place of what its person chose before; ``row`` has the other columns of its table.

        Every larger one there ever was is buried, for a backup may hold any of them as the one that stands.
        """
        table = self.column.table
        mine = table.c.person_id == row["person_id"]
        earlier = tx.execute(select(self.column.label("chosen"), table.c.tombstone).where(mine)).all()
        larger = [each.tombstone for each in earlier if self._is_larger(self.read(each.chosen), value)]
        if self._is_larger(self.default, value):
            larger.append(self.default_tombstone(person_row(tx, row["person_id"]).tombstone))
        there = set(tx.scalars(select(tombstone.c.id).where(tombstone.c.id.in_(larger))))
        if fresh := [each for each in larger if each not in there]:
            bury(tx, fresh)
        tx.execute(update(table).where(mine, table.c.ended_at.is_(None)).values(ended_at=row["at"]))
        tx.execute(insert(table), [row])

    def _is_larger(self, one: Value, other: Value) -> bool:
        return self.amount(one) > self.amount(other)

    def _lost(self, tx: Connection, people: Sequence[str]) -> frozenset[str]:
        """Tell of people without a standing choice whose earlier one, or whose default, has ended."""
        rows = tx.execute(select(person.c.id, person.c.tombstone).where(person.c.id.in_(people))).all()
        defaults = {self.default_tombstone(row.tombstone): row.id for row in rows}
        ended = set(tx.scalars(select(tombstone.c.id).where(tombstone.c.id.in_(list(defaults)))))
        who = self.column.table.c.person_id
        earlier = select(who).where(who.in_(people))
        return frozenset(tx.scalars(earlier)) | {defaults[each] for each in ended}
