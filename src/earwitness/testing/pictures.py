"""Take the pictures of the README anew: ``scripts/pictures [FOLDER]``, docs/pictures if no folder is named.

Synthetic people speak to a real installation in a temporary folder, by espeak-ng's voices; then a real Chromium signs
in as one of them and looks. Nothing is drawn by hand, and nothing but this machine is reached.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from earwitness.bootstrap import House, create_house, open_house
from earwitness.bootstrap.listening import listening
from earwitness.bootstrap.sample import give_sample_home
from earwitness.demo.clock import DayClock
from earwitness.demo.day import Household, live, move_in
from earwitness.demo.scenes import spoken_day
from earwitness.kernel.clock import DAY
from earwitness.testing.browsing import DESK, PHONE, launch, serving, sign_in

PAGES = {"history": "/history", "who": "/who"}


async def _speak(house: House, clock: DayClock) -> Household:
    household = await asyncio.to_thread(move_in, house)
    async with listening(house) as loop:
        scenes = [each for each in spoken_day() if "delete" not in each.caption]
        async for happened in live(loop, household, clock, scenes, pace=False):
            del happened  # the pages show what came of it
    return household


def _look(page: Page, url: str, folder: Path) -> None:
    for name, path in PAGES.items():
        page.goto(url + path)
        if name == "history":
            page.get_by_role("link", name="The household").click()
        _shoot(page, folder, name)
    page.goto(f"{url}/history")
    page.get_by_role("link", name="The household").click()
    page.locator("main a.words", has_text="turn on the").first.click()
    _shoot(page, folder, "recording")


def _shoot(page: Page, folder: Path, name: str) -> None:
    for label, size in (("phone", PHONE), ("desk", DESK)):
        page.set_viewport_size(size)  # type: ignore[arg-type] # the sizes are what it wants
        page.wait_for_load_state("networkidle")
        page.screenshot(path=folder / f"{name}-{label}.png")


def main() -> None:
    """Take them."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="earwitness-pictures-") as scratch:
        data = Path(scratch) / "data"
        clock = DayClock((int(time.time() * 1000) // DAY - 1) * DAY)
        create_house(data, clock=clock)
        give_sample_home(data)
        with open_house(data, clock=clock) as house:
            household = asyncio.run(_speak(house, clock))
            house.log.publish()
            with serving(house) as hub, sync_playwright() as playwright:
                hub.account("tom", household.tom.id)
                browser = launch(playwright)
                page = browser.new_context().new_page()
                sign_in(page, hub, "tom")
                _look(page, hub.url, folder)
                browser.close()


if __name__ == "__main__":
    main()
