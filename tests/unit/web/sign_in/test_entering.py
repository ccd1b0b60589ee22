"""Signing in: what is asked, what is told, how often it may be tried, and when it ends."""

from urllib.parse import urlsplit

import pyotp
import pytest
from fastapi import FastAPI

from earwitness.kernel.actors import Role
from earwitness.kernel.clock import DAY, HOUR, MINUTE, SECOND
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.storage.schema import accounts as tables
from earwitness.testing.browsing import PASSWORD, cheap_passwords
from earwitness.testing.house import Family
from earwitness.testing.surfing import Surfer, visible
from earwitness.web.front import Front
from earwitness.web.sign_in.doors import Place
from earwitness.web.sign_in.entering import WRONG, inside
from earwitness.web.sign_in.tries import FREE

GOOD = "eleven quiet herons"
ELSEWHERE = [
    "//evil.example",
    "https://evil.example/",
    "/\\evil.example",
    "/history?of=x",
    "/history\r\nSet-Cookie: a=b",
    "history",
    "",
    "/ünder",
]


def code_of(front: Front, secret: str) -> str:
    return pyotp.TOTP(secret).at(front.rooms.clock.now_ms() // 1000)


def enrol_codes(front: Front, name: str) -> tuple[str, list[str]]:
    """Give an account one-time codes; return the secret and the recovery codes."""
    account = front.rooms.accounts.by_name(name)
    assert account is not None
    secret = front.codes.new_secret()
    spare = front.codes.enrol(account, secret, code_of(front, secret))
    return secret, list(spare)


def test_a_link_sets_the_password_once(small_family: Family, app: FastAPI, front: Front) -> None:
    front.rooms.accounts.remove(front.rooms.accounts.of(person_id=small_family.ada.id).id)
    _, link = front.rooms.accounts.add("Ada", person_id=small_family.ada.id)
    surfer = Surfer(app)
    assert surfer.get(f"/welcome/{link}").status_code == 200
    short = surfer.post(f"/welcome/{link}", {"password": "short", "again": "short"})
    assert short.status_code == 400
    assert "at least 12 characters" in visible(short.text)
    assert surfer.post(f"/welcome/{link}", {"password": GOOD, "again": "other"}).status_code == 400
    done = surfer.post(f"/welcome/{link}", {"password": GOOD, "again": GOOD})
    assert done.headers["location"] == "/sign-in?notice=set"
    assert surfer.get(f"/welcome/{link}").status_code == 404
    assert surfer.sign_in("ada", GOOD).headers["location"] == "/"


def test_a_link_ends_by_itself(small_family: Family, surfer: Surfer, front: Front) -> None:
    account = front.rooms.accounts.of(person_id=small_family.ada.id)
    link = front.rooms.accounts.reset(account.id)
    small_family.clock.advance(3 * DAY)
    assert surfer.get(f"/welcome/{link}").status_code == 404


def test_a_reset_ends_the_old_password_and_every_session(front: Front, ada: Surfer, surfer: Surfer) -> None:
    account = front.rooms.accounts.by_name("ada")
    assert account is not None
    front.rooms.accounts.reset(account.id)
    assert ada.get("/history").status_code == 303
    assert surfer.sign_in("ada").status_code == 401


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_what_was_wrong_is_not_said(surfer: Surfer, name: str, password: str) -> None:
    surfer.get("/sign-in")
    answer = surfer.post("/sign-in", {"name": name, "password": password})
    assert answer.status_code == 401
    assert WRONG in visible(answer.text)
    assert not any("session" in each for each in surfer.cookies)


def test_cookies_are_for_the_server_alone(surfer: Surfer) -> None:
    answer = surfer.sign_in("ada")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("earwitness_session_8710=")
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert "secure" not in cookie.lower()  # it would be lost on localhost over http


def test_no_token_rests_in_the_database(front: Front, ada: Surfer) -> None:
    with front.rooms.database.read() as tx:
        rows = repr([tx.execute(each.select()).all() for each in (tables.web_session, tables.account)])
    assert ada.cookies["earwitness_session_8710"] not in rows
    assert PASSWORD not in rows
    assert "'ada'" not in rows


def test_signing_in_gives_a_new_session_each_time(app: FastAPI, ada: Surfer) -> None:
    other = Surfer(app)
    other.sign_in("ada")
    assert other.cookies["earwitness_session_8710"] != ada.cookies["earwitness_session_8710"]
    assert "Sign out everywhere else" in ada.get("/account").text


def test_signing_out_ends_the_session_on_the_server(app: FastAPI, ada: Surfer) -> None:
    stolen = Surfer(app)
    stolen.cookies.update(ada.cookies)
    assert ada.post("/sign-out").headers["location"] == "/sign-in?notice=out"
    assert stolen.get("/history").status_code == 303


def test_a_session_ends_without_use_and_in_any_case(small_family: Family, ada: Surfer, surfer: Surfer) -> None:
    small_family.clock.advance(13 * DAY)
    assert ada.get("/history").status_code == 200
    small_family.clock.advance(14 * DAY + MINUTE)
    assert ada.get("/history").status_code == 303
    surfer.sign_in("ada")
    for _ in range(9):
        small_family.clock.advance(10 * DAY)
        surfer.get("/history")
    assert surfer.get("/history").status_code == 303


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(small_family: Family, ada: Surfer) -> None:
    for _ in range(15):
        small_family.clock.advance(DAY)
        ada.get("/who/newest", **{"x-quietly": "1"})
    assert ada.get("/history").status_code == 303


def test_what_is_over_is_swept(small_family: Family, ada: Surfer, surfer: Surfer, front: Front) -> None:
    surfer.get("/sign-in")
    assert surfer.post("/sign-in/passkey/request").status_code == 200
    front.rooms.accounts.reset(front.rooms.accounts.of(person_id=small_family.ben.id).id)
    assert front.doors.sessions.sweep() == 0
    small_family.clock.advance(15 * DAY)
    assert front.doors.sessions.sweep() == 3  # a session, a link and a challenge
    assert ada.get("/history").status_code == 303


def test_after_signing_in_one_goes_on_where_one_was(surfer: Surfer) -> None:
    sent = surfer.get("/choices").headers["location"]
    assert sent == "/sign-in?next=/choices"
    surfer.get(sent)
    answer = surfer.post("/sign-in", {"name": "ada", "password": PASSWORD, "next": "/choices"})
    assert answer.headers["location"] == "/choices"


@pytest.mark.parametrize("path", ELSEWHERE)
def test_nobody_is_sent_anywhere_else(path: str) -> None:
    assert inside(path) == "/"
    assert urlsplit(inside(path)).netloc == ""


def test_tries_get_slower_for_a_name_known_or_not(small_family: Family, surfer: Surfer) -> None:
    for name in ("ada", "nobody"):
        surfer.get("/sign-in")
        for _ in range(FREE["name"]):
            assert surfer.post("/sign-in", {"name": name, "password": "wrong"}).status_code == 401
        slowed = surfer.post("/sign-in", {"name": name, "password": PASSWORD})
        assert slowed.status_code == 429
        assert slowed.headers["retry-after"] == "15"
    small_family.clock.advance(15 * SECOND)
    assert surfer.sign_in("ada").status_code == 303


def test_tries_that_fail_wait_twice_as_long_each_time(small_family: Family, front: Front) -> None:
    waits = []
    for _ in range(FREE["name"] + 9):
        front.tries.take("name", "ada")
        before = small_family.clock.now_ms()
        with front.rooms.database.read() as tx:
            (row,) = tx.execute(tables.sign_in_try.select()).all()
        waits.append((row.until - before) // SECOND)
        small_family.clock.advance(row.until - before)
    assert waits == [0, 0, 0, 0, 15, 30, 60, 120, 240, 480, 900, 900, 900, 900]
    small_family.clock.advance(2 * DAY)
    front.tries.take("name", "ada")


def test_one_address_cannot_try_every_name(surfer: Surfer) -> None:
    surfer.get("/sign-in")
    answers = [
        surfer.post("/sign-in", {"name": f"n{n}", "password": "x"}).status_code for n in range(FREE["address"] + 1)
    ]
    assert answers[-1] == 429
    assert set(answers[:-1]) == {401}


def test_a_code_is_asked_for_and_taken_once(small_family: Family, app: FastAPI, front: Front) -> None:
    secret, _ = enrol_codes(front, "ada")
    small_family.clock.advance(MINUTE)
    one, other = Surfer(app), Surfer(app)
    for surfer in (one, other):
        assert surfer.sign_in("ada").headers["location"] == "/sign-in/code?next=/"
        assert surfer.get("/history").status_code == 303  # the password alone opens nothing
    assert one.post("/sign-in/code", {"code": "000000"}).status_code == 401
    assert one.post("/sign-in/code", {"code": code_of(front, secret)}).status_code == 303
    assert one.get("/history").status_code == 200
    assert other.post("/sign-in/code", {"code": code_of(front, secret)}).status_code == 401
    small_family.clock.advance(30 * SECOND)
    assert other.post("/sign-in/code", {"code": code_of(front, secret)}).status_code == 303


def test_a_code_of_another_time_is_not_taken(small_family: Family, app: FastAPI, front: Front) -> None:
    secret, _ = enrol_codes(front, "ada")
    small_family.clock.advance(MINUTE)
    old = code_of(front, secret)
    small_family.clock.advance(MINUTE)
    surfer = Surfer(app)
    surfer.sign_in("ada")
    assert surfer.post("/sign-in/code", {"code": old}).status_code == 401


def test_guessing_codes_gets_slower(app: FastAPI, front: Front) -> None:
    enrol_codes(front, "ada")
    surfer = Surfer(app)
    surfer.sign_in("ada")
    answers = [surfer.post("/sign-in/code", {"code": f"{n:06}"}).status_code for n in range(FREE["code"] + 1)]
    assert answers[-1] == 429


def test_a_recovery_code_lets_in_once(app: FastAPI, front: Front) -> None:
    _, spare = enrol_codes(front, "ada")
    for expected in (303, 401):
        surfer = Surfer(app)
        surfer.sign_in("ada")
        assert surfer.post("/sign-in/code", {"code": spare[3].lower()}).status_code == expected


def test_half_way_lasts_ten_minutes(small_family: Family, app: FastAPI, front: Front) -> None:
    secret, _ = enrol_codes(front, "ada")
    surfer = Surfer(app)
    surfer.sign_in("ada")
    small_family.clock.advance(10 * MINUTE)
    assert surfer.post("/sign-in/code", {"code": code_of(front, secret)}).status_code == 401


def test_staff_open_nothing_without_a_second_factor(small_family: Family, app: FastAPI, front: Front) -> None:
    staff = front.rooms.directory.staff.register(Role.REVIEWER, "contractor", "DE")
    account, link = front.rooms.accounts.add("r1", staff_id=staff.id)
    front.rooms.accounts.use_link(link, front.passwords.hash(PASSWORD))
    surfer = Surfer(app)
    surfer.sign_in("r1")
    assert "takes a second factor" in visible(surfer.get("/account").text)
    assert surfer.get("/history").status_code == 404  # no page of a household is theirs
    visitor = front.doors.sessions.of(account.id)[0]
    assert visitor.second_factor_at is None
    secret, _ = enrol_codes(front, "r1")
    refused = surfer.post("/account/codes/remove", {"current": PASSWORD})
    assert refused.status_code == 400
    assert "Staff keep a second factor" in visible(refused.text)
    small_family.clock.advance(HOUR)
    assert surfer.get("/account").status_code == 303  # half an hour without use
    surfer.sign_in("r1")
    assert surfer.post("/sign-in/code", {"code": code_of(front, secret)}).status_code == 303
    front.rooms.directory.staff.suspend(staff.id)
    assert surfer.get("/account").status_code == 303


def test_changing_how_one_signs_in_takes_the_password(ada: Surfer, front: Front) -> None:
    for path in ("/account/password", "/account/codes", "/account/codes/remove"):
        assert ada.post(path, {"current": "wrong", "password": GOOD}).status_code == 400
    assert ada.post("/account/password", {"current": PASSWORD, "password": GOOD}).status_code == 303
    account = front.rooms.accounts.by_name("ada")
    assert account is not None
    assert front.passwords.check(account.password, GOOD)


def test_codes_are_set_up_on_the_page(ada: Surfer, front: Front) -> None:
    page = ada.post("/account/codes", {"current": PASSWORD})
    assert page.status_code == 200
    assert "<svg" in page.text
    secret = page.text.partition('name="secret" value="')[2].partition('"')[0]
    asked = page.text.partition('name="asked" value="')[2].partition('"')[0]
    wrong = {"secret": secret, "asked": asked, "code": "000000"}
    assert ada.post("/account/codes/enrol", wrong).status_code == 400
    done = ada.post("/account/codes/enrol", wrong | {"code": code_of(front, secret)})
    assert done.text.count("<li><code>") == 10


def test_a_browser_that_was_left_open_enrols_nothing_of_its_finders(ada: Surfer, front: Front) -> None:
    ada.get("/account")
    secret = front.codes.new_secret()
    for asked in ("", "x"):
        fields = {"secret": secret, "code": code_of(front, secret), "asked": asked}
        assert ada.post("/account/codes/enrol", fields).status_code == 403
    account = front.rooms.accounts.by_name("ada")
    assert account is not None
    session = front.doors.sessions.of(account.id)[0]
    ada.post("/sign-in/passkey/request")  # a challenge, but none that was asked for with the password
    place = Place("http", "localhost", 8710, "http://localhost:8710")
    with pytest.raises(BadInput, match="took too long"):
        front.passkeys.enrol(account, place, session.id, "{}")
    assert not front.rooms.accounts.factors(account.id).any


def test_an_account_goes_with_its_person(small_family: Family, front: Front, ada: Surfer) -> None:
    enrol_codes(front, "ada")
    small_family.remove(small_family.erase(small_family.ada))
    assert ada.get("/history").status_code == 303
    assert front.rooms.accounts.by_name("ada") is None
    with front.rooms.database.read() as tx:
        assert {row.person_id for row in tx.execute(tables.account.select())} == {small_family.ben.id}
        assert tx.execute(tables.recovery_code.select()).all() == []


def test_an_erased_person_is_a_stranger_at_once(small_family: Family, ada: Surfer) -> None:
    small_family.erase(small_family.ada)  # accepted; the removal comes later
    assert ada.get("/history").status_code == 303


@pytest.mark.parametrize("name", ["ADA", " ada ", "Ａda"])
def test_a_name_is_found_however_it_is_spelt(front: Front, name: str) -> None:
    assert front.rooms.accounts.by_name(name) is not None


def test_accounts_are_one_a_person_and_one_a_name(small_family: Family, front: Front) -> None:
    with pytest.raises(BadInput, match="have an account already"):
        front.rooms.accounts.add("another", person_id=small_family.ada.id)
    front.rooms.accounts.remove(front.rooms.accounts.of(person_id=small_family.ben.id).id)
    with pytest.raises(BadInput, match="name is taken"):
        front.rooms.accounts.add("ADA", person_id=small_family.ben.id)
    with pytest.raises(NotFound):
        front.rooms.accounts.add("x", person_id="person_nobody")


@pytest.mark.parametrize("password", ["short", "x" * 201, "aaaaaaaaaaaaaa"])
def test_a_bad_password_is_refused(password: str) -> None:
    with pytest.raises(BadInput):
        cheap_passwords().hash(password)


def test_a_password_is_the_same_on_another_keyboard() -> None:
    passwords = cheap_passwords()
    assert passwords.check(passwords.hash("fünf blaue Käfer"), "fünf blaue Käfer")
    assert not passwords.check(None, "nobody has this password")
