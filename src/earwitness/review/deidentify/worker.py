"""The deidentifier at work: takes drawn clips one by one, opens the original, makes the copy or withholds it.

It is a process of its own that knows originals and names and no user's session. Killed at any step it loses nothing:
a clip whose lease ran out is taken again, and both artefacts are written with the clip's new state in one
transaction.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, or_, select, update

from earwitness.identity.directory import Directory
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.audio import decode_clip
from earwitness.kernel.bugs import describe_bug
from earwitness.kernel.clock import SECOND, Clock
from earwitness.kernel.errors import (
    AccessDenied,
    BlobCorrupt,
    BlobMissing,
    EarwitnessError,
    GrantInvalid,
    KeyCorrupt,
    KeyDestroyed,
    LeaseEnded,
    NotFound,
    Withheld,
)
from earwitness.policy.access import Access, Action, Grant, Program
from earwitness.policy.purposes import Purpose
from earwitness.review.deidentify.copying import Copying, Original
from earwitness.review.deidentify.names import hidden_of
from earwitness.review.queue import of_draws
from earwitness.storage.database import Database
from earwitness.storage.schema.review import review_clip
from earwitness.vault.adding import Adding
from earwitness.vault.intake import AUDIO
from earwitness.vault.kinds import REVIEW_COPY, REVIEW_TEXT, TRACE, TRANSCRIPT
from earwitness.vault.reading import Item, Reading

LEASE_MS: Final = 30 * SECOND
MOST_ATTEMPTS: Final = 3
MOST_TAKEN: Final = 8
"""So often a clip is taken whose worker never came back: that is no power cut any more, it is the clip."""
DEIDENTIFIER: Final = Actor(Program.DEIDENTIFIER, Role.PROGRAM)
GONE = (NotFound, KeyDestroyed)
DAMAGED = (BlobCorrupt, BlobMissing, KeyCorrupt)

Note = Callable[[str], None]
"""Is told what went wrong, without anything personal."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A clip under work; ``by`` is this worker's own name, so that a late one writes nothing."""

    id: str
    recording: str
    by: str
    attempts: int


class Deidentifier:
    """Makes copies of drawn clips; one a process, any number of processes."""

    def __init__(  # noqa: PLR0913, PLR0917 - handed down one by one, so that each can be seen
        self,
        database: Database,
        reading: Reading,
        adding: Adding,
        access: Access,
        directory: Directory,
        copying: Copying,
        clock: Clock,
        note: Note = lambda _: None,
        trial: str = "",
    ) -> None:
        """Read originals through ``reading``, write copies through ``adding``; ``trial``: of this trial alone."""
        self._trial = trial
        self._database = database
        self._reading = reading
        self._adding = adding
        self._access = access
        self._directory = directory
        self._copying = copying
        self._clock = clock
        self._note = note
        self._name = f"deidentifier:{secrets.token_hex(4)}"

    def work(self) -> int:
        """Do all that is to be done now; return how many clips were dealt with."""
        done = 0
        while self.step():
            done += 1
        return done

    def step(self) -> bool:
        """Deal with one clip; False if there is none."""
        taken = self._take()
        if taken is None:
            return False
        try:
            self._copy(taken)
        except Withheld as withheld:
            self._end(taken, "withheld", withheld.reason)
        except AccessDenied:
            self._end(taken, "withdrawn", "consent")
        except (*GONE, GrantInvalid):
            self._end(taken, "withdrawn", "gone")
        except DAMAGED as damage:
            self._note(type(damage).__name__)
            self._end(taken, "withheld", "damaged")
        except LeaseEnded:
            pass  # another worker has it, or it was withdrawn meanwhile
        except EarwitnessError as error:
            self._fail(taken, type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a clip that cannot be dealt with must not stop the others
            self._fail(taken, describe_bug(error))
        return True

    def _take(self) -> Taken | None:
        now = self._clock.now_ms()
        free = or_(
            review_clip.c.state == "drawn", (review_clip.c.state == "copying") & (review_clip.c.lease_until <= now)
        )
        query = (
            select(review_clip)
            .where(free, of_draws(self._trial))
            .order_by(review_clip.c.drawn_at, review_clip.c.id)
            .limit(1)
        )
        with self._database.write() as tx:
            self._database.serialize(tx, "review/copying")
            while (row := tx.execute(query).first()) is not None and row.attempts >= MOST_TAKEN:
                given_up = {"state": "withheld", "reason": "failed", "lease_by": None, "lease_until": None}
                mine = review_clip.c.id == row.id
                tx.execute(update(review_clip).where(mine).values(**given_up, ended_at=now))
            if row is None:
                return None
            lease = {"state": "copying", "lease_by": self._name, "lease_until": now + LEASE_MS}
            tx.execute(update(review_clip).where(review_clip.c.id == row.id).values(**lease, attempts=row.attempts + 1))
        return Taken(row.id, row.recording_id or "", self._name, row.attempts + 1)

    def _copy(self, taken: Taken) -> None:
        item = self._reading.find(taken.recording)
        grant = self._access.open(DEIDENTIFIER, Action.RECORDING_DEIDENTIFY, [item.resource], Purpose.REVIEW)
        original = self._original(grant, item)
        made = self._copying.copy(original, hidden_of(self._directory, item.household))
        contents = {REVIEW_COPY: made.sound, REVIEW_TEXT: made.text}
        self._adding.add_all(grant, item.id, contents, lambda tx, _: self._ready(tx, taken))

    def _original(self, grant: Grant, item: Item) -> Original:
        sound = self._reading.artefact(grant, item, AUDIO)
        if sound is None:
            raise NotFound("The recording has no sound.")
        transcript = self._reading.artefact(grant, item, TRANSCRIPT) or b""
        trace = self._reading.artefact(grant, item, TRACE) or b"[]"
        return Original(decode_clip(sound), transcript.decode(), trace)

    def _ready(self, tx: Connection, taken: Taken) -> None:
        values = {"state": "ready", "lease_by": None, "lease_until": None}
        if not _change(tx, taken, values):
            raise LeaseEnded

    def _end(self, taken: Taken, state: str, reason: str) -> None:
        values = {"state": state, "reason": reason, "lease_by": None, "lease_until": None}
        with self._database.write() as tx:
            _change(tx, taken, values | {"ended_at": self._clock.now_ms()})

    def _fail(self, taken: Taken, why: str) -> None:
        """Try again later, a few times."""
        self._note(why)
        if taken.attempts >= MOST_ATTEMPTS:
            self._end(taken, "withheld", "failed")


def _change(tx: Connection, taken: Taken, values: Mapping[str, Any]) -> bool:
    mine = review_clip.c.id == taken.id, review_clip.c.state == "copying", review_clip.c.lease_by == taken.by
    return tx.execute(update(review_clip).where(*mine).values(**values)).rowcount == 1
