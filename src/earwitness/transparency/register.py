"""The sixteen promises, in one sentence each. PROMISES.md says what each covers and what it does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Row, delete, func, insert, select

from earwitness.kernel.clock import DAY
from earwitness.kernel.ids import new_id
from earwitness.storage.database import Database
from earwitness.storage.schema import promise_run

KEPT_RUNS = 400 * DAY


class State(StrEnum):
    """What a check found. ``not_built`` is never ``held``."""

    HELD = "held"
    BROKEN = "broken"
    NOT_BUILT = "not_built"


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise: its id, ``P1`` to ``P16``, and its sentence."""

    id: str
    title: str


PROMISES = tuple(
    Promise(f"P{number}", title)
    for number, title in enumerate(
        (
            "Nothing before the wake word is held outside memory, and a false wake is thrown away.",
            "You can hear and read all that is held about you, and ask why.",
            "Deleting removes everything that came of a recording, and a restored backup does not bring it back.",
            "Nothing is kept longer than you chose.",
            "No human hears you unless you said yes, for that purpose.",
            "A reviewer cannot learn who you are.",
            "Every opening of something of yours is listed for you, in a log that cannot be rewritten unseen.",
            "Staff open data only with a second factor, a stated purpose and an expiring grant; identity takes two.",
            "At most so many of your clips a year are ever heard by others.",
            "Your export reaches only you.",
            "Requests by authorities are recorded, minimised, told to you and counted in public.",
            "A skill gets only what it declared, and cannot keep listening.",
            "What reaches other people needs a deliberate confirmation and can be undone before it goes.",
            "A model that learned from you forgets it when you say so.",
            "Reviewers are looked after, and abuse by staff is found, stopped and told.",
            "Commands that no person in the room spoke are refused where they can be told.",
        ),
        start=1,
    )
)


@dataclass(frozen=True, slots=True)
class Result:
    """One promise and what its latest check found; ``at`` is None if it was never tried."""

    id: str
    title: str
    state: State
    tried: str
    at: int | None


class Results:
    """What the checks found, run after run."""

    def __init__(self, database: Database) -> None:
        """Rows rest in ``database``."""
        self._database = database

    def store(self, results: Sequence[Result], now: int) -> None:
        """Keep the results of one run; those older than 400 days go."""
        rows = [
            {"id": new_id("run"), "promise": each.id, "state": str(each.state), "tried": each.tried, "at": each.at}
            for each in results
            if each.at is not None
        ]
        with self._database.write() as tx:
            if rows:
                tx.execute(insert(promise_run), rows)
            tx.execute(delete(promise_run).where(promise_run.c.at < now - KEPT_RUNS))

    def latest(self) -> list[Result]:
        """Return every promise with its newest result; those never tried are ``not_built``."""
        newest = select(promise_run.c.promise, func.max(promise_run.c.at).label("at")).group_by(promise_run.c.promise)
        found = newest.subquery()
        query = select(promise_run).join(
            found, (promise_run.c.promise == found.c.promise) & (promise_run.c.at == found.c.at)
        )
        with self._database.read() as tx:
            rows: dict[str, Row[tuple[object, ...]]] = {row.promise: row for row in tx.execute(query)}
        return [_result(promise, rows.get(promise.id)) for promise in PROMISES]


def _result(promise: Promise, row: Row[tuple[object, ...]] | None) -> Result:
    if row is None:
        return Result(promise.id, promise.title, State.NOT_BUILT, "never tried here", None)
    return Result(promise.id, promise.title, State(row.state), row.tried, row.at)
