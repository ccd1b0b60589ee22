"""The listening budget: how many clips of a person may be heard by others in a year; 10 unless they chose less.

Where a restore lost the choice (see :mod:`earwitness.policy.choices`) nobody hears anything until they choose again.
The budget counts from the draw on, so that what waits in a queue cannot exceed it either.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, func, or_, select

from earwitness.identity.changes import TOMBSTONE_SIZE, AnswerTaker, Change, ChangeRecord
from earwitness.identity.people import Age, person_row
from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import DAY
from earwitness.kernel.errors import AccessDenied, BadInput
from earwitness.kernel.ids import new_id
from earwitness.policy.choices import Choices
from earwitness.policy.consent import require_answerer
from earwitness.storage.schema.review import listening_budget, review_clip, review_hearing, review_person

DEFAULT: Final = 10
MOST: Final = 10
YEAR_MS: Final = 365 * DAY
CHOICES: Final = Choices("listening", listening_budget.c.clips, DEFAULT, read=int, amount=int)


class ListeningBudgets(AnswerTaker):
    """What each adult chose, and what is left of it."""

    def choose(self, tx: Connection, actor: Actor, person_id: str, clips: int) -> None:
        """Choose how many clips a year others may hear, 0 to 10; counts from the next draw and the next hearing on.

        Raises:
            NotFound: there is no such person.
            AccessDenied: it is somebody else's choice, or a child's, whom nobody hears.
            BadInput: more than 10, or less than none.
        """
        self._database.serialize(tx, f"listening/{person_id}")
        require_answerer(tx, actor, person_id, None)
        if person_row(tx, person_id).age != Age.ADULT:
            raise AccessDenied("Nobody hears a child, so there is nothing to choose.")
        if not 0 <= clips <= MOST:
            raise BadInput(f"A listening budget is 0 to {MOST} clips a year.", next_step="Choose one of those.")
        now = self._clock.now_ms()
        row = {"id": new_id("budget", self._random), "person_id": person_id, "clips": clips, "at": now}
        CHOICES.replace(tx, self._bury, row | {"tombstone": self._random(TOMBSTONE_SIZE)}, clips)
        self._record_change(tx, ChangeRecord(person_id, actor, Change.LISTENING_CHOSEN, str(clips), now))

    def chosen(self, tx: Connection, people: Iterable[str]) -> dict[str, int]:
        """Return what counts for each of these people: clips a year."""
        return {who: clips or 0 for who, clips in CHOICES.chosen(tx, people).items()}

    def left(self, tx: Connection, people: Iterable[str]) -> dict[str, int]:
        """Return how many more clips of each of these people may be drawn now."""
        wanted = list(people)
        since = self._clock.now_ms() - YEAR_MS
        counts = review_clip.c.state.not_in(["withheld", "withdrawn"]) | review_clip.c.heard_at.is_not(None)
        query = (
            select(review_person.c.person_id, func.count().label("clips"))
            .join(review_clip, review_clip.c.id == review_person.c.clip_id)
            .where(review_person.c.person_id.in_(wanted), counts)
            .where(or_(review_person.c.drawn_at > since, review_clip.c.heard_at > since))
            .group_by(review_person.c.person_id)
        )
        used: dict[str, int] = {row.person_id: row.clips for row in tx.execute(query)}
        return {who: max(0, clips - used.get(who, 0)) for who, clips in self.chosen(tx, wanted).items()}

    def may_be_heard(self, tx: Connection, people: Sequence[str], clip: str) -> bool:
        """Say whether one more clip of all these people may be heard now; one that was heard before may be again."""
        since = self._clock.now_ms() - YEAR_MS
        query = (
            select(review_hearing.c.person_id, func.count(func.distinct(review_hearing.c.clip_id)).label("clips"))
            .where(review_hearing.c.person_id.in_(people), review_hearing.c.at > since)
            .where(review_hearing.c.clip_id != clip)
            .group_by(review_hearing.c.person_id)
        )
        heard: dict[str, int] = {row.person_id: row.clips for row in tx.execute(query)}
        return all(heard.get(who, 0) < clips for who, clips in self.chosen(tx, people).items())
