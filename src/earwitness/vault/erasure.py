"""Erasure, first step: accept. Unreadable at once; removal and completion follow (removal.py).

One transaction marks what is erased, buries its tombstones in the log and queues the removal: the
commit point. Then the keys are destroyed and the first receipt is made. A crash after the commit
point is resumed by the removal job, which destroys the keys again (idempotent) before it removes
anything. From the commit point on nothing opens it through the product, and no restored backup
brings it back.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from earwitness.identity.device_rows import buried, living_adults
from earwitness.jobs.work import enqueue
from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.ledger.log import Log
from earwitness.policy.access import Access
from earwitness.policy.purposes import Purpose
from earwitness.storage.database import Database
from earwitness.storage.schema import erasure, erasure_recording, household, person, recording
from earwitness.vault.audit import Audit, Event
from earwitness.vault.effects import Effect, Effects
from earwitness.vault.receipts import Receipt, Receipts
from earwitness.vault.removal import REMOVE_JOB, Removal
from earwitness.vault.scope import Scope, ScopeKind
from earwitness.vault.tally import Tally

BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Accepted:
    """An erasure that was accepted: its first receipt, and what the recordings had caused."""

    erasure: str
    receipt: Receipt
    recordings: int
    effects: tuple[Effect, ...]
    unreadable_ms: int


class Erasure:
    """Accepts erasures; safe from many threads and several processes."""

    def __init__(  # noqa: PLR0913, PLR0917 - the vault's parts are handed down one by one, so that each can be seen
        self,
        database: Database,
        log: Log,
        audit: Audit,
        access: Access,
        receipts: Receipts,
        effects: Effects,
        removal: Removal,
        clock: Clock,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """``removal`` carries out what is accepted here."""
        self._database = database
        self._log = log
        self._audit = audit
        self._access = access
        self._receipts = receipts
        self._effects = effects
        self._removal = removal
        self._clock = clock
        self._random = random

    def erase(self, actor: Actor, scope: Scope) -> Accepted:
        """Erase: when this returns nothing in scope can be opened, whatever happens next.

        Raises:
            NotFound: nothing in scope.
            AccessDenied: the policies say no.
        """
        self._access.open(actor, scope.action, scope.resources(), Purpose.HISTORY)
        effects = self._caused_by(scope)
        started = self._clock.running_ms()
        erasure_id = new_id("era", self._random)
        with self._database.write() as tx:
            found = self._accept(tx, actor, scope, erasure_id)
        self._removal.destroy_keys(erasure_id)
        unreadable = self._clock.running_ms() - started
        receipt = self._receipts.acknowledge(erasure_id)
        self._log.publish()
        return Accepted(erasure_id, receipt, found, tuple(effects), unreadable)

    def _caused_by(self, scope: Scope) -> list[Effect]:
        if scope.kind is ScopeKind.PERSON:
            return self._effects.of_subject(scope.subject)
        with self._database.read() as tx:
            ids = [row.id for row in tx.execute(scope.recordings())]
        return [each for start in range(0, len(ids), BATCH) for each in self._effects.of(ids[start : start + BATCH])]

    def _accept(self, tx: Connection, actor: Actor, scope: Scope, erasure_id: str) -> int:
        now = self._clock.now_ms()
        self._database.serialize(tx, "ledger")
        row = {
            "id": erasure_id,
            "subject_id": scope.subject,
            "scope": Tally(str(scope.kind)).to_json(),
            "state": "accepted",
            "requested_at": now,
            **self._removal.bound(now),
        }
        tx.execute(insert(erasure), [row])
        if scope.kind is ScopeKind.PERSON:
            found = self._mark_person(tx, erasure_id, scope)
        else:
            found = self._mark(tx, erasure_id, scope.recordings())
        if not found and scope.kind is not ScopeKind.PERSON:
            raise NotFound(
                "There is nothing kept that this would erase.", next_step="earwitness history lists what is."
            )
        details = {"erasure": erasure_id, "scope": str(scope.kind), "recordings": found}
        named = scope.ids if scope.kind is ScopeKind.RECORDINGS else ()
        event = Event(scope.subject, now, actor, "recording:erased", resources=named, details=details)
        self._audit.append(tx, [event])
        enqueue(tx, REMOVE_JOB, {"erasure": erasure_id}, key=f"{REMOVE_JOB}:{erasure_id}", now=now)
        return found

    def _mark(self, tx: Connection, erasure_id: str, query: Select[tuple[Any, ...]]) -> int:
        rows = tx.execute(query).all()
        if not rows:
            return 0
        self._log.bury(tx, [row.tombstone for row in rows])
        ids = [row.id for row in rows]
        for start in range(0, len(ids), BATCH):
            part = ids[start : start + BATCH]
            tx.execute(update(recording).where(recording.c.id.in_(part)).values(state="erased"))
            tx.execute(insert(erasure_recording), [{"erasure_id": erasure_id, "recording_id": name} for name in part])
        return len(ids)

    def _mark_person(self, tx: Connection, erasure_id: str, scope: Scope) -> int:
        """Mark the person: their recordings need no mark of their own, for their key goes with them.

        With the last adult goes what shared devices kept, for nobody could erase it any more; with the
        last person goes the household.
        """
        row = tx.execute(select(person).where(person.c.id == scope.subject, person.c.erased_at.is_(None))).first()
        if row is None:
            raise NotFound("There is no such person, or they were erased already.")
        self._log.bury(tx, [row.tombstone])
        gone = {"erased_at": self._clock.now_ms(), "sealed": None, "recipient": None}
        tx.execute(update(person).where(person.c.id == scope.subject).values(**gone))
        found = self._removal.count(tx, scope.subject)
        if not living_adults(tx, [row.household_id])[row.household_id]:
            shared = Scope(ScopeKind.PERSON, row.household_id, row.household_id)
            found += self._mark(tx, erasure_id, shared.recordings())
        if not self._lived_in(tx, row.household_id):
            self._bury_household(tx, row.household_id)
        return found

    @staticmethod
    def _lived_in(tx: Connection, household_id: str) -> bool:
        living = select(person.c.id).where(person.c.household_id == household_id, person.c.erased_at.is_(None))
        return tx.execute(living).first() is not None

    def _bury_household(self, tx: Connection, household_id: str) -> None:
        mine = household.c.id == household_id, ~buried(household.c.tombstone)
        tombstones = list(tx.scalars(select(household.c.tombstone).where(*mine)))
        if tombstones:
            self._log.bury(tx, tombstones)

    def forget_household(self, household_id: str) -> None:
        """Remove a household in which nobody lives any more, with what it held in common.

        Raises:
            BadInput: somebody still lives there.
        """
        with self._database.write() as tx:
            self._database.serialize(tx, "ledger")
            if self._lived_in(tx, household_id):
                raise BadInput("Somebody still belongs to this household.", next_step="Erase or move them first.")
            self._bury_household(tx, household_id)
        self._removal.forget_household(household_id)
