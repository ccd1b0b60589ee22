"""A real Chromium in front of a real hub. Playwright's loop ends with these tests, so that others may run their own."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from earwitness.testing.browsing import DESK, RunningHub, launch, serving, sign_in
from earwitness.testing.house import Family

PICTURES = "EARWITNESS_PICTURES"
"""Names a folder for pictures of the pages; none are taken without it."""


PATIENCE_MS = 30_000
"""How long a page may take to show what is expected; Playwright's own five seconds are short for a busy machine."""


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The system's Chromium; a missing one fails the run, it never skips it."""
    browser = launch(playwright)
    yield browser
    browser.close()


@pytest.fixture
def hub(small_family: Family) -> Iterator[RunningHub]:
    """A hub with a family; Ada signs in as "ada", Ben as "ben"."""
    with serving(small_family.house) as running:
        running.account("ada", small_family.ada.id)
        running.account("ben", small_family.ben.id)
        yield running


@pytest.fixture
def profile(chromium: Browser) -> Iterator[Callable[[], BrowserContext]]:
    """Make browser profiles that know nothing of each other."""
    made: list[BrowserContext] = []

    def go() -> BrowserContext:
        made.append(chromium.new_context(viewport=DESK))
        return made[-1]

    yield go
    for each in made:
        each.close()


@pytest.fixture
def page(hub: RunningHub, profile: Callable[[], BrowserContext]) -> Iterator[Page]:
    """Ada's page, signed in; whatever a script does wrong fails the test."""
    opened, troubles = profile().new_page(), list[str]()
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("console", lambda said: troubles.append(said.text) if "Content Security" in said.text else None)
    sign_in(opened, hub, "ada")
    yield opened
    assert troubles == []


@pytest.fixture
def pictures() -> Path | None:
    """Where pictures go, if they are wanted."""
    if PICTURES not in os.environ:
        return None
    folder = Path(os.environ[PICTURES])
    folder.mkdir(parents=True, exist_ok=True)
    return folder
