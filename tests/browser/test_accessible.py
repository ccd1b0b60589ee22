"""axe-core finds nothing on any page, on a desk in the light and on a phone in the dark; and nothing is too wide."""

import json
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from earwitness.policy.purposes import Purpose
from earwitness.testing.browsing import DESK, PASSWORD, PHONE, RunningHub
from earwitness.testing.canary import REPLY, TRANSCRIPT, canary
from earwitness.testing.house import Family
from earwitness.vault.effects import Effect

STEP = {"step": "recognition", "said": "I heard that.", "score": 0.8, "took_ms": 9}
TRACE = json.dumps([STEP | {"alternatives": [{"said": "something else", "score": 0.1}]}]).encode()
TEXTS = {"transcript": TRANSCRIPT.encode(), "reply": REPLY.encode(), "trace": TRACE}


@pytest.fixture
def pages(small_family: Family) -> dict[str, str]:
    """Every page there is, with something on it."""
    family, house = small_family, small_family.house
    kept = family.keep(family.ada, artefacts=TEXTS).recording
    family.keep(family.ada, device=family.shared_device(), artefacts=TEXTS)
    family.say_yes(family.ada, Purpose.HISTORY, toward=family.ben.id)
    gone = family.keep(family.ada).recording
    with house.database.write() as tx:
        for recording in (kept, gone):
            caused = Effect("", recording, family.ada.id, "other", family.clock.now_ms(), canary("thing"), {})
            house.effects.record(tx, caused)
    receipt = family.erase(family.ada, gone).receipt.id
    return {
        "listen": "/listen",
        "history": "/history",
        "shared": "/history?of=home",
        "recording": f"/recordings/{kept}",
        "who": "/who",
        "others": "/who?show=others",
        "choices": "/choices",
        "account": "/account",
        "receipts": "/receipts",
        "receipt": f"/receipts/{receipt}?done=deleted",
        "leave": "/leave",
        "export": "/export",
        "promises": "/promises",
        "notice": "/notice",
        "absent": "/recordings/rec_none",
    }


def barriers(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found]


def test_a_barrier_would_be_found(page: Page) -> None:
    page.evaluate(
        "document.querySelector('main').append(document.createElement('img'), document.createElement('input'))"
    )
    assert {each.partition(":")[0] for each in barriers(page)} >= {"image-alt", "label"}


def look(page: Page, address: str) -> list[str]:
    """Open an address at both widths and in both schemes; return what is wrong with it."""
    wrong: list[str] = []
    for size, scheme in ((DESK, "light"), (PHONE, "dark")):
        page.set_viewport_size(size)  # type: ignore[arg-type] # the sizes are what it wants
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type] # both are schemes
        page.goto(address)
        for each in page.locator("details").all():
            each.evaluate("(each) => { each.open = true; }")
        if page.locator(".verdict").count():
            page.wait_for_selector(".verdict.held")
        wrong += [f"{size['width']} {scheme} {each}" for each in barriers(page)]
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > size["width"]:
            wrong.append(f"{wide} pixels wide on {size['width']}")
    return wrong


def test_nothing_stands_in_anybodys_way(pages: dict[str, str], page: Page, hub: RunningHub) -> None:
    wrong = {name: found for name, path in pages.items() if (found := look(page, hub.url + path))}
    assert wrong == {}


def test_nothing_stands_in_the_way_before_signing_in(
    hub: RunningHub, small_family: Family, profile: Callable[[], object]
) -> None:
    page = profile().new_page()  # type: ignore[attr-defined] # a BrowserContext
    link = hub.house.accounts.reset(hub.house.accounts.of(person_id=small_family.ben.id).id)
    paths = ("/", "/sign-in", "/sign-in?notice=out", f"/welcome/{link}", "/notice", "/nothing")
    wrong = {path: found for path in paths if (found := look(page, hub.url + path))}
    assert wrong == {}


def test_nothing_stands_in_the_way_of_codes(page: Page, hub: RunningHub) -> None:
    page.goto(f"{hub.url}/account")
    card = page.locator(".card").filter(has=page.get_by_role("heading", name="One-time codes"))
    card.get_by_text("Set up").click()
    card.get_by_label("Your password").fill(PASSWORD)
    card.get_by_role("button", name="Go on").click()
    page.wait_for_selector(".qr")
    assert barriers(page) == []


def test_the_keyboard_reaches_everything_in_order(pages: dict[str, str], page: Page, hub: RunningHub) -> None:
    page.goto(hub.url + pages["history"])
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.ariaLabel"))
    assert reached[0] == "Skip to the content"
    assert "History" in reached
    assert any(str(each).startswith("Play") for each in reached)
