"""Replaying the log's tombstones on restored rows: what was erased, ended or narrowed since stays so.

Every table with a ``tombstone`` column has a rule here; a table without one stops the restore, and a
test before that. Rules are idempotent and run in one write transaction, before anything is served. What
is to be removed physically becomes an erasure, which ``vault.removal`` carries out with its receipts.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, Table, delete, func, insert, or_, select, update

from earwitness.backup.entries import Recovered
from earwitness.bootstrap import House
from earwitness.identity.device_rows import buried, living_adults
from earwitness.kernel.clock import DAY
from earwitness.kernel.errors import BackupError
from earwitness.kernel.ids import new_id
from earwitness.ledger.commitments import TOMBSTONE_ID_SIZE
from earwitness.policy.retention import CHOICES, Chosen, chosen
from earwitness.storage.schema import (
    consent,
    deidentified,
    device,
    device_agreement,
    erasure,
    erasure_recording,
    household,
    metadata,
    person,
    recording,
    retention_choice,
    tombstone,
)
from earwitness.storage.schema.devices import device_pairing
from earwitness.storage.schema.review import listening_budget
from earwitness.vault.scope import ScopeKind
from earwitness.vault.tally import Tally

UNKNOWN_CHOICE_MS = DAY
"""How long things stay whose person chose a shorter time that was lost: the shortest there is but nothing."""

PAGE = 1_000


@dataclass(slots=True)
class Replay:
    """What the rules work with, inside one write transaction; ``objects`` and ``keys`` go when it has committed."""

    house: House
    tx: Connection
    now: int
    recovered: Recovered
    objects: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def erase(self, subject: str, kind: ScopeKind, stone: bytes) -> str:
        """Accept an erasure, under the id it had if the log told it; return its id."""
        name, at = self.recovered.erasures.get(stone, ("", self.now))
        known = name and self.tx.scalar(select(erasure.c.id).where(erasure.c.id == name))
        row = {
            "id": name if name and not known else new_id("era"),
            "subject_id": subject,
            "scope": Tally(str(kind)).to_json(),
            "state": "accepted",
            "requested_at": at,
            **self.house.removal.bound(self.now),
        }
        self.tx.execute(insert(erasure), [row])
        return str(row["id"])


Rule = Callable[[Replay], int]
"""Ends what its table holds under a tombstone of the log; returns how many rows that were standing it ended."""


def tables_with_tombstones() -> list[Table]:
    """Return every table whose rows can be buried, in an order that foreign keys allow."""
    return [table for table in metadata.sorted_tables if "tombstone" in table.columns]


def replay(context: Replay) -> dict[str, int]:
    """Run every rule; return what was ended, by table.

    Raises:
        BackupError: a table has no rule; nothing was restored.
    """
    ended = {}
    for table in tables_with_tombstones():
        if table.name not in RULES:
            raise BackupError(f"Nothing says how a tombstone ends a row of '{table.name}'; this is a fault of ours.")
        ended[table.name] = RULES[table.name](context)
    return ended


def _households(context: Replay) -> int:
    """Erase everyone in a household that is gone; its rows follow once their keys did (narrowing)."""
    rows = context.tx.execute(select(household).where(buried(household.c.tombstone))).all()
    for row in rows:
        mine = select(person).where(person.c.household_id == row.id, person.c.erased_at.is_(None))
        for each in context.tx.execute(mine).all():
            _erase_person(context, each)
    return len(rows)


def _people(context: Replay) -> int:
    query = select(person).where(buried(person.c.tombstone), person.c.erased_at.is_(None))
    rows = context.tx.execute(query).all()
    for row in rows:
        _erase_person(context, row)
    return len(rows)


def _erase_person(context: Replay, row: Row[Any]) -> None:
    context.erase(row.id, ScopeKind.PERSON, row.tombstone)
    gone = {"erased_at": context.now, "sealed": None, "recipient": None}
    context.tx.execute(update(person).where(person.c.id == row.id).values(**gone))


def _recordings(context: Replay) -> int:
    """Collect what one erasure covered into one again; without its id, one for each subject."""
    listed = select(erasure_recording.c.recording_id).where(erasure_recording.c.recording_id == recording.c.id).exists()
    columns = (recording.c.id, recording.c.subject_id, recording.c.tombstone)
    rows = context.tx.execute(select(*columns).where(buried(recording.c.tombstone), ~listed)).all()
    erasures: dict[tuple[str, str], str] = {}
    members = []
    for row in rows:
        which = (row.subject_id, context.recovered.erasures.get(row.tombstone, ("",))[0])
        if which not in erasures:
            erasures[which] = context.erase(row.subject_id, ScopeKind.RECORDINGS, row.tombstone)
        members.append({"erasure_id": erasures[which], "recording_id": row.id})
    for start in range(0, len(members), PAGE):
        part = members[start : start + PAGE]
        context.tx.execute(insert(erasure_recording), part)
        ids = [each["recording_id"] for each in part]
        context.tx.execute(update(recording).where(recording.c.id.in_(ids)).values(state="erased"))
    return len(rows)


def _consents(context: Replay) -> int:
    return _end(context, consent, "ended_at")


def _agreements(context: Replay) -> int:
    return _end(context, device_agreement, "withdrawn_at")


def _devices(context: Replay) -> int:
    return _end(context, device, "removed_at")


def _budgets(context: Replay) -> int:
    """End listening budgets that were lowered since: nobody is heard until another is chosen (review.budget)."""
    return _end(context, listening_budget, "ended_at")


def _pairings(context: Replay) -> int:
    return _end(context, device_pairing, "ended_at")


def _end(context: Replay, table: Table, column: str) -> int:
    standing = buried(table.c.tombstone) & table.c[column].is_(None)
    return context.tx.execute(update(table).where(standing).values({column: context.now})).rowcount


def _choices(context: Replay) -> int:
    """End buried choices, take the last word from the log where it tells it, and date recordings anew."""
    ended = _people_of_buried_choices(context.tx)
    told = {each: context.recovered.choices[each] for each in context.recovered.choices if _lives(context.tx, each)}
    _end(context, retention_choice, "ended_at")
    for who, choices in told.items():
        choice, at = choices[-1]
        mine = (retention_choice.c.person_id == who) & retention_choice.c.ended_at.is_(None)
        context.tx.execute(update(retention_choice).where(mine).values(ended_at=at))
        row = {"id": new_id("choice"), "person_id": who, "choice": str(choice), "at": at}
        context.tx.execute(insert(retention_choice), [row | {"tombstone": secrets.token_bytes(TOMBSTONE_ID_SIZE)}])
        for each, moment in choices:
            _date(context.tx, who, each.lifetime_ms, moment)
    for who in ended - told.keys():
        _shorten(context.tx, who, UNKNOWN_CHOICE_MS)
    for home in _households_of(context.tx, ended | told.keys()):
        adults = chosen(context.tx, living_adults(context.tx, [home])[home])
        if adults:
            _shorten(context.tx, home, min(_lifetime(each) for each in adults.values()))
    return len(ended)


def _people_of_buried_choices(tx: Connection) -> set[str]:
    """Return the living whose choice, spoken or not, was replaced by a shorter one since the backup."""
    standing = retention_choice.c.ended_at.is_(None) & buried(retention_choice.c.tombstone)
    spoken = select(retention_choice.c.person_id).where(standing)
    found = {each for each in tx.scalars(spoken) if _lives(tx, each)}
    silent = select(person.c.id, person.c.tombstone).where(
        person.c.erased_at.is_(None), person.c.id.not_in(select(retention_choice.c.person_id))
    )
    defaults = {CHOICES.default_tombstone(row.tombstone): row.id for row in tx.execute(silent)}
    stones = list(defaults)
    for start in range(0, len(stones), PAGE):
        there = tx.scalars(select(tombstone.c.id).where(tombstone.c.id.in_(stones[start : start + PAGE])))
        found |= {defaults[bytes(each)] for each in there}
    return found


def _lives(tx: Connection, who: str) -> bool:
    return tx.execute(select(person.c.id).where(person.c.id == who, person.c.erased_at.is_(None))).first() is not None


def _lifetime(each: Chosen) -> int:
    return UNKNOWN_CHOICE_MS if each.lost else each.choice.lifetime_ms


def _households_of(tx: Connection, people: set[str]) -> Sequence[str]:
    wanted = select(person.c.household_id).where(person.c.id.in_(sorted(people))).distinct()
    return list(tx.scalars(wanted)) if people else []


def _date(tx: Connection, subject: str, lifetime_ms: int, at: int) -> None:
    """Date recordings as the choice did at its moment: what had expired by then could only end sooner."""
    end = recording.c.kept_at + lifetime_ms
    kept = (recording.c.subject_id == subject) & (recording.c.state == "kept")
    may = or_(recording.c.expires_at > at, end < recording.c.expires_at)
    tx.execute(update(recording).where(kept & may).values(expires_at=end))


def _shorten(tx: Connection, subject: str, lifetime_ms: int) -> None:
    kept = (recording.c.subject_id == subject) & (recording.c.state == "kept")
    longer = recording.c.expires_at > recording.c.kept_at + lifetime_ms
    tx.execute(update(recording).where(kept & longer).values(expires_at=recording.c.kept_at + lifetime_ms))


def _copies(context: Replay) -> int:
    rows = context.tx.execute(select(deidentified).where(buried(deidentified.c.tombstone))).all()
    context.keys += [row.id for row in rows]
    context.objects += [row.blob for row in rows if row.blob]
    for row in rows:
        context.tx.execute(delete(deidentified).where(deidentified.c.id == row.id))
    return len(rows)


def count_tombstones(tx: Connection) -> int:
    """Return how many tombstones the log has."""
    return tx.scalar(select(func.count()).select_from(tombstone)) or 0


RULES: Mapping[str, Rule] = {
    "household": _households,
    "person": _people,
    "recording": _recordings,
    "consent": _consents,
    "retention_choice": _choices,
    "device": _devices,
    "device_agreement": _agreements,
    "deidentified": _copies,
    "device_pairing": _pairings,
    "listening_budget": _budgets,
}
