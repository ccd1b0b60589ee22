"""Sessions, kept on the server: the browser has a random token, the database its hash.

A session ends by itself after a while without use and in any case after a while; it can be ended from another
browser. Staff are signed out much sooner than people at home. One in the stage ``password`` has given the password
and still owes the second factor; it opens nothing and lasts ten minutes.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from earwitness.kernel.clock import DAY, HOUR, MINUTE, Clock
from earwitness.kernel.errors import NotSignedIn
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.storage.database import Database
from earwitness.storage.schema.accounts import account, account_link, passkey_challenge, web_session
from earwitness.web.sign_in.tokens import new_token, token_hash

AT_HOME = (14 * DAY, 90 * DAY)
"""Idle and absolute limit (ms) of people of a household."""
AT_WORK = (30 * MINUTE, 12 * HOUR)
"""The same of staff."""
HALF_WAY = (10 * MINUTE, 10 * MINUTE)
"""The same of whoever still owes the second factor."""
NOTED_EVERY = MINUTE


class Stage(StrEnum):
    """How far somebody has come in signing in."""

    PASSWORD = "password"  # noqa: S105 - the name of a stage
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Session:
    """One session; ``second_factor_at`` is when one was last given (ms), None if never."""

    id: str
    account: str
    is_staff: bool
    stage: Stage
    second_factor_at: int | None
    client: str
    created_at: int
    used_at: int

    def ends_at(self) -> int:
        """Return when it ends if it is not used (ms since the epoch)."""
        idle, absolute = HALF_WAY if self.stage is Stage.PASSWORD else AT_WORK if self.is_staff else AT_HOME
        return min(self.used_at + idle, self.created_at + absolute)


class Sessions:
    """Begins, finds and ends sessions; safe from many threads and several processes."""

    def __init__(self, database: Database, clock: Clock, random: RandomBytes = secrets.token_bytes) -> None:
        """Rows rest in ``database``."""
        self._database = database
        self._clock = clock
        self._random = random

    def begin(self, account_id: str, client: str, *, stage: Stage, second_factor: bool = False) -> str:
        """Begin a session; return its token, which is kept nowhere."""
        token, now = new_token(self._random), self._clock.now_ms()
        values: dict[str, Any] = {
            "id": new_id("ses", self._random),
            "account_id": account_id,
            "token_hash": token_hash(token),
        }
        values |= {"stage": str(stage), "second_factor_at": now if second_factor else None, "client": client}
        with self._database.write() as tx:
            tx.execute(insert(web_session), [values | {"created_at": now, "used_at": now}])
        return token

    def find(self, token: str, *, quietly: bool = False) -> Session:
        """Return the session of a token and note that it was used, unless asked ``quietly``.

        Raises:
            NotSignedIn: there is none, or its time is over.
        """
        with self._database.read() as tx:
            row = tx.execute(_SESSIONS.where(web_session.c.token_hash == token_hash(token))).first()
        now = self._clock.now_ms()
        if row is None or _read(row).ends_at() <= now:
            raise NotSignedIn(next_step="Sign in.")
        if not quietly and now - row.used_at >= NOTED_EVERY:
            with self._database.write() as tx:
                tx.execute(update(web_session).where(web_session.c.id == row.id).values(used_at=now))
        return _read(row)

    def renew(self, session: Session, *, second_factor: bool) -> str:
        """Give a session that has come further a new token, so that one seen before is worth nothing.

        Raises:
            NotSignedIn: it has ended meanwhile.
        """
        token, now = new_token(self._random), self._clock.now_ms()
        values: dict[str, Any] = {"token_hash": token_hash(token), "stage": str(Stage.FULL), "created_at": now}
        values |= {"used_at": now} | ({"second_factor_at": now} if second_factor else {})
        with self._database.write() as tx:
            if not tx.execute(update(web_session).where(web_session.c.id == session.id).values(**values)).rowcount:
                raise NotSignedIn(next_step="Sign in.")
        return token

    def of(self, account_id: str) -> Sequence[Session]:
        """Return the sessions of an account that stand, the last used first."""
        with self._database.read() as tx:
            rows = tx.execute(_SESSIONS.where(web_session.c.account_id == account_id)).all()
        found = [each for each in map(_read, rows) if each.ends_at() > self._clock.now_ms()]
        return sorted(found, key=lambda each: each.used_at, reverse=True)

    def end(self, account_id: str, session_id: str) -> None:
        """End one session of an account; one that has ended is fine."""
        mine = (web_session.c.id == session_id) & (web_session.c.account_id == account_id)
        with self._database.write() as tx:
            tx.execute(delete(web_session).where(mine))

    def end_others(self, account_id: str, session_id: str) -> int:
        """End all sessions of an account but one; return how many there were."""
        others = (web_session.c.id != session_id) & (web_session.c.account_id == account_id)
        with self._database.write() as tx:
            return tx.execute(delete(web_session).where(others)).rowcount

    def sweep(self) -> int:
        """Remove the rows of sessions, links and challenges whose time is over; return how many."""
        now = self._clock.now_ms()
        with self._database.read() as tx:
            ended = [each.id for each in map(_read, tx.execute(_SESSIONS)) if each.ends_at() <= now]
        with self._database.write() as tx:
            gone = [delete(web_session).where(web_session.c.id.in_(ended))]
            gone += [delete(table).where(table.c.expires_at <= now) for table in (account_link, passkey_challenge)]
            return sum(tx.execute(each).rowcount for each in gone)


_SESSIONS = select(web_session, account.c.staff_id).join(account, account.c.id == web_session.c.account_id)


def _read(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        account=row.account_id,
        is_staff=row.staff_id is not None,
        stage=Stage(row.stage),
        second_factor_at=row.second_factor_at,
        client=row.client,
        created_at=row.created_at,
        used_at=row.used_at,
    )
