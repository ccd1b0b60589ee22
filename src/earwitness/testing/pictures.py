"""Take the pictures of the README anew: ``scripts/pictures [FOLDER]``, docs/pictures if no folder is named.

Synthetic people speak to a real installation in a temporary folder, by espeak-ng's voices; then its programs run, and a
real Chromium signs in as one of them: talks, looks, lets a reviewer hear a clip, sees who did, deletes. Nothing is
drawn by hand, and nothing but this machine is reached.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import pyotp
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import select

from earwitness.bootstrap import House, create_house, open_house
from earwitness.bootstrap.listening import listening
from earwitness.bootstrap.sample import give_sample_home
from earwitness.demo.clock import DayClock
from earwitness.demo.day import Household, live, move_in
from earwitness.demo.scenes import spoken_day
from earwitness.demo.thread.reviewing import Staff, hire
from earwitness.kernel.actors import Role
from earwitness.kernel.clock import DAY
from earwitness.policy.purposes import Purpose
from earwitness.storage.schema.review import review_clip
from earwitness.testing.aloud import said
from earwitness.testing.browsing import (
    DESK,
    PASSWORD,
    PHONE,
    become_device,
    cheap_passwords,
    expect_state,
    launch,
    sign_in,
    sign_in_to_review,
    turn_on,
)
from earwitness.testing.hub_program import HubProgram, microphone
from earwitness.testing.waiting import wait_until

SPOKEN = "what is the time"
PATIENCE_MS = 60_000


async def _speak(house: House, clock: DayClock) -> Household:
    household = await asyncio.to_thread(move_in, house)
    async with listening(house) as loop:
        scenes = [each for each in spoken_day() if "delete" not in each.caption]
        async for happened in live(loop, household, clock, scenes, pace=False):
            del happened  # the pages show what came of it
    return household


def _prepare(data: Path) -> Staff:
    """Play the day; give one of its people an account, and hire somebody who reviews."""
    clock = DayClock((int(time.time() * 1000) // DAY - 1) * DAY)
    create_house(data, clock=clock)
    give_sample_home(data)
    with open_house(data, clock=clock) as house:
        tom = asyncio.run(_speak(house, clock)).tom
    with open_house(data) as house:
        with house.database.write() as tx:
            house.consents.record(tx, tom.actor(), tom.id, Purpose.REVIEW)
        _, link = house.accounts.add("tom", person_id=tom.id)
        house.accounts.use_link(link, cheap_passwords().hash(PASSWORD))
        return hire(house, Role.REVIEWER, "rita")


def _talk(page: Page, hub: HubProgram, folder: Path) -> None:
    become_device(page, hub)
    turn_on(page)
    page.get_by_role("button", name="Press to talk").click()
    expect(page.locator(".turn .kept")).to_be_visible()
    expect_state(page, "Ready")
    _shoot(page, folder, "listen")


def _look(page: Page, hub: HubProgram, folder: Path) -> None:
    page.goto(f"{hub.url}/history")
    page.get_by_role("link", name="The household").click()
    _shoot(page, folder, "history")
    page.locator("main a.words", has_text="turn on the").first.click()
    _shoot(page, folder, "recording", "#why")


def _review(browser: Browser, hub: HubProgram, rita: Staff, folder: Path) -> None:
    hub.command("review", "draw", "50", "--without-witness")
    with open_house(hub.data) as house:
        wait_until(lambda: _states(house).isdisjoint({"drawn", "copying"}))
    page = browser.new_context().new_page()
    code = pyotp.TOTP(rita.secret).now()
    sign_in_to_review(page, hub.workbench(), name=rita.name, password=rita.password, code=code)
    expect(page.locator("#clock")).to_contain_text("of")
    _shoot(page, folder, "workbench")


def _states(house: House) -> set[str]:
    with house.database.read() as tx:
        return set(tx.scalars(select(review_clip.c.state)))


def _see_and_delete(page: Page, hub: HubProgram, folder: Path) -> None:
    page.goto(f"{hub.url}/who")
    page.get_by_role("link", name="Not by you").click()
    expect(page.locator(".verdict.held")).to_be_visible()
    _shoot(page, folder, "who")
    page.locator(".entry.staff").first.get_by_role("link", name="open").click()
    page.get_by_text("Delete this recording").click()
    page.get_by_role("button", name="Delete it for good").click()
    expect(page.locator(".receipt .proof")).to_contain_text("Checked in this browser")
    _shoot(page, folder, "receipt")


def _shoot(page: Page, folder: Path, name: str, at: str = "h1") -> None:
    """Take a picture at both widths, scrolled to what ``at`` selects; at the top where that is the heading."""
    for label, size in (("phone", PHONE), ("desk", DESK)):
        page.set_viewport_size(size)  # type: ignore[arg-type] # the sizes are what it wants
        page.wait_for_load_state("networkidle")
        page.evaluate("(at) => at === 'h1' ? scrollTo(0, 0) : document.querySelector(at).scrollIntoView()", at)
        page.screenshot(path=folder / f"{name}-{label}.png")


def _take(hub: HubProgram, rita: Staff, scratch: Path, folder: Path) -> None:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = launch(playwright, *microphone(scratch / "microphone.wav", said(SPOKEN)))
        page = browser.new_context(permissions=["microphone"]).new_page()
        sign_in(page, hub, "tom")
        _talk(page, hub, folder)
        _look(page, hub, folder)
        _review(browser, hub, rita, folder)
        _see_and_delete(page, hub, folder)
        browser.close()


def main() -> None:
    """Take them."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="earwitness-pictures-") as place:
        scratch = Path(place)
        hub = HubProgram(scratch / "data", scratch / "log", reviewed=True)
        rita = _prepare(hub.data)
        hub.start()
        try:
            _take(hub, rita, scratch, folder)
        finally:
            hub.stop()


if __name__ == "__main__":
    main()
