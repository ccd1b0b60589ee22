"""How often sign-in may be tried: a few times freely, then ever more slowly.

A try is counted before it is looked at, in one transaction, so that many at once gain nothing. The counts are by
sign-in name (known or not, so that the answer tells nothing) and by address. One that succeeds takes its own count
back. Each further try beyond the free ones waits twice as long, up to a quarter of an hour; a day without any forgets.
"""

from sqlalchemy import Connection, delete, insert, select, update

from earwitness.kernel.clock import DAY, MINUTE, SECOND, Clock
from earwitness.kernel.errors import TooManyTries
from earwitness.storage.database import Database
from earwitness.storage.schema.accounts import sign_in_try
from earwitness.web.sign_in.tokens import Blinder

FREE = {"name": 5, "address": 20, "code": 5, "link": 20, "passkey": 20}
"""How many tries are free, by what is counted."""
FIRST_WAIT = 15 * SECOND
LONGEST_WAIT = 15 * MINUTE
FORGOTTEN = DAY


class Tries:
    """Counts tries; safe from many threads and several processes."""

    def __init__(self, database: Database, blinder: Blinder, clock: Clock) -> None:
        """Keep counts in ``database`` under blinded keys."""
        self._database = database
        self._blinder = blinder
        self._clock = clock

    def take(self, what: str, of: str) -> None:
        """Count one try of this kind (a key of ``FREE``) by this name, address or account.

        Raises:
            TooManyTries: it has to wait; the try is not counted.
        """
        key, now = self._blinder.blind(what, of), self._clock.now_ms()
        with self._database.write() as tx:
            self._database.serialize(tx, "sign-in-tries")
            tx.execute(delete(sign_in_try).where(sign_in_try.c.at < now - FORGOTTEN))
            row = tx.execute(select(sign_in_try).where(sign_in_try.c.key == key)).first()
            if row is not None and now < row.until <= now + LONGEST_WAIT:
                raise TooManyTries(row.until - now)
            self._count(tx, key, 1 if row is None else row.tries + 1, FREE[what], now)

    def forgive(self, what: str, of: str) -> None:
        """Forget the tries: one succeeded."""
        with self._database.write() as tx:
            tx.execute(delete(sign_in_try).where(sign_in_try.c.key == self._blinder.blind(what, of)))

    @staticmethod
    def _count(tx: Connection, key: bytes, count: int, free: int, now: int) -> None:
        values = {"tries": count, "until": now + _wait(count, free), "at": now}
        if tx.execute(update(sign_in_try).where(sign_in_try.c.key == key).values(**values)).rowcount == 0:
            tx.execute(insert(sign_in_try), [{"key": key, **values}])


def _wait(count: int, free: int) -> int:
    """Return how long the next try waits (ms) after this many."""
    beyond = count - free
    return 0 if beyond < 0 else min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(beyond, 10))
