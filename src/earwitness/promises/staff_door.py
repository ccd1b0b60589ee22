"""The staff door tried by somebody made up: part of P8."""

import secrets
from dataclasses import dataclass
from functools import partial

import pyotp
from sqlalchemy import delete

from earwitness.bootstrap import House
from earwitness.kernel.actors import Role
from earwitness.kernel.clock import HOUR, SECOND
from earwitness.kernel.errors import BadInput, NotSignedIn
from earwitness.policy.purposes import Purpose
from earwitness.promises.ahead import ClockAhead
from earwitness.promises.checks import must_refuse, require
from earwitness.storage.schema import staff
from earwitness.web.sign_in.codes import STEP_MS, Codes
from earwitness.web.sign_in.passwords import Passwords
from earwitness.web.sign_in.sessions import Sessions
from earwitness.web.sign_in.tries import Tries
from earwitness.web.workbench.door import StaffDoor


@dataclass(frozen=True, slots=True)
class _Somebody:
    """A reviewer made up for this check, with an account."""

    id: str
    account: str
    name: str
    password: str
    secret: str


def try_the_door(house: House) -> None:
    """Try to come in, wrongly and rightly.

    Raises:
        Broken: a wrong way in was open, or a right one shut.
    """
    clock = ClockAhead(house.clock)
    passwords, codes = Passwords(), Codes(house.database, house.keyring, clock)
    door = StaffDoor(
        house.accounts,
        Sessions(house.database, clock),
        passwords,
        codes,
        Tries(house.database, house.accounts.blinder, clock),
        house.directory.staff,
        clock,
    )
    who = _somebody(house, passwords, codes, clock)
    try:
        _wrongly(door, who, clock)
        _rightly(house, door, who, clock)
    finally:
        house.accounts.remove(who.account)
        with house.database.write() as tx:  # who opened nothing leaves nothing
            tx.execute(delete(staff).where(staff.c.id == who.id))


def _somebody(house: House, passwords: Passwords, codes: Codes, clock: ClockAhead) -> _Somebody:
    member = house.directory.staff.register(Role.REVIEWER, "promise check", "XX")
    name, password = f"check {secrets.token_hex(8)}", secrets.token_hex(16)
    account, link = house.accounts.add(name, staff_id=member.id)
    house.accounts.use_link(link, passwords.hash(password))
    secret = codes.new_secret()
    codes.enrol(house.accounts.get(account.id), secret, _code(secret, clock))
    return _Somebody(member.id, account.id, name, password, secret)


def _code(secret: str, clock: ClockAhead) -> str:
    """The code of the next step: each is taken once."""
    clock.ahead += STEP_MS
    return pyotp.TOTP(secret).at(clock.now_ms() // SECOND)


def _wrongly(door: StaffDoor, who: _Somebody, clock: ClockAhead) -> None:
    """Each way but one thing is right, at the moment at which it is tried."""
    review, legal = str(Purpose.REVIEW), str(Purpose.LEGAL)
    signing_in = partial(door.sign_in, who.name)
    another = secrets.token_hex(16)
    must_refuse(
        "Signing in with a wrong password", partial(signing_in, another, _code(who.secret, clock), review), BadInput
    )
    must_refuse("Signing in without a code", partial(signing_in, who.password, "", review), BadInput)
    right = _code(who.secret, clock)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    must_refuse("Signing in with a wrong code", partial(signing_in, who.password, wrong, review), BadInput)
    must_refuse(
        "Signing in for a purpose of another role",
        partial(signing_in, who.password, _code(who.secret, clock), legal),
        BadInput,
    )


def _rightly(house: House, door: StaffDoor, who: _Somebody, clock: ClockAhead) -> None:
    code = _code(who.secret, clock)
    signing_in = partial(door.sign_in, who.name, who.password, code, str(Purpose.REVIEW))
    token = signing_in()
    require(door.worker(token).actor.second_factor_at is not None, "A session does not say when a code was given.")
    must_refuse("Signing in with a code that was used", signing_in, BadInput)
    clock.ahead += HOUR
    must_refuse("Using a session that was left alone", partial(door.worker, token), NotSignedIn)
    token = door.sign_in(who.name, who.password, _code(who.secret, clock), str(Purpose.REVIEW))
    house.directory.staff.suspend(who.id)
    must_refuse("Using a session after a suspension", partial(door.worker, token), NotSignedIn)
