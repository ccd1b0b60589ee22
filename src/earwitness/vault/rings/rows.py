"""One ring's rows, in the SQL that SQLite and PostgreSQL share.

A ring is reached through :class:`Sql`, a transaction that its store has opened; the tables are found
without a prefix. Numbers (``no``) only grow, so "what was added since" is a range of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from earwitness.kernel.errors import KeyCorrupt

SubjectRow = tuple[int, str, bytes]
"""no, id, wrapped key."""

KeyRow = tuple[int, str, int, bytes]
"""no, id, number of its subject, wrapped key."""

Found = tuple[str, bytes, str, bytes]
"""Key id, wrapped key, subject id, wrapped subject key."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a ring says of itself; ``next`` is the epoch being prepared, ``ended`` the last that is wholly gone."""

    epoch: int
    wrapped_kek: bytes
    opened_at: int
    next: int | None
    ended: int


class Sql(Protocol):
    """An open transaction. ``?`` marks a value and ``IN (?)`` a list of them, passed as one value."""

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query and return all its rows."""
        ...

    def run(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Run a statement."""
        ...

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row."""
        ...

    def listed(self, values: Sequence[Any]) -> Any:
        """Pack values for ``IN (?)``."""
        ...


class Ring:
    """The rows of one ring inside one transaction."""

    def __init__(self, sql: Sql, place: str, epoch: int) -> None:
        """Read and write the ring of ``epoch`` through ``sql``; errors speak of ``place``."""
        self._sql = sql
        self.place = place
        self._epoch = epoch

    def head(self) -> Head:
        """Return what the ring says of itself.

        Raises:
            KeyCorrupt: it says nothing, or that it is the ring of another epoch.
        """
        rows = self._sql.rows("SELECT epoch, wrapped_kek, opened_at, next, ended FROM head")
        if len(rows) != 1:
            raise KeyCorrupt(f"{self.place} has no head.", next_step="Put it back from the newest key backup.")
        epoch, wrapped_kek, opened_at, following, ended = rows[0]
        if epoch != self._epoch:
            raise KeyCorrupt(
                f"{self.place} is the ring of epoch {epoch}.", next_step="Put the keys back from the newest key backup."
            )
        return Head(epoch, bytes(wrapped_kek), opened_at, following, ended)

    def subjects(self, ids: Sequence[str]) -> list[SubjectRow]:
        """Return the subjects that exist."""
        found = self._sql.rows("SELECT no, id, wrapped FROM subject WHERE id IN (?)", [self._sql.listed(ids)])
        return [(no, name, bytes(wrapped)) for no, name, wrapped in found]

    def subjects_numbered(self, numbers: Sequence[int]) -> list[SubjectRow]:
        """Return the subjects with these numbers that exist."""
        return self._sql.rows("SELECT no, id, wrapped FROM subject WHERE no IN (?)", [self._sql.listed(numbers)])

    def find(self, ids: Sequence[str]) -> list[Found]:
        """Return the keys that exist and whose subject exists."""
        found = self._sql.rows(
            "SELECT key.id, key.wrapped, subject.id, subject.wrapped FROM key JOIN subject ON subject.no = key.subject"
            " WHERE key.id IN (?)",
            [self._sql.listed(ids)],
        )
        return [(name, bytes(wrapped), subject, bytes(outer)) for name, wrapped, subject, outer in found]

    def subjects_after(self, no: int, upto: int, limit: int) -> list[SubjectRow]:
        """Return subjects with numbers in ``(no, upto]``, in order."""
        statement = "SELECT no, id, wrapped FROM subject WHERE no > ? AND no <= ? ORDER BY no LIMIT ?"
        return self._sql.rows(statement, (no, upto, limit))

    def keys_after(self, no: int, upto: int, limit: int) -> list[KeyRow]:
        """Return keys with numbers in ``(no, upto]``, in order, those of destroyed subjects too."""
        statement = "SELECT no, id, subject, wrapped FROM key WHERE no > ? AND no <= ? ORDER BY no LIMIT ?"
        return self._sql.rows(statement, (no, upto, limit))

    def last(self) -> tuple[int, int]:
        """Return the highest numbers of subjects and of keys."""
        ((subject, key),) = self._sql.rows(
            "SELECT (SELECT coalesce(max(no), 0) FROM subject), (SELECT coalesce(max(no), 0) FROM key)"
        )
        return subject, key

    def counts(self) -> tuple[int, int]:
        """Return how many subjects and how many keys there are."""
        ((subjects, keys),) = self._sql.rows("SELECT (SELECT count(*) FROM subject), (SELECT count(*) FROM key)")
        return subjects, keys

    def gone(self) -> tuple[list[int], list[int]]:
        """Return the numbers of subjects and of keys that were destroyed since a rotation began."""
        rows = self._sql.rows("SELECT what, no FROM gone")
        return [no for what, no in rows if what == "subject"], [no for what, no in rows if what == "key"]

    def add_subject(self, subject: str, wrapped: bytes) -> int:
        """Add a subject and return its number."""
        ((no,),) = self._sql.rows("INSERT INTO subject (id, wrapped) VALUES (?, ?) RETURNING no", (subject, wrapped))
        return int(no)

    def add_keys(self, rows: Iterable[tuple[str, int, bytes]]) -> None:
        """Add keys: id, number of the subject, wrapped."""
        self._sql.many("INSERT INTO key (id, subject, wrapped) VALUES (?, ?, ?)", rows)

    def remove_subjects(self, ids: Sequence[str], *, note: bool) -> None:
        """Remove subjects but not their keys; ``note`` what is gone for the rotation that is under way."""
        listed = [self._sql.listed(ids)]
        if note:
            self._sql.run("INSERT INTO gone (what, no) SELECT 'subject', no FROM subject WHERE id IN (?)", listed)
        self._sql.run("DELETE FROM subject WHERE id IN (?)", listed)

    def remove_keys(self, ids: Sequence[str], *, note: bool) -> None:
        """Remove keys; ``note`` as in :meth:`remove_subjects`."""
        listed = [self._sql.listed(ids)]
        if note:
            self._sql.run("INSERT INTO gone (what, no) SELECT 'key', no FROM key WHERE id IN (?)", listed)
        self._sql.run("DELETE FROM key WHERE id IN (?)", listed)

    def prepare_for(self, epoch: int | None) -> None:
        """Say that ``epoch`` is being prepared, or that none is; what an earlier attempt noted is forgotten."""
        self._sql.run("UPDATE head SET next = ?", (epoch,))
        self._sql.run("DELETE FROM gone")

    def set_ended(self, epoch: int) -> None:
        """Say that ``epoch`` and those before it are wholly gone."""
        self._sql.run("UPDATE head SET ended = ?", (epoch,))
