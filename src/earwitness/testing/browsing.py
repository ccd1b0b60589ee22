"""A hub on a free port of this machine and a real browser to look at it with.

The browser is the system's Chromium, driven by Playwright; it is given no network but this machine. Whoever signs in
here has a cheap password hash, so that tests do not wait for argon2id at its real price.
"""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import uvicorn
from argon2 import PasswordHasher
from playwright.sync_api import Browser, Page, Playwright, expect

from earwitness.bootstrap import House
from earwitness.web.front import Front
from earwitness.web.hub import create_app
from earwitness.web.listening import Listening, listen
from earwitness.web.sign_in.accounts import Account
from earwitness.web.sign_in.passwords import Passwords

PASSWORD = "quiet lamp under nine rivers"  # noqa: S105 - made up, for tests
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--autoplay-policy=user-gesture-required",
)
SOON_MS = 10_000


def cheap_passwords() -> Passwords:
    """Return argon2id at the lowest price there is."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass(frozen=True, slots=True)
class RunningHub:
    """A house that is being served."""

    house: House
    front: Front
    listening: Listening

    @property
    def url(self) -> str:
        """Where it is: ``http://localhost:…``."""
        return self.listening.url

    def account(self, name: str, person: str) -> Account:
        """Make an account with a password for a person."""
        made, link = self.house.accounts.add(name, person_id=person)
        return self.house.accounts.use_link(link, self.front.passwords.hash(PASSWORD)) if made else made


class HasAddress(Protocol):
    """A hub that can be opened, in this process or another."""

    @property
    def url(self) -> str:
        """Where it is."""
        ...


@contextmanager
def serving(house: House) -> Iterator[RunningHub]:
    """Serve a house from a thread of its own while the block lasts."""
    front = Front.of(house, passwords=cheap_passwords())
    listening = listen("localhost", 0)
    app = create_app(house, clock=house.clock, front=front)
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, server_header=False))
    thread = threading.Thread(target=server.run, args=(list(listening.sockets),), name="hub under test")
    thread.start()
    try:
        yield RunningHub(house, front, listening)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def launch(playwright: Playwright, *arguments: str) -> Browser:
    """Start the system's Chromium, with more arguments of its own if need be.

    Raises:
        LookupError: there is none.
    """
    path = os.environ.get("EARWITNESS_TEST_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise LookupError("There is no Chromium here; scripts/debian-packages installs it.")
    return playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *arguments])


def sign_in(page: Page, hub: HasAddress, name: str, password: str = PASSWORD) -> None:
    """Sign in with name and password."""
    page.goto(f"{hub.url}/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url or "/code" in url, timeout=SOON_MS)


def become_device(page: Page, hub: HasAddress) -> None:
    """Open the page that listens, whose browser becomes a device of whoever is signed in."""
    page.goto(f"{hub.url}/listen")
    make = page.get_by_role("button", name="Make it a device of mine")
    if make.count():
        page.get_by_label("What is it called?").fill("desk")
        make.click()


def expect_state(page: Page, word: str) -> None:
    """Hold the page that listens to what it says of its microphone."""
    expect(page.locator(".stands strong")).to_have_text(word)


def turn_on(page: Page, word: str = "Ready") -> None:
    """Connect, however long that takes; then open the microphone again, because its file begins at each opening."""
    page.get_by_role("button", name="Turn the microphone on").click()
    expect_state(page, word)
    open_again(page, word)


def open_again(page: Page, word: str = "Ready") -> None:
    """Open the microphone again: its file begins anew."""
    page.get_by_role("button", name="Mute", exact=True).click()
    expect_state(page, "Muted")
    page.get_by_role("button", name="Unmute").click()
    expect_state(page, word)


def sign_in_to_review(page: Page, url: str, **fields: str) -> None:
    """Sign in at the workbench from the keyboard: ``name``, ``password`` and ``code``."""
    page.goto(url)
    for name, value in fields.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Sign in").focus()
    page.keyboard.press("Enter")


def shoot(page: Page, folder: Path | None, name: str) -> None:
    """Take a picture of the whole page at both widths; none where there is no folder for it."""
    if folder is None:
        return
    for label, size in (("phone", PHONE), ("desk", DESK)):
        page.set_viewport_size(size)  # type: ignore[arg-type] # the sizes are what it wants
        page.screenshot(path=folder / f"{name}-{label}.png", full_page=True)
