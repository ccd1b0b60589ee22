"""Signing in on SQLite and on PostgreSQL alike; and several who try at the same moment."""

from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest

from earwitness.kernel.errors import NotFound, NotSignedIn, TooManyTries
from earwitness.testing.browsing import PASSWORD, cheap_passwords
from earwitness.testing.house import Family
from earwitness.web.front import Front
from earwitness.web.sign_in.sessions import Stage
from earwitness.web.sign_in.tries import FREE

AT_ONCE = 8


@pytest.fixture
def front(family: Family) -> Front:
    return Front.of(family.house, passwords=cheap_passwords())


def test_an_account_from_its_link_to_its_end(family: Family, front: Front) -> None:
    accounts, sessions = front.rooms.accounts, front.doors.sessions
    made, link = accounts.add("ada", person_id=family.ada.id)
    accounts.use_link(link, front.passwords.hash(PASSWORD))
    with pytest.raises(NotFound):
        accounts.use_link(link, "again")
    token = sessions.begin(made.id, "Firefox on Linux", stage=Stage.PASSWORD)
    renewed = sessions.renew(sessions.find(token), second_factor=True)
    with pytest.raises(NotSignedIn):
        sessions.find(token)
    assert sessions.find(renewed).second_factor_at == family.clock.now_ms()
    family.remove(family.erase(family.ada))
    with pytest.raises(NotSignedIn):
        sessions.find(renewed)
    assert accounts.by_name("ada") is None


def test_of_many_tries_at_once_no_more_than_the_free_ones_are_taken(front: Front) -> None:
    def attempt(_: int) -> bool:
        try:
            front.tries.take("name", "ada")
        except TooManyTries:
            return False
        return True

    with ThreadPoolExecutor(AT_ONCE) as pool:
        taken = list(pool.map(attempt, range(3 * AT_ONCE)))
    assert sum(taken) == FREE["name"]


def test_of_many_who_bring_one_code_at_once_one_gets_in(family: Family, front: Front) -> None:
    made, _ = front.rooms.accounts.add("ada", person_id=family.ada.id)
    secret = front.codes.new_secret()
    front.codes.enrol(made, secret, pyotp.TOTP(secret).at(family.clock.now_ms() // 1000))
    family.clock.advance(60_000)
    code, account = pyotp.TOTP(secret).at(family.clock.now_ms() // 1000), front.rooms.accounts.get(made.id)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        taken = list(pool.map(lambda _: front.codes.check(account, code), range(AT_ONCE)))
    assert sum(taken) == 1


def test_of_many_who_use_one_link_at_once_one_sets_the_password(family: Family, front: Front) -> None:
    _, link = front.rooms.accounts.add("ada", person_id=family.ada.id)

    def use(number: int) -> bool:
        try:
            front.rooms.accounts.use_link(link, f"hash {number}")
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert sum(pool.map(use, range(AT_ONCE))) == 1
