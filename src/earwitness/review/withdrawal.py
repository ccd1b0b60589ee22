"""What turns out to be a child's or a guest's: taken from everybody at once, erased, and its household told.

One transaction takes the clip away, writes the notice and queues the erasure; then the erasure is carried out at
once. A crash in between is made up for by the queued work.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from earwitness.jobs.work import enqueue
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.clock import Clock
from earwitness.kernel.errors import NotFound
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.policy.actions import Program
from earwitness.policy.purposes import Purpose
from earwitness.storage.database import Database
from earwitness.storage.schema import recording
from earwitness.storage.schema.review import review_notice
from earwitness.vault.audit import Audit, Event
from earwitness.vault.erasure import Erasure
from earwitness.vault.scope import Scope, ScopeKind

JOB: Final = "review.withdraw"
WITHDRAWAL: Final = Actor(Program.WITHDRAWAL, Role.PROGRAM)


class Voice(StrEnum):
    """Whose voice should not have been there."""

    CHILD = "child"
    GUEST = "guest"


@dataclass(frozen=True, slots=True)
class Notice:
    """What a person or a household is told; ``recording`` is the id that it had."""

    id: str
    kind: Voice
    recording: str
    at: int

    @property
    def in_words(self) -> str:
        """The notice as it is read."""
        return (
            f"A reviewer thought that a {self.kind} could be heard in a recording of yours. Nobody hears it any more: "
            "it was erased at once, with its copy and everything that came of it."
        )


class Withdrawals:
    """Withdraws recordings, and tells of it."""

    def __init__(
        self,
        database: Database,
        audit: Audit,
        erasure: Erasure,
        clock: Clock,
        random: RandomBytes = secrets.token_bytes,
    ) -> None:
        """``erasure`` carries it out as the program ``withdrawal``."""
        self._database = database
        self._audit = audit
        self._erasure = erasure
        self._clock = clock
        self._random = random

    def accept(self, tx: Connection, recording_id: str, voice: Voice) -> None:
        """Write the notice and queue the erasure, inside the transaction that takes the clip away.

        Raises:
            NotFound: the recording is gone already.
        """
        row = tx.execute(select(recording).where(recording.c.id == recording_id)).first()
        if row is None:
            raise NotFound(f"There is no recording {recording_id}.")
        now = self._clock.now_ms()
        notice = {"id": new_id("notice", self._random), "subject_id": row.subject_id, "kind": str(voice)}
        tx.execute(insert(review_notice), [notice | {"recording": recording_id, "at": now}])
        event = Event(row.subject_id, now, WITHDRAWAL, "review:withdrawn", str(Purpose.REVIEW), (recording_id,))
        self._audit.append(tx, [event])
        enqueue(tx, JOB, {"recording": recording_id}, key=f"{JOB}:{recording_id}", now=now)

    def carry_out(self, recording_id: str) -> None:
        """Erase it; again does nothing."""
        with self._database.read() as tx:
            standing = recording.c.id == recording_id, recording.c.state != "erased"
            row = tx.execute(select(recording).where(*standing)).first()
        if row is None:
            return
        scope = Scope(ScopeKind.RECORDINGS, row.subject_id, row.household_id, (recording_id,))
        try:
            self._erasure.erase(WITHDRAWAL, scope)
        except NotFound:
            return  # its person was faster

    def work(self, payload: Mapping[str, Any]) -> None:
        """Carry out what a crash left undone: the handler of the queued work."""
        self.carry_out(str(payload["recording"]))

    def notices(self, subjects: list[str]) -> list[Notice]:
        """Return what these people or households were told, newest first; the caller knows that they ask."""
        query = select(review_notice).where(review_notice.c.subject_id.in_(subjects))
        with self._database.read() as tx:
            rows = tx.execute(query.order_by(review_notice.c.at.desc(), review_notice.c.id)).all()
        return [Notice(row.id, Voice(row.kind), row.recording, row.at) for row in rows]
