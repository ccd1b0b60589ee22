"""Forgetting: what somebody taught is taken out of every model, by destroying those models and learning again.

Three things set it off: recordings are erased or expire (the eraser of "learned from" in kinds.py), somebody takes the
yes to ``training`` back (bootstrap hands :meth:`Forgetting.changed` to where consents are recorded), somebody asks
for it. Each removes the rows that say what was learned from and writes a work row for every model they were
in, in the same transaction. The work row destroys the model, key and files; then it learns again from those who stay.
Between the two what ships is used, never the old model.
"""

import logging
from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, select

from earwitness.identity.changes import Change, ChangeRecord
from earwitness.jobs.payload import Payload
from earwitness.jobs.work import State as WorkState
from earwitness.jobs.work import enqueue, insert_into, listing
from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import EngineFailed, NotFound
from earwitness.learning.kinds import FORGET_JOB, forget_subject
from earwitness.learning.learner import Learning
from earwitness.learning.release import Release, State
from earwitness.learning.snapshot import SHARED
from earwitness.policy.access import Access, Action, Resource
from earwitness.policy.purposes import Purpose
from earwitness.storage.database import Database
from earwitness.storage.schema import household, person
from earwitness.storage.schema.learning import learning_forgotten
from earwitness.vault.audit import Audit, Event

RELEARN_JOB: Final = "learning.again"
WITHDRAWN: Final = "withdrawn"
ASKED: Final = "asked"
FORGOTTEN: Final = "learning:forgotten"

logger = logging.getLogger(__name__)


class Forgetting:
    """Takes people's share out of the models; safe from several processes."""

    def __init__(self, database: Database, learning: Learning, access: Access, audit: Audit, clock: Clock) -> None:
        """Destroy releases of ``learning`` and let it learn again."""
        self._database = database
        self._learning = learning
        self._access = access
        self._audit = audit
        self._clock = clock

    def ask(self, actor: Actor, subject: str) -> int:
        """Forget all that a person taught until now, as they ask; return from how many examples.

        What they correct from now on may teach again. Their recordings stay.

        Raises:
            AccessDenied: it is somebody else.
            NotFound: no such person.
        """
        with self._database.read() as tx:
            home = tx.scalar(select(person.c.household_id).where(person.c.id == subject))
        if home is None:
            raise NotFound("There is no such person.")
        self._access.open(actor, Action.PERSON_MANAGE, [Resource(subject, subject, home)], Purpose.HISTORY)
        with self._database.write() as tx:
            return self._forget(tx, actor, [subject], ASKED)

    def changed(self, tx: Connection, record: ChangeRecord) -> None:
        """Take notice of a change: a yes to training that is taken back ends what was taught with it.

        Of a shared device one adult's no is everybody's no.
        """
        if record.what is not Change.CONSENT_WITHDRAWN or record.detail != Purpose.TRAINING:
            return
        home = tx.scalar(select(person.c.household_id).where(person.c.id == record.subject))
        self._forget(tx, record.actor, [record.subject, *([home] if home else [])], WITHDRAWN)

    def _forget(self, tx: Connection, actor: Actor, subjects: list[str], why: str) -> int:
        now, count = self._clock.now_ms(), 0
        for subject in subjects:
            values = {"subject_id": subject, "at": now, "why": why}
            changed = {"at": now, "why": why}
            row = insert_into(tx, learning_forgotten).values(values)
            tx.execute(row.on_conflict_do_update(index_elements=["subject_id"], set_=changed))
            count += forget_subject(tx, subject, now)
        details = {"examples": count, "why": why}
        self._audit.append(tx, [Event(subjects[0], now, actor, FORGOTTEN, purpose="training", details=details)])
        return count

    def carry_out(self, payload: Payload) -> None:
        """Do a work row of :data:`FORGET_JOB`: destroy the model, and queue learning again."""
        name = str(payload["release"])
        try:
            self._end(name)
        except NotFound:  # its household was erased, with the key
            self._learning.sweep()
            return
        self._learning.releases.destroy(name, "forgotten")
        self._learning.sweep()

    def _end(self, name: str) -> None:
        """Let nobody use it any more; in the same transaction learning again is queued, whatever happens after."""
        with self._database.write() as tx:
            ended = self._learning.releases.end(tx, name)
            if ended.state is State.ACTIVE:
                again = {} if ended.subject == SHARED else {"household": ended.subject}
                enqueue(tx, RELEARN_JOB, again, key=f"{RELEARN_JOB}:{name}", now=self._clock.now_ms())

    def carry_out_due(self) -> list[str]:
        """Destroy at once what is queued, without waiting for the background work; return the releases' ids."""
        with self._database.read() as tx:
            rows = listing(tx, state=WorkState.READY, kind=FORGET_JOB)
        for row in rows:
            self.carry_out(row.payload)
        return [str(row.payload["release"]) for row in rows]

    def learn_again(self, payload: Payload) -> Release | None:
        """Do a work row of :data:`RELEARN_JOB`: learn from those who stay.

        Raises:
            NotFound: somebody else took their share back meanwhile; the row is tried again, without them.
            EngineFailed: the learner's process failed; the row is tried again.
        """
        layer = str(payload.get("household", SHARED))
        try:
            return self._learning.run(layer).release
        except NotFound as error:
            if layer == SHARED or self._stands(layer):
                raise
            logger.info("nothing was learned again: %s", type(error).__name__)
            return None
        except EngineFailed:
            logger.warning("learning again failed")
            raise

    def _stands(self, home: str) -> bool:
        with self._database.read() as tx:
            return tx.scalar(select(household.c.id).where(household.c.id == home)) is not None

    def handlers(self) -> dict[str, Callable[[Payload], None]]:
        """What does each kind of work row."""

        def again(payload: Payload) -> None:
            self.learn_again(payload)

        return {FORGET_JOB: self.carry_out, RELEARN_JOB: again}
