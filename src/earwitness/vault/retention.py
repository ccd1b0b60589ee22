"""Retention: nothing is kept longer than its person chose.

Every recording has ``expires_at``; reading refuses it from that moment on, and the sweep here removes
it physically. Changing the choice re-dates what is kept. At the identity limit (six months) only the
de-identified copy goes on, under a key of nobody in particular, with a handle that is encrypted to
the person's own age key: with it they alone can still list, erase and forget it (deidentified.py).

A clock that jumps far ahead (a dead battery, a wrong time server) must not empty a house: reading
refuses at once what looks expired, but physical removal then waits until the new time has stood for
a day.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Select, delete, insert, or_, select, update

from earwitness.identity.device_rows import living_adults
from earwitness.kernel.actors import Actor
from earwitness.kernel.clock import DAY, Clock
from earwitness.policy.retention import Retention as Choices
from earwitness.policy.retention import RetentionChoice, chosen
from earwitness.storage.database import Database
from earwitness.storage.schema import effect, meta, person, recording
from earwitness.vault.deidentified import Deidentified
from earwitness.vault.removal import Removal

BATCH = 1_000
JUMP = 7 * DAY
STANDING = DAY
ORPHANED_EFFECT = 30 * DAY
SEEN, JUMPED = "clock.seen_at", "clock.jumped_at"


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did; ``waiting_for_clock`` says that it held back because the clock had jumped."""

    expired: int = 0
    deidentified: int = 0
    waiting_for_clock: bool = False


class Retention:
    """Dates, re-dates and sweeps."""

    def __init__(
        self, database: Database, choices: Choices, removal: Removal, deidentified: Deidentified, clock: Clock
    ) -> None:
        """``choices`` keeps what people chose; ``removal`` takes away what has expired."""
        self._database = database
        self._choices = choices
        self._removal = removal
        self._deidentified = deidentified
        self._clock = clock

    def choose(self, actor: Actor, person_id: str, choice: RetentionChoice) -> int:
        """Take a person's choice and re-date, in the same transaction, what is kept of them and with them.

        What a household keeps in common ends with the shortest choice among its adults.

        Returns:
            How many recordings have a new end.

        Raises:
            NotFound: there is no such person.
            AccessDenied: it is somebody else's choice.
        """
        with self._database.write() as tx:
            self._choices.choose(tx, actor, person_id, choice)
            changed = self._redate(tx, person_id, choice.lifetime_ms)
            household = tx.execute(select(person.c.household_id).where(person.c.id == person_id)).scalar_one()
            adults = living_adults(tx, [household])[household]
            shortest = min(each.choice.lifetime_ms for each in chosen(tx, adults).values())
            return changed + self._redate(tx, household, shortest)

    def _redate(self, tx: Connection, subject: str, lifetime_ms: int) -> int:
        """Date what is kept of a subject anew; what has expired already can only end sooner."""
        end = recording.c.kept_at + lifetime_ms
        may = or_(recording.c.expires_at > self._clock.now_ms(), end < recording.c.expires_at)
        kept = recording.c.subject_id == subject, recording.c.state == "kept", may
        return tx.execute(update(recording).where(*kept).values(expires_at=end)).rowcount

    def sweep(
        self, *, household: str | None = None, now: int | None = None, progress: Callable[[int], None] | None = None
    ) -> Swept:
        """Remove what has expired and let go of what has reached the identity limit.

        Args:
            household: only this one (the promises' canary asks for itself).
            now: another moment than the clock's, for that canary only.
            progress: called with the number removed so far.
        """
        if now is None and self._clock_jumped():
            return Swept(waiting_for_clock=True)
        moment = self._clock.now_ms() if now is None else now
        expired = self._remove_expired(moment, household, progress)
        changed = self._change_hands(moment, household)
        if household is None:
            self._deidentified.remove_expired(moment)
            self._forget_old_effects(moment)
        return Swept(expired, changed)

    def _forget_old_effects(self, moment: int) -> None:
        known = select(recording.c.id)
        old = effect.c.at < moment - ORPHANED_EFFECT
        with self._database.write() as tx:
            tx.execute(delete(effect).where(old, effect.c.recording_id.not_in(known)))

    def _remove_expired(self, moment: int, household: str | None, progress: Callable[[int], None] | None) -> int:
        query = select(recording.c.id).where(recording.c.expires_at <= moment, recording.c.state != "erased")
        if household:
            query = query.where(recording.c.household_id == household)
        return self._remove_all(query, progress)

    def _change_hands(self, moment: int, household: str | None) -> int:
        query = select(recording).where(recording.c.identity_until <= moment, recording.c.state == "kept")
        if household:
            query = query.where(recording.c.household_id == household)
        changed = 0
        while True:
            with self._database.read() as tx:
                batch = tx.execute(query.limit(BATCH)).all()
            if not batch:
                break
            changed += sum(self._deidentified.take_over(row) for row in batch)
        self._remove_all(select(recording.c.id).where(recording.c.state == "deidentified"), None)
        return changed

    def _remove_all(self, query: Select[str], progress: Callable[[int], None] | None) -> int:
        removed = 0
        while True:
            with self._database.read() as tx:
                batch = list(tx.scalars(query.limit(BATCH)))
            if not batch:
                return removed
            self._removal.remove_expired(batch)
            removed += len(batch)
            if progress:
                progress(removed)

    def _clock_jumped(self) -> bool:
        """Say whether the wall clock has leapt ahead and has not yet stood there for a day."""
        now = self._clock.now_ms()
        with self._database.write() as tx:
            notes = {row.key: int(row.value) for row in tx.execute(select(meta).where(meta.c.key.like("clock.%")))}
            seen, jumped = notes.get(SEEN), notes.get(JUMPED)
            if seen is not None and now - seen > JUMP:  # also while it waits: a second leap is no standing
                jumped = now
                _put(tx, JUMPED, now)
            elif jumped is not None and not 0 <= now - jumped < STANDING:
                jumped = None
                tx.execute(delete(meta).where(meta.c.key == JUMPED))
            _put(tx, SEEN, now)
        return jumped is not None


def _put(tx: Connection, key: str, value: int) -> None:
    tx.execute(delete(meta).where(meta.c.key == key))
    tx.execute(insert(meta), [{"key": key, "value": str(value)}])
