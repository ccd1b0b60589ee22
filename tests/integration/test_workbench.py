"""The workbench over HTTP: a reviewer's whole traffic is recorded and searched for whatever could say whose it is."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pyotp
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import select

from earwitness.bootstrap import House
from earwitness.kernel.actors import Role
from earwitness.kernel.clock import HOUR, MINUTE
from earwitness.storage.schema import metadata
from earwitness.storage.schema import review as tables
from earwitness.testing.canary import traces
from earwitness.testing.review import ReviewHouse
from earwitness.web.sign_in.accounts import Accounts
from earwitness.web.sign_in.codes import Codes
from earwitness.web.sign_in.passwords import Passwords
from earwitness.web.sign_in.sessions import Sessions
from earwitness.web.sign_in.tries import Tries
from earwitness.web.workbench.app import ASSETS, create_workbench
from earwitness.web.workbench.desk_app import create_desk_app
from earwitness.web.workbench.desk_client import DeskClient
from earwitness.web.workbench.door import StaffDoor

PASSWORD = "four words of a staff member"
NUMBER = "two one two five five five oh one seven two"
SAID = (
    "tell doctor zebrafinch i am late",
    f"when you have a moment please call {NUMBER} for me and tell them that i am late again",
    "drive to zebrafinch lane",
)
ROUTES = {
    "/", "/assets/{name}", "/healthz", "/api/sign-in", "/api/sign-out", "/api/{wanted:path}",
}  # fmt: skip
DESK_ROUTES = {
    "/sign-in", "/session", "/sign-out", "/next", "/leave", "/clips/{clip}", "/clips/{clip}/sound",
    "/clips/{clip}/answer", "/clips/{clip}/skip", "/clips/{clip}/escalate", "/clips/{clip}/withdraw",
    "/figures", "/figures.svg",
}  # fmt: skip


@dataclass
class Bench:
    """A house with a workbench before it, and the staff who work there."""

    reviewed: ReviewHouse
    desk_app: FastAPI
    app: FastAPI
    accounts: Accounts
    codes: Codes
    passwords: Passwords
    loop: asyncio.Runner
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def house(self) -> House:
        return self.reviewed.house

    def staff(self, role: Role, name: str) -> str:
        """Register somebody with an account, a password and one-time codes; return their id."""
        member = self.house.directory.staff.register(role, "contractor", "PL")
        account, link = self.accounts.add(name, staff_id=member.id)
        self.accounts.use_link(link, self.passwords.hash(PASSWORD))
        secret = self.codes.new_secret()
        self.codes.enrol(self.accounts.get(account.id), secret, self.code(secret))
        self.secrets[name] = secret
        return member.id

    def code(self, secret: str) -> str:
        self.house.clock.advance(MINUTE)  # type: ignore[attr-defined] # the virtual one; a code is taken once
        return pyotp.TOTP(secret).at(self.house.clock.now_ms() // 1000)

    def browser(self) -> "Browser":
        return Browser(self)

    def signed_in(self, name: str, purpose: str = "review") -> "Browser":
        browser = self.browser()
        answer = browser.sign_in(name, purpose=purpose)
        assert answer.status_code == 200, answer.text
        return browser


class Browser:
    """A browser that writes down every byte it is sent."""

    def __init__(self, bench: Bench, app: FastAPI | None = None, origin: str = "http://localhost:8712") -> None:
        self.bench = bench
        self.origin = origin
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app or bench.app), base_url=origin)
        self.traffic = bytearray()

    def get(self, path: str) -> httpx.Response:
        return self._note(self.bench.loop.run(self.client.get(path)))

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        sent = {"X-Workbench": "1", "Origin": self.origin} | headers
        return self._note(self.bench.loop.run(self.client.post(path, json=body or {}, headers=sent)))

    def sign_in(
        self, name: str, *, purpose: str = "review", password: str = PASSWORD, code: str = ""
    ) -> httpx.Response:
        code = code or self.bench.code(self.bench.secrets[name])
        given = {"name": name, "password": password, "code": code, "purpose": purpose}
        return self.post("/api/sign-in", given)

    def clips(self) -> list[str]:
        return [each["clip"] for each in self.post("/api/next").json()["clips"]]

    def _note(self, answer: httpx.Response) -> httpx.Response:
        self.traffic += "\n".join(f"{name}: {value}" for name, value in answer.headers.items()).encode()
        self.traffic += answer.content
        return answer


@pytest.fixture
def bench(small_house: House) -> Iterator[Bench]:
    house = small_house
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    accounts = Accounts(house.database, house.keyring, house.clock)
    codes = Codes(house.database, house.keyring, house.clock)
    door = StaffDoor(
        accounts,
        Sessions(house.database, house.clock),
        passwords,
        codes,
        Tries(house.database, accounts.blinder, house.clock),
        house.directory.staff,
        house.clock,
    )
    desk = create_desk_app(house.review.desk, house.review.counting, door, lambda: ("HassTurnOn",))
    app = create_workbench(DeskClient(house.data, httpx.ASGITransport(desk)), clock=house.clock)
    with asyncio.Runner() as loop:
        made = Bench(ReviewHouse(house), desk, app, accounts, codes, passwords, loop)
        furnish(made)
        yield made


def furnish(made: Bench) -> None:
    """Nine people with a contact and a place each, one clip each, and a reviewer."""
    for number in range(9):
        adult = made.reviewed.adult()
        made.house.directory.contacts.add(adult.id, "Doctor Zebrafinch", address="zebrafinch@example.org")
        made.house.directory.places.add(adult.person.household, "Zebrafinch Lane")
        made.reviewed.keep(adult, SAID[number % len(SAID)])
    assert made.reviewed.drawn_and_copied() == 9
    made.staff(Role.REVIEWER, "rita")


def paths(app: FastAPI) -> set[str]:
    inner = [getattr(route, "original_router", None) for route in app.routes]
    every = [each for router in inner if router is not None for each in router.routes] + list(app.routes)
    return {path for route in every if (path := getattr(route, "path", ""))}


def test_this_test_knows_every_route(bench: Bench) -> None:
    assert paths(bench.app) == ROUTES
    assert paths(bench.desk_app) == DESK_ROUTES


def test_a_reviewers_whole_traffic_says_nothing_of_anybody(bench: Bench) -> None:
    other = bench.staff(Role.REVIEWER, "quillfeather")
    colleague = bench.signed_in("quillfeather")
    colleague.get(f"/api/clips/{colleague.clips()[0]}")
    browser = bench.signed_in("rita")
    browser.get("/")
    browser.get("/api/session")
    for name in ASSETS:
        browser.get(f"/assets/{name}")
    walk_every_action(browser)
    heard = bytes(browser.traffic)
    assert b"[name]" in heard
    assert b"RIFF" in heard
    assert not traces(heard, "the traffic")
    for number in (NUMBER, "2125550172", "five five five"):
        assert number.encode() not in heard
    secret = {*everybodys_ids(bench), other, "quillfeather", "zebrafinch"}
    assert len(secret) > 60
    assert not [each for each in secret if each.encode() in heard]


def walk_every_action(browser: Browser) -> None:
    """Do each thing once that a reviewer can do."""
    clips = browser.clips()
    for clip in clips:
        assert browser.get(f"/api/clips/{clip}").status_code == 200
        assert browser.get(f"/api/clips/{clip}/sound").status_code == 200
    words = " ".join(browser.get(f"/api/clips/{clips[0]}").json()["heard"])
    answer = {"route": "verify", "words": words, "wake": "yes", "spent_ms": 9_000, "intent_right": True}
    assert browser.post(f"/api/clips/{clips[0]}/answer", answer).status_code == 200
    assert browser.post(f"/api/clips/{clips[1]}/skip").status_code == 200
    assert browser.post(f"/api/clips/{clips[2]}/withdraw", {"voice": "guest"}).status_code == 200
    following = browser.clips()
    passed_on = {"queue": "danger", "note": "somebody shouts"}
    assert browser.post(f"/api/clips/{following[0]}/escalate", passed_on).status_code == 200
    for gone in clips:
        assert browser.get(f"/api/clips/{gone}/sound").status_code == 410
    assert browser.get("/api/figures").status_code == 403
    assert browser.post("/api/clips/nobody/skip").status_code == 404
    assert browser.post(f"/api/clips/{following[1]}/answer", {"words": "incomplete"}).status_code == 400
    assert browser.post("/api/leave").status_code == 200
    assert browser.post("/api/sign-out").status_code == 200
    assert browser.get("/api/session").status_code == 401


def everybodys_ids(bench: Bench) -> set[str]:
    """Every id there is in the database, but those of clips."""
    found: set[str] = set()
    with bench.house.database.read() as tx:
        for table in metadata.sorted_tables:
            for column in table.columns:
                if column.name == "id" or column.name.endswith("_id"):
                    found |= {each for each in tx.scalars(select(column)) if isinstance(each, str)}
        return found - set(tx.scalars(select(tables.review_clip.c.id)))


def test_the_log_of_each_person_has_every_opening(bench: Bench) -> None:
    browser = bench.signed_in("rita")
    for clip in browser.clips():
        browser.get(f"/api/clips/{clip}/sound")
    opened = [
        entry
        for adult in bench.reviewed.adults
        for entry in bench.house.audit.entries(adult.id)
        if entry.body["action"] == "recording:review"
    ]
    assert len(opened) == 3
    assert {entry.body["actor"]["country"] for entry in opened} == {"PL"}


# --- the door -----------------------------------------------------------------------------------------


def test_all_three_have_to_be_right_and_no_more_is_said(bench: Bench) -> None:
    wrong = [
        bench.browser().sign_in("rita", password="another password"),
        bench.browser().sign_in("rita", code="000000"),
        bench.browser().post(
            "/api/sign-in", {"name": "nobody", "password": PASSWORD, "code": "123456", "purpose": "review"}
        ),
    ]
    assert {answer.status_code for answer in wrong} == {400}
    assert len({answer.text for answer in wrong}) == 1
    assert all("set-cookie" not in answer.headers for answer in wrong)


def test_a_code_opens_once(bench: Bench) -> None:
    code = bench.code(bench.secrets["rita"])
    assert bench.browser().sign_in("rita", code=code).status_code == 200
    assert bench.browser().sign_in("rita", code=code).status_code == 400


def test_the_purpose_has_to_be_the_roles(bench: Bench) -> None:
    assert bench.browser().sign_in("rita", purpose="support").status_code == 400
    assert bench.browser().sign_in("rita", purpose="legal").status_code == 400


def test_too_many_tries_wait(bench: Bench) -> None:
    answers = [bench.browser().sign_in("rita", code=f"00000{n}").status_code for n in range(5)]
    clock_stood = {"name": "rita", "password": PASSWORD, "code": "000000", "purpose": "review"}
    answers += [bench.browser().post("/api/sign-in", clock_stood).status_code for _ in range(8)]
    assert 429 in answers


def test_people_of_a_household_have_no_business_here(bench: Bench) -> None:
    adult = bench.reviewed.adults[0]
    account, link = bench.accounts.add("ada", person_id=adult.id)
    bench.accounts.use_link(link, bench.passwords.hash(PASSWORD))
    secret = bench.codes.new_secret()
    bench.codes.enrol(bench.accounts.get(account.id), secret, bench.code(secret))
    bench.secrets["ada"] = secret
    assert bench.browser().sign_in("ada").status_code == 400


def test_a_suspended_reviewer_is_a_stranger_at_the_next_request(bench: Bench) -> None:
    browser = bench.signed_in("rita")
    (clip, *_) = browser.clips()
    (member,) = [each for each in bench.house.directory.staff.list() if each.role is Role.REVIEWER]
    bench.house.directory.staff.suspend(member.id)
    assert browser.get(f"/api/clips/{clip}/sound").status_code == 401
    assert bench.browser().sign_in("rita").status_code == 400


def test_a_session_that_is_not_used_ends(bench: Bench) -> None:
    browser = bench.signed_in("rita")
    bench.house.clock.advance(HOUR)  # type: ignore[attr-defined] # the virtual one
    assert browser.post("/api/next").status_code == 401


def test_the_cookie_is_for_this_page_alone(bench: Bench) -> None:
    cookie = bench.browser().sign_in("rita").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/api" in cookie


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"X-Workbench": "0"}])
def test_a_foreign_form_changes_nothing(bench: Bench, headers: dict[str, str]) -> None:
    browser = bench.signed_in("rita")
    assert browser.post("/api/next", None, **headers).status_code == 403


def test_another_name_for_this_machine_gets_nothing(bench: Bench) -> None:
    assert Browser(bench, origin="http://evil.example").get("/").status_code == 400


def test_a_body_has_an_end(bench: Bench) -> None:
    browser = bench.signed_in("rita")
    assert browser.post("/api/next", {"x": "y" * 40_000}).status_code == 413


# --- the operator -------------------------------------------------------------------------------------


def test_an_operator_sees_figures_and_hears_nothing(bench: Bench) -> None:
    bench.staff(Role.OPERATOR, "oda")
    reviewer = bench.signed_in("rita")
    (clip, *_) = reviewer.clips()
    words = " ".join(reviewer.get(f"/api/clips/{clip}").json()["heard"])
    answer = {"route": "type", "words": f"{words} too", "wake": "unsure", "spent_ms": 1}
    assert reviewer.post(f"/api/clips/{clip}/answer", answer).status_code == 200
    operator = bench.signed_in("oda", "support")
    figures = operator.get("/api/figures").json()
    assert (figures["all"]["drawn"], figures["all"]["answered"]) == (9, 1)
    picture = operator.get("/api/figures.svg")
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert "<script" not in picture.text
    for path in ("/api/next", f"/api/clips/{clip}/skip"):
        assert operator.post(path).status_code == 403
    assert operator.get(f"/api/clips/{clip}/sound").status_code == 403


def test_an_auditor_has_nothing_to_do_here(bench: Bench) -> None:
    bench.staff(Role.AUDITOR, "aude")
    assert bench.browser().sign_in("aude", purpose="legal").status_code == 400


def test_a_hub_that_is_away_is_said_to_be(bench: Bench) -> None:
    def gone(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no hub")

    app = create_workbench(DeskClient(bench.house.data, httpx.MockTransport(gone)), clock=bench.house.clock)
    answer = Browser(bench, app).get("/api/session")
    assert (answer.status_code, json.loads(answer.content)["error"]) == (503, "DeskAway")
