"""The household's own lists in the database; names and lines are sealed for the household.

The shopping list and the to-do list are always there; their rows are made with their first line.
"""

import secrets
from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from earwitness.identity.sealing import Sealer, open_fields, seal_fields
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.skills.lists.port import Item, Listed
from earwitness.storage.database import Database
from earwitness.storage.schema.voice import list_item, todo_list

SHOPPING = Listed("shopping", "shopping list", ("groceries", "grocery list", "groceries list", "shopping"))
TASKS = Listed("todo", "to do list", ("to-do list", "todo list", "to do", "task list", "tasks"))
BUILT_IN = (SHOPPING, TASKS)
OWN = "own"
LONGEST_TEXT = 200
MOST_ITEMS = 500
MOST_LISTS = 50


class Lists:
    """The lists of all households; safe from many threads."""

    def __init__(
        self, database: Database, sealer: Sealer, clock: Clock, random: RandomBytes = secrets.token_bytes
    ) -> None:
        """Seal with ``sealer`` under the household."""
        self._database = database
        self._sealer = sealer
        self._clock = clock
        self._random = random

    def lists(self, household: str) -> list[Listed]:
        """The built-in ones, then the household's, oldest first."""
        query = select(todo_list).where(todo_list.c.subject_id == household, todo_list.c.kind == OWN)
        with self._database.read() as tx:
            rows = tx.execute(query.order_by(todo_list.c.created_at, todo_list.c.id)).all()
        opened = [(row.id, open_fields(self._sealer, household, f"todo_list/{row.id}", row.sealed)) for row in rows]
        return [*BUILT_IN, *(Listed(name, fields["name"]) for name, fields in opened if fields)]

    def create(self, household: str, name: str) -> Listed:
        """Make a list.

        Raises:
            BadInput: there are too many.
        """
        if len(self.lists(household)) >= MOST_LISTS:
            raise BadInput("There are too many lists.", next_step="Delete one that is not needed.")
        with self._database.write() as tx:
            made = self._insert(tx, household, OWN, name[:LONGEST_TEXT])
        return Listed(made, name[:LONGEST_TEXT])

    def delete(self, household: str, list_id: str) -> None:
        """Delete a list with its lines; fine if it is gone."""
        mine = todo_list.c.id == list_id, todo_list.c.subject_id == household
        with self._database.write() as tx:
            found = tx.scalar(select(todo_list.c.id).where(*mine))
            if found:
                tx.execute(delete(list_item).where(list_item.c.list_id == found))
                tx.execute(delete(todo_list).where(todo_list.c.id == found))

    def items(self, household: str, list_id: str) -> list[Item]:
        """The lines that are not done, oldest first."""
        with self._database.read() as tx:
            row_id = self._row_of(tx, household, list_id)
            query = select(list_item).where(list_item.c.list_id == row_id, list_item.c.done_at.is_(None))
            rows = tx.execute(query.order_by(list_item.c.created_at, list_item.c.id)).all() if row_id else []
        opened = [(row.id, open_fields(self._sealer, household, f"list_item/{row.id}", row.sealed)) for row in rows]
        return [Item(name, fields["text"]) for name, fields in opened if fields]

    def add(self, household: str, list_id: str, texts: Sequence[str]) -> list[Item]:
        """Add lines.

        Raises:
            NotFound: there is no such list.
            BadInput: the list is full.
        """
        if len(self.items(household, list_id)) + len(texts) > MOST_ITEMS:
            raise BadInput("That list is full.", next_step="Clear what is not needed.")
        made = [Item(new_id("item", self._random), text[:LONGEST_TEXT]) for text in texts]
        with self._database.write() as tx:
            row_id = self._row_of(tx, household, list_id) or self._built_in(tx, household, list_id)
            last = tx.scalar(select(func.max(list_item.c.created_at)).where(list_item.c.list_id == row_id))
            first = max(self._clock.now_ms(), (last or 0) + 1)
            rows = [
                {
                    "id": each.id,
                    "list_id": row_id,
                    "subject_id": household,
                    "sealed": seal_fields(self._sealer, household, f"list_item/{each.id}", {"text": each.text}),
                    "created_at": first + at,  # they stay in the order in which they were said
                }
                for at, each in enumerate(made)
            ]
            tx.execute(insert(list_item), rows)
        return made

    def remove(self, items: Sequence[str], household: str | None = None) -> int:
        """Delete lines by their ids; fine if they are gone. Return how many were there."""
        mine = [list_item.c.id.in_(items), *([list_item.c.subject_id == household] if household else [])]
        with self._database.write() as tx:
            return tx.execute(delete(list_item).where(*mine)).rowcount

    def complete(self, household: str, items: Sequence[str]) -> int:
        """Mark lines as done; return how many were open."""
        mine = list_item.c.id.in_(items), list_item.c.subject_id == household, list_item.c.done_at.is_(None)
        with self._database.write() as tx:
            return tx.execute(update(list_item).where(*mine).values(done_at=self._clock.now_ms())).rowcount

    @staticmethod
    def _row_of(tx: Connection, household: str, list_id: str) -> str | None:
        built_in = list_id in {each.id for each in BUILT_IN}
        which = todo_list.c.kind == list_id if built_in else todo_list.c.id == list_id
        found: str | None = tx.scalar(select(todo_list.c.id).where(todo_list.c.subject_id == household, which))
        return found

    def _built_in(self, tx: Connection, household: str, list_id: str) -> str:
        known = {each.id: each for each in BUILT_IN}
        if list_id not in known:
            raise NotFound("There is no such list.")
        return self._insert(tx, household, list_id, known[list_id].name)

    def _insert(self, tx: Connection, household: str, kind: str, name: str) -> str:
        made = new_id("list", self._random)
        row = {
            "id": made,
            "subject_id": household,
            "kind": kind,
            "sealed": seal_fields(self._sealer, household, f"todo_list/{made}", {"name": name}),
            "created_at": self._clock.now_ms(),
        }
        tx.execute(insert(todo_list), [row])
        return made
