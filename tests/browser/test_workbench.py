"""The workbench in Chromium: all of it on the keyboard, nothing for axe to find, and a hub that goes and comes back."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pyotp
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from earwitness.bootstrap import House
from earwitness.kernel.actors import Role
from earwitness.kernel.clock import MINUTE
from earwitness.policy.purposes import Purpose
from earwitness.storage.schema.review import review_annotation, review_clip, review_escalation
from earwitness.testing.browsing import DESK, PASSWORD, PHONE, cheap_passwords, shoot
from earwitness.testing.review import ReviewHouse
from earwitness.web.front import Front
from earwitness.web.listening import listen
from earwitness.web.sign_in.codes import Codes
from earwitness.web.workbench.app import create_workbench
from earwitness.web.workbench.desk_app import create_desk_app
from earwitness.web.workbench.desk_client import DeskClient
from earwitness.web.workbench.desk_socket import desk_socket, serving_desk
from earwitness.web.workbench.door import StaffDoor

PICTURES = "EARWITNESS_PICTURES"
CLIPS = 9


@dataclass
class RunningWorkbench:
    """A house with a workbench before it; the hub's side of the socket can be taken away and put back."""

    reviewed: ReviewHouse
    front: Front
    url: str
    held: ExitStack
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def house(self) -> House:
        return self.reviewed.house

    def hub_comes(self) -> None:
        door = StaffDoor(
            self.front.rooms.accounts,
            self.front.doors.sessions,
            self.front.passwords,
            self.front.codes,
            self.front.tries,
            self.house.directory.staff,
            self.house.clock,
        )
        review = self.house.review
        app = create_desk_app(review.desk, review.counting, door, lambda: ("HassTurnOff", "HassTurnOn"))
        self.held.enter_context(serving_desk(app, desk_socket(self.house.data)))

    def hub_goes(self) -> None:
        self.held.close()

    def staff(self, role: Role, name: str) -> None:
        member = self.house.directory.staff.register(role, "contractor", "PL")
        account, link = self.house.accounts.add(name, staff_id=member.id)
        self.house.accounts.use_link(link, self.front.passwords.hash(PASSWORD))
        codes = Codes(self.house.database, self.house.keyring, self.house.clock)
        self.secrets[name] = codes.new_secret()
        codes.enrol(self.house.accounts.get(account.id), self.secrets[name], self.code(name))

    def code(self, name: str) -> str:
        self.house.clock.advance(MINUTE)  # type: ignore[attr-defined] # the virtual one; a code is taken once
        return pyotp.TOTP(self.secrets[name]).at(self.house.clock.now_ms() // 1000)

    def answers(self) -> list[tuple[str, int, bool | None, str]]:
        with self.house.database.read() as tx:
            rows = tx.execute(select(review_annotation).order_by(review_annotation.c.at)).all()
        return [(row.route, row.errors, row.intent_right, row.wake) for row in rows]

    def states(self) -> list[str]:
        with self.house.database.read() as tx:
            found = [row.reason or row.state for row in tx.execute(select(review_clip))]
        return sorted(each for each in found if each not in {"ready", "leased"})


@pytest.fixture
def workbench(small_house: House) -> Iterator[RunningWorkbench]:
    reviewed = ReviewHouse(small_house)
    for _ in range(CLIPS):
        reviewed.keep(reviewed.adult())
    assert reviewed.drawn_and_copied() == CLIPS
    listening = listen("localhost", 0)
    app = create_workbench(DeskClient(desk_socket(small_house.data)), clock=small_house.clock)
    server = uvicorn.Server(uvicorn.Config(app, lifespan="on", log_config=None, access_log=False, server_header=False))
    thread = threading.Thread(target=server.run, args=(list(listening.sockets),), name="workbench under test")
    thread.start()
    with ExitStack() as held:
        front = Front.of(small_house, passwords=cheap_passwords())
        made = RunningWorkbench(reviewed, front, listening.url, held)
        made.staff(Role.REVIEWER, "rita")
        made.staff(Role.OPERATOR, "oda")
        made.hub_comes()
        yield made
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture
def page(workbench: RunningWorkbench, profile: Callable[[], BrowserContext]) -> Iterator[Page]:
    """A reviewer's page, signed in from the keyboard; whatever a script does wrong fails the test."""
    opened, troubles = profile().new_page(), list[str]()
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("console", lambda said: troubles.append(said.text) if "Content Security" in said.text else None)
    sign_in(opened, workbench, "rita")
    yield opened
    assert troubles == []


def sign_in(page: Page, workbench: RunningWorkbench, name: str, purpose: str = "review") -> None:
    page.goto(workbench.url)
    for field_name, value in (("name", name), ("password", PASSWORD), ("code", workbench.code(name))):
        page.locator(f"[name={field_name}]").fill(value)
    page.locator("[name=purpose]").select_option(purpose)
    page.get_by_role("button", name="Sign in").focus()
    page.keyboard.press("Enter")
    page.locator("#bench:not([hidden]), #figures:not([hidden])").wait_for()


def next_clip(page: Page, done: int) -> None:
    """Wait until so many clips are done and another is there."""
    expect(page.locator("#standing")).to_contain_text(f"{done} done")


def barriers(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found]


def test_a_reviewer_needs_no_mouse(page: Page, workbench: RunningWorkbench) -> None:
    expect(page.locator("#words")).to_have_text("turn on the light")
    page.keyboard.press("Enter")  # as it is
    next_clip(page, 1)
    page.keyboard.press("e")
    expect(page.locator("#text")).to_have_value("turn on the light")
    page.keyboard.press("End")
    page.keyboard.type("s")
    page.keyboard.press("Enter")
    next_clip(page, 2)
    page.keyboard.press("i")
    page.keyboard.press("w")
    page.keyboard.press("t")
    expect(page.locator("#words")).to_be_hidden()
    page.keyboard.type("something else")
    page.keyboard.press("Enter")
    next_clip(page, 3)
    page.keyboard.press("s")
    next_clip(page, 4)
    page.keyboard.press("x")
    expect(page.locator("#escalate-dialog")).to_be_visible()
    page.keyboard.press("1")
    next_clip(page, 5)
    page.keyboard.press("g")
    expect(page.locator("#withdraw-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#withdraw-dialog")).to_be_hidden()
    page.keyboard.press("g")
    expect(page.locator("#withdraw-dialog")).to_be_visible()
    page.keyboard.press("c")
    next_clip(page, 6)
    assert [each[:2] for each in workbench.answers()] == [("verify", 0), ("edit", 1), ("type", 4)]
    assert workbench.answers()[2][3] == "no"
    assert workbench.states() == ["child", "danger", "done", "done", "done", "skipped"]
    with workbench.house.database.read() as tx:
        assert [row.queue for row in tx.execute(select(review_escalation))] == ["danger"]


def test_what_was_typed_outlives_the_hub(page: Page, workbench: RunningWorkbench) -> None:
    workbench.hub_goes()
    page.keyboard.press("t")
    page.keyboard.type("turn off the light")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("does not answer")
    workbench.hub_comes()
    next_clip(page, 1)
    assert workbench.answers() == [("type", 1, None, "yes")]
    expect(page.locator("#notice")).to_be_hidden()


def test_a_clip_that_is_gone_gives_way_to_the_next(page: Page, workbench: RunningWorkbench) -> None:
    for adult in workbench.reviewed.adults[:4]:
        workbench.reviewed.say_no(adult, Purpose.REVIEW)
    page.keyboard.press("Enter")
    expect(page.locator("#bench, #nothing").locator("visible=true")).to_have_count(1)
    assert len(workbench.answers()) <= 1


def test_nothing_left_says_why(page: Page, workbench: RunningWorkbench) -> None:
    for done in range(1, CLIPS + 1):
        page.keyboard.press("Enter")
        next_clip(page, done)
    expect(page.get_by_role("heading", name="Nothing to review")).to_be_visible()
    assert len(workbench.answers()) == CLIPS
    assert barriers(page) == []


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (DESK, "dark"), (PHONE, "light")])
def test_there_are_no_barriers(page: Page, size: dict[str, int], scheme: str) -> None:
    page.set_viewport_size(size)  # type: ignore[arg-type] # the sizes are what it wants
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] # likewise
    assert barriers(page) == []
    for key, dialog in (("x", "#escalate-dialog"), ("g", "#withdraw-dialog"), ("?", "#help")):
        page.keyboard.press(key)
        expect(page.locator(dialog)).to_be_visible()
        assert barriers(page) == []
        page.keyboard.press("Escape")
        expect(page.locator(dialog)).to_be_hidden()
    page.keyboard.press("e")
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_door_and_the_figures_have_none_either(
    workbench: RunningWorkbench, profile: Callable[[], BrowserContext]
) -> None:
    page = profile().new_page()
    page.goto(workbench.url)
    expect(page.locator("#door")).to_be_visible()
    assert barriers(page) == []
    sign_in(page, workbench, "oda", "support")
    expect(page.locator("#plot")).to_be_visible()
    assert page.evaluate("document.getElementById('plot').decode().then(() => true)")
    assert barriers(page) == []


@pytest.mark.skipif(PICTURES not in os.environ, reason=f"{PICTURES} names no folder for pictures")
def test_pictures(page: Page) -> None:
    folder = Path(os.environ[PICTURES])
    expect(page.locator("#clock")).to_contain_text("of")
    shoot(page, folder, "workbench")
