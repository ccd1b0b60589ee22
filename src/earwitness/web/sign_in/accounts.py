"""Accounts: who may sign in as which person or member of staff, and with what.

An account is made on the machine (``earwitness account add``), which prints a link that sets the password, once. The
sign-in name is sealed for its person and looked up by a keyed hash. A person who is erased loses their account
with everything else (kinds.py); one of staff signs in only while their right is certified.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from earwitness.identity.names import clean_name, normalise
from earwitness.identity.sealing import open_fields, seal_fields
from earwitness.kernel.clock import DAY, Clock
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.storage.database import Database
from earwitness.storage.schema import person
from earwitness.storage.schema.accounts import account, account_link, passkey, recovery_code, web_session
from earwitness.vault.keyring import Keyring
from earwitness.web.sign_in.kinds import delete_accounts
from earwitness.web.sign_in.tokens import SUBJECT, Blinder, new_token, token_hash

LINK_LIFETIME_MS = 3 * DAY
HANDLE_SIZE = 32
STALE_LINK = "This link was used already, or its time is over."


@dataclass(frozen=True, slots=True)
class Account:
    """One account; exactly one of ``person`` and ``staff`` is set. ``name`` is what is typed to sign in."""

    id: str
    person: str | None
    staff: str | None
    name: str
    handle: bytes
    password: str | None
    totp: bytes | None
    totp_step: int | None
    created_at: int

    @property
    def subject(self) -> str:
        """Whose key seals what belongs to the account."""
        return self.person or SUBJECT


@dataclass(frozen=True, slots=True)
class Factors:
    """The second factors of an account."""

    codes: bool
    passkeys: int
    recovery: int

    @property
    def any(self) -> bool:
        """Whether there is one at all."""
        return self.codes or self.passkeys > 0


class Accounts:
    """Makes, finds and removes accounts; safe from many threads and several processes."""

    def __init__(
        self, database: Database, keyring: Keyring, clock: Clock, random: RandomBytes = secrets.token_bytes
    ) -> None:
        """Seal with ``keyring``."""
        self.blinder = Blinder(keyring)
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._random = random

    def add(self, name: str, *, person_id: str | None = None, staff_id: str | None = None) -> tuple[Account, str]:
        """Make an account for a person or for a member of staff; return it and the token of its link.

        Raises:
            BadInput: the name is taken or no good, they have an account, or not exactly one of both is given.
            NotFound: there is no such person.
        """
        if (person_id is None) == (staff_id is None):
            raise BadInput("An account is a person's or a member of staff's.")
        name = clean_name(name, what="sign-in name")
        self.blinder.ensure()
        made, hidden = new_id("acc", self._random), self._hidden(name)
        values: dict[str, Any] = {"id": made, "person_id": person_id, "staff_id": staff_id, "name_hash": hidden}
        values |= {"handle": self._random(HANDLE_SIZE), "created_at": self._clock.now_ms()}
        with self._database.write() as tx:
            self._database.serialize(tx, "accounts")
            _require_living(tx, person_id)
            whose = account.c.person_id == person_id if person_id else account.c.staff_id == staff_id
            if tx.execute(select(account.c.id).where(whose)).first():
                raise BadInput("They have an account already.", next_step="earwitness account reset makes a new link.")
            if tx.execute(select(account.c.id).where(account.c.name_hash == hidden)).first():
                raise BadInput("That sign-in name is taken.", next_step="Choose another with --sign-in NAME.")
            sealed = seal_fields(self._keyring, person_id or SUBJECT, f"account/{made}", {"name": name})
            tx.execute(insert(account), [values | {"sealed": sealed}])
            token = self._link(tx, made)
        return self.get(made), token

    def get(self, account_id: str) -> Account:
        """Return one account.

        Raises:
            NotFound: there is none with this id.
        """
        return self._one(account.c.id == account_id)

    def of(self, *, person_id: str | None = None, staff_id: str | None = None) -> Account:
        """Return the account of a person or member of staff.

        Raises:
            NotFound: they have none.
        """
        return self._one(account.c.person_id == person_id if person_id else account.c.staff_id == staff_id)

    def by_name(self, name: str) -> Account | None:
        """Return the account of a sign-in name, however it is spelt; None if there is none."""
        return self._find(account.c.name_hash == self._hidden(name))

    def by_handle(self, handle: bytes) -> Account | None:
        """Return the account that passkeys call by this handle; None if there is none."""
        return self._find(account.c.handle == handle)

    def list(self) -> Sequence[Account]:
        """Return all accounts, oldest first."""
        with self._database.read() as tx:
            rows = tx.execute(select(account).order_by(account.c.created_at, account.c.id)).all()
        return [self._read(row) for row in rows]

    def factors(self, account_id: str) -> Factors:
        """Return which second factors an account has.

        Raises:
            NotFound: there is no such account.
        """
        found = self.get(account_id)
        with self._database.read() as tx:
            keys = len(tx.execute(select(passkey.c.id).where(passkey.c.account_id == account_id)).all())
            spare = tx.execute(select(recovery_code.c.code_hash).where(recovery_code.c.account_id == account_id)).all()
        return Factors(found.totp is not None, keys, len(spare))

    def remove(self, account_id: str) -> None:
        """Remove an account with its sessions and factors. What its person has stays.

        Raises:
            NotFound: there is no such account.
        """
        with self._database.write() as tx:
            if not delete_accounts(tx, [account_id]):
                raise _no_account()

    def reset(self, account_id: str, *, factors: bool = False) -> str:
        """Take the password back and end every session; return the token of a new link.

        With ``factors`` the second factors go too: for somebody who lost them.

        Raises:
            NotFound: there is no such account.
        """
        with self._database.write() as tx:
            values: dict[str, Any] = {"password": None} | ({"totp": None, "totp_step": None} if factors else {})
            if tx.execute(update(account).where(account.c.id == account_id).values(**values)).rowcount == 0:
                raise _no_account()
            gone = [web_session, account_link, *([passkey, recovery_code] if factors else [])]
            for table in gone:
                tx.execute(delete(table).where(table.c.account_id == account_id))
            return self._link(tx, account_id)

    def of_link(self, token: str) -> Account:
        """Return the account whose password this link sets.

        Raises:
            NotFound: there is no such link, it was used, or its time is over.
        """
        with self._database.read() as tx:
            name = tx.scalar(select(account_link.c.account_id).where(self._standing(token)))
        if name is None:
            raise NotFound(STALE_LINK, next_step="Ask for a new one: earwitness account reset NAME.")
        return self.get(name)

    def use_link(self, token: str, password: str) -> Account:
        """Set the password (its hash) by a link, which ends with it, as does every session.

        Raises:
            NotFound: there is no such link, it was used, or its time is over.
        """
        with self._database.write() as tx:
            self._database.serialize(tx, "accounts")
            name = tx.scalar(select(account_link.c.account_id).where(self._standing(token)))
            if name is None:
                raise NotFound(STALE_LINK, next_step="Ask for a new one: earwitness account reset NAME.")
            for table in (account_link, web_session):
                tx.execute(delete(table).where(table.c.account_id == name))
            tx.execute(update(account).where(account.c.id == name).values(password=password))
        return self.get(name)

    def set_password(self, account_id: str, password: str) -> None:
        """Set the password (its hash) of somebody who is signed in.

        Raises:
            NotFound: there is no such account.
        """
        with self._database.write() as tx:
            changed = update(account).where(account.c.id == account_id).values(password=password)
            if tx.execute(changed).rowcount == 0:
                raise _no_account()

    def _standing(self, token: str) -> Any:
        return (account_link.c.token_hash == token_hash(token)) & (account_link.c.expires_at > self._clock.now_ms())

    def _link(self, tx: Connection, account_id: str) -> str:
        token = new_token(self._random)
        expires = self._clock.now_ms() + LINK_LIFETIME_MS
        values = {"token_hash": token_hash(token), "account_id": account_id, "expires_at": expires}
        tx.execute(insert(account_link), [values])
        return token

    def _hidden(self, name: str) -> bytes:
        return self.blinder.blind("account", normalise(name))

    def _one(self, which: Any) -> Account:
        found = self._find(which)
        if found is None:
            raise _no_account()
        return found

    def _find(self, which: Any) -> Account | None:
        with self._database.read() as tx:
            row = tx.execute(select(account).where(which)).first()
        return None if row is None else self._read(row)

    def _read(self, row: Row[Any]) -> Account:
        fields = open_fields(self._keyring, row.person_id or SUBJECT, f"account/{row.id}", row.sealed)
        return Account(
            id=row.id,
            person=row.person_id,
            staff=row.staff_id,
            name=fields["name"] if fields else "",
            handle=row.handle,
            password=row.password,
            totp=row.totp,
            totp_step=row.totp_step,
            created_at=row.created_at,
        )


def _require_living(tx: Connection, person_id: str | None) -> None:
    living = select(person.c.id).where(person.c.id == person_id, person.c.erased_at.is_(None))
    if person_id is not None and tx.execute(living).first() is None:
        raise NotFound("There is no such person.", next_step="earwitness person list shows who is here.")


def _no_account() -> NotFound:
    return NotFound("There is no such account.", next_step="earwitness account list shows those there are.")
