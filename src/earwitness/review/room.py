"""The room of review, put together: what bootstrap hands down and what the floors above use."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from earwitness.kernel.clock import Clock
from earwitness.ledger.log import Log
from earwitness.policy.access import Access
from earwitness.review.budget import ListeningBudgets
from earwitness.review.desk import Desk
from earwitness.review.draws import Draws
from earwitness.review.figures import Counting
from earwitness.review.frame import SURE
from earwitness.review.queue import Queue
from earwitness.review.withdrawal import Withdrawals
from earwitness.storage.database import Database
from earwitness.storage.schema.review import review_unsure
from earwitness.vault.adding import Adding
from earwitness.vault.audit import Audit
from earwitness.vault.erasure import Erasure
from earwitness.vault.reading import Reading


@dataclass(frozen=True, slots=True)
class Review:
    """Everything of review that needs no original; safe from many threads."""

    budgets: ListeningBudgets
    draws: Draws
    desk: Desk
    withdrawals: Withdrawals
    counting: Counting
    database: Database
    desks: Callable[[str], Desk]

    def trial_desk(self, draw: str) -> Desk:
        """A desk with the clips of one trial alone, for the checks of promises."""
        return self.desks(draw)

    def note_unsure(self, recording_id: str, sure: float) -> None:
        """Note how sure the recogniser was (0 to 1) of a recording that was just kept: draws look there more often."""
        unsure = round(SURE * (1.0 - min(1.0, max(0.0, sure))))
        with self.database.write() as tx:
            if not _noted(tx, recording_id):
                tx.execute(insert(review_unsure), [{"recording_id": recording_id, "unsure": unsure}])


def open_review(  # noqa: PLR0913, PLR0917 - handed down one by one, so that each can be seen
    database: Database,
    log: Log,
    audit: Audit,
    access: Access,
    reading: Reading,
    adding: Adding,
    erasure: Erasure,
    clock: Clock,
) -> Review:
    """Put the room together."""
    budgets = ListeningBudgets(database, clock, log.bury, audit.record_change)
    withdrawals = Withdrawals(database, audit, erasure, clock)

    def desk(trial: str = "") -> Desk:
        queue = Queue(database, budgets, clock, trial=trial)
        return Desk(database, queue, reading, adding, access, withdrawals, clock)

    return Review(
        budgets,
        Draws(database, log, audit, budgets, clock),
        desk(),
        withdrawals,
        Counting(database),
        database,
        desk,
    )


def _noted(tx: Connection, recording_id: str) -> bool:
    query = select(review_unsure.c.recording_id).where(review_unsure.c.recording_id == recording_id)
    return tx.execute(query).first() is not None
