"""What a person does on the pages, in a real browser: listen, see why, correct, delete, and prove who listened."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from earwitness.policy.purposes import Purpose
from earwitness.testing.browsing import RunningHub, sign_in
from earwitness.testing.canary import REPLY, TRANSCRIPT
from earwitness.testing.house import Family
from earwitness.vault.effects import Effect

TRACE = [{"step": "recognition", "said": "I heard that.", "score": 0.83, "took_ms": 201.0}]
TEXTS = {"transcript": TRANSCRIPT.encode(), "reply": REPLY.encode(), "trace": json.dumps(TRACE).encode()}


@pytest.fixture
def recording(small_family: Family) -> str:
    kept = small_family.keep(small_family.ada, artefacts=TEXTS).recording
    with small_family.house.database.write() as tx:
        caused = Effect("", kept, small_family.ada.id, "other", small_family.clock.now_ms(), "a reminder at seven", {})
        small_family.house.effects.record(tx, caused)
    return kept


def plays(family: Family) -> int:
    entries = family.house.audit.entries(family.ada.id)
    return sum(each.body["action"] == "recording:play" for each in entries)


def test_listen_why_correct_delete_receipt(recording: str, page: Page, hub: RunningHub, small_family: Family) -> None:
    page.goto(f"{hub.url}/history")
    line = page.get_by_role("listitem").filter(has_text=TRANSCRIPT)
    expect(line).to_contain_text("a reminder at seven")
    assert plays(small_family) == 0
    line.get_by_role("button", name="Play").click()
    expect(line.get_by_role("slider")).to_be_visible()
    expect(line.locator(".wave.heard rect")).to_have_count(120)
    assert plays(small_family) == 1  # sound, ranges and picture are one listening

    line.get_by_role("link", name=TRANSCRIPT).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TRANSCRIPT)
    expect(page.locator(".chain")).to_contain_text("83 % sure")

    page.get_by_label("That is not what I said").check()
    page.get_by_label("What did you say?").fill("feed the bird at seven")
    page.get_by_role("button", name="Put it right").click()
    expect(page.get_by_text("You said:")).to_contain_text("feed the bird at seven")

    page.get_by_text("Delete this recording").click()
    page.get_by_role("button", name="Delete it for good").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Deleted")
    expect(page.locator(".receipt .proof")).to_contain_text("Checked in this browser")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the receipt").click()
    assert download.value.path().read_text().startswith("c2sp.org/tlog-proof@v1")
    page.goto(f"{hub.url}/recordings/{recording}")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")


def test_a_deleted_recording_stops_playing(recording: str, page: Page, hub: RunningHub, small_family: Family) -> None:
    page.goto(f"{hub.url}/recordings/{recording}")
    small_family.erase(small_family.ada, recording)
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("alert")).to_have_text("It cannot be opened any more.")


def test_every_entry_is_proved_in_the_browser(recording: str, page: Page, hub: RunningHub) -> None:
    assert recording
    page.goto(f"{hub.url}/who")
    expect(page.locator(".verdict")).to_contain_text("none is missing between them")
    rows = page.locator(".entry").count()
    assert rows > 3
    expect(page.locator(".entry .pill.held")).to_have_count(rows)


def test_a_listening_by_somebody_else_is_told_while_one_looks(
    recording: str, page: Page, hub: RunningHub, small_family: Family, profile: Callable[[], BrowserContext]
) -> None:
    small_family.say_yes(small_family.ada, Purpose.HISTORY, toward=small_family.ben.id)
    page.goto(f"{hub.url}/who")
    expect(page.locator(".verdict")).to_contain_text("Checked in this browser")
    other = profile().new_page()
    sign_in(other, hub, "ben")
    other.goto(f"{hub.url}/recordings/{recording}")
    other.get_by_role("button", name="Play").click()
    expect(other.locator(".wave.heard")).to_be_visible()
    page.get_by_role("link", name="2 new entries: show them").click(timeout=15_000)
    expect(page.locator(".entry.home").first).to_contain_text("played a recording")
    expect(page.locator(".verdict")).to_contain_text("The log has only grown since this browser last saw it")


def altered(page: Page, change: Callable[[str], str]) -> None:
    """Let the page arrive changed, as a hub that lies would send it."""

    def lie(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=change(answer.text()))

    page.route("**/who", lie)


def without_one_entry(text: str) -> str:
    """Leave the second entry out, as if it had never been."""
    start = text.index('<li class="entry', text.index('<li class="entry') + 1)
    return text[:start] + text[text.index("</li>", start) + len("</li>") :]


LIES: dict[str, tuple[Callable[[str], str], str]] = {
    "another actor": (
        lambda text: text.replace("&#34;role&#34;:&#34;owner&#34;", "&#34;role&#34;:&#34;member&#34;", 1),
        "another root",
    ),
    "an entry left out": (without_one_entry, "an entry is missing"),
    "another time": (lambda text: text.replace('datetime="2026', 'datetime="2025', 1), "another time"),
    "another checkpoint": (
        lambda text: text.replace("earwitness.local/inst_small\n", "earwitness.local/inst_small\n1", 1),
        "signature",
    ),
    "no signature": (lambda text: text.replace("— earwitness.local", "- earwitness.local", 1), "not signed"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_hub_that_lies_is_found_out(lie: str, recording: str, page: Page, hub: RunningHub) -> None:
    assert recording
    change, why = LIES[lie]
    altered(page, change)
    page.goto(f"{hub.url}/who")
    expect(page.locator(".verdict.broken")).to_contain_text("This list does not hold")
    expect(page.locator(".verdict.broken")).to_contain_text(why)


def test_a_log_that_forgets_what_this_browser_saw_is_found_out(recording: str, page: Page, hub: RunningHub) -> None:
    assert recording
    page.goto(f"{hub.url}/who")
    expect(page.locator(".verdict.held")).to_be_visible()
    page.evaluate(
        """() => { const place = Object.keys(localStorage)[0]; const seen = JSON.parse(localStorage[place]);
                   localStorage[place] = JSON.stringify({...seen, root: '00'.repeat(32)}); }"""
    )
    page.reload()
    expect(page.locator(".verdict.broken")).to_contain_text("rewritten")


def test_choices_are_made_with_switches(page: Page, hub: RunningHub, small_family: Family) -> None:
    page.goto(f"{hub.url}/choices")
    switch = page.get_by_role("switch", name="Let reviewers hear a few")
    expect(switch).not_to_be_checked()
    switch.click()
    expect(page.get_by_role("switch", name="Let reviewers hear a few")).to_be_checked()
    with small_family.house.database.read() as tx:
        assert small_family.house.consents.is_given(tx, small_family.ada.id, Purpose.REVIEW)


def test_without_scripts_everything_still_works(recording: str, hub: RunningHub, chromium: object) -> None:
    context = chromium.new_context(java_script_enabled=False)  # type: ignore[attr-defined] # a Browser
    page = context.new_page()
    sign_in(page, hub, "ada")
    page.goto(f"{hub.url}/recordings/{recording}")
    assert page.locator("audio").get_attribute("src") == f"/recordings/{recording}/sound"
    page.get_by_text("Delete this recording").click()
    page.get_by_role("button", name="Delete it for good").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Deleted")
    context.close()
