"""Talking to a running hub from a browser whose microphone is a file: pressed, by wake word, refused, and cut off."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright, expect

from earwitness.kernel.audio import read_clip
from earwitness.testing.aloud import said
from earwitness.testing.browsing import DESK, PHONE, RunningHub, become_device, launch, shoot, sign_in
from earwitness.testing.browsing import expect_state as state
from earwitness.testing.browsing import turn_on as start
from earwitness.testing.hub_program import LEAD, NO_MICROPHONE, HubProgram, microphone
from earwitness.testing.runlog import RunLog

EVAL = Path(__file__).parents[2].parent / "shared" / "eval"
SOON = 20_000  # ms; the machine may be busy
REAL = EVAL / "commands_home_real" / "what_time_is_it.flac"
QUESTION = "what time is it" if REAL.is_file() else "what is the time"

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory, run_log: RunLog) -> Iterator[HubProgram]:
    hub = HubProgram(tmp_path_factory.mktemp("talking") / "data", run_log.file("hub-talking"))
    hub.make()
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def opened(playwright: Playwright, talking: HubProgram, tmp_path: Path) -> Iterator[Open]:
    """Open the page in a browser that hears this; whatever a script does wrong fails the test."""
    browsers: list[Browser] = []
    troubles: list[str] = []

    def go(*spoken: bytes, allowed: bool = True, lead: float = LEAD, at: RunningHub | None = None) -> Page:
        hub = at or talking
        arguments = microphone(tmp_path / "microphone.wav", *spoken, lead=lead) if spoken else NO_MICROPHONE
        browsers.append(launch(playwright, *arguments))
        context = browsers[-1].new_context(viewport=DESK, permissions=["microphone"] if allowed else [])
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda told: troubles.append(told.text) if "Content Security" in told.text else None)
        sign_in(page, hub, "ada")
        become_device(page, hub)
        return page

    yield go
    for each in browsers:
        each.close()
    assert troubles == []


def question() -> bytes:
    """A person's recording of it; where those are not here the synthetic voice, which is understood less surely."""
    return read_clip(REAL).pcm if REAL.is_file() else said(QUESTION)


def test_press_and_talk_and_find_it_in_the_history(opened: Open, talking: HubProgram, pictures: Path | None) -> None:
    page = opened(question())
    shoot(page, pictures, "listen-off")
    start(page)
    page.get_by_role("button", name="Press to talk").click()
    state(page, "Listening")
    state(page, "Speaking")
    turn = page.locator(".turn").first
    expect(turn.locator("q")).to_have_text(QUESTION)
    expect(turn.locator(".back-said")).to_contain_text("It is")
    answer = turn.locator(".back-said").inner_text().removeprefix("Answer:").strip()
    state(page, "Ready")
    turn.get_by_role("link", name="Kept").wait_for(timeout=SOON)
    shoot(page, pictures, "listen-said")
    turn.get_by_role("link", name="Kept").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(QUESTION)
    page.goto(f"{talking.url}/history")
    expect(page.locator(".line").first).to_contain_text(answer)


def test_the_space_bar_is_held_while_one_speaks(opened: Open) -> None:
    page = opened(question(), lead=1.0)
    start(page)
    page.locator("h1").click()
    page.keyboard.down("Space")
    state(page, "Listening")
    page.wait_for_timeout(3_000)  # as long as the words last
    page.keyboard.up("Space")
    expect(page.locator(".turn q").first).to_have_text(QUESTION, timeout=SOON)
    page.keyboard.press("Escape")
    state(page, "Ready")


@pytest.mark.skipif(not EVAL.is_dir(), reason="the recordings to measure with (../shared/eval) are not here")
def test_a_wake_word_and_what_it_costs_is_said_in_words(
    opened: Open, talking: HubProgram, pictures: Path | None
) -> None:
    wake = read_clip(min((EVAL / "wake_alexa").glob("*.flac"))).pcm
    page = opened(wake, question())
    page.get_by_label("With its wake word").check()
    expect(page.locator(".streaming")).to_be_hidden()
    start(page, "Waiting")
    expect(page.locator(".stands")).to_contain_text("Say “alexa”")
    expect(page.locator(".streaming")).to_contain_text("streams continuously to your hub")
    shoot(page, pictures, "listen-streaming")
    expect(page.locator(".turn q").first).to_have_text(QUESTION, timeout=SOON)
    state(page, "Waiting")
    page.get_by_role("button", name="Mute").click()
    state(page, "Muted")
    expect(page.locator(".streaming")).to_be_hidden()
    shoot(page, pictures, "listen-muted")
    page.goto(f"{talking.url}/choices")
    expect(page.locator("#devices ~ .device").first).to_contain_text("desk")


def test_muting_closes_the_microphone_itself(opened: Open) -> None:
    page = opened(question())
    page.add_init_script(KEEP_STREAMS)
    page.reload()
    start(page)
    assert page.evaluate(TRACKS) == ["ended", "live"]
    page.get_by_role("button", name="Mute").click()
    state(page, "Muted")
    assert page.evaluate(TRACKS) == ["ended", "ended"]
    page.get_by_role("button", name="Unmute").click()
    state(page, "Ready")
    assert page.evaluate(TRACKS) == ["ended", "ended", "live"]
    page.get_by_role("button", name="Press to talk").click()
    expect(page.locator(".turn q").first).to_have_text(QUESTION, timeout=SOON)


def test_a_microphone_that_is_not_allowed_or_not_there(opened: Open, pictures: Path | None) -> None:
    page = opened(question(), allowed=False)
    page.get_by_role("button", name="Turn the microphone on").click()
    state(page, "Not allowed")
    expect(page.locator(".stands")).to_contain_text("Allow it for this page")
    shoot(page, pictures, "listen-denied")
    page.context.grant_permissions(["microphone"])
    page.get_by_role("button", name="Try again").click()
    state(page, "Ready")
    none = opened()
    none.get_by_role("button", name="Turn the microphone on").click()
    state(none, "No microphone")
    expect(none.locator(".stands")).to_contain_text("Plug one in")


def test_a_hub_that_goes_and_comes_back(opened: Open, talking: HubProgram, pictures: Path | None) -> None:
    page = opened(question())
    start(page)
    talking.kill()
    state(page, "Hub gone")
    expect(page.locator(".stands")).to_contain_text("Nothing is sent")
    shoot(page, pictures, "listen-gone")
    talking.start()
    state(page, "Ready")  # by itself
    page.get_by_role("button", name="Mute").click()
    page.get_by_role("button", name="Unmute").click()  # the file of this microphone begins anew
    state(page, "Ready")
    page.get_by_role("button", name="Press to talk").click()
    expect(page.locator(".turn q").first).to_have_text(QUESTION, timeout=SOON)


def test_a_hub_that_only_shows_pages_says_so(opened: Open, hub: RunningHub) -> None:
    page = opened(question(), at=hub)
    expect(page.get_by_text("it hears no device now")).to_be_visible()
    page.get_by_role("button", name="Turn the microphone on").click()
    state(page, "Not connected")
    expect(page.locator(".stands")).to_contain_text("its voice is off")


def test_signing_out_elsewhere_closes_the_microphone_at_the_next_press(opened: Open, talking: HubProgram) -> None:
    page = opened(question())
    start(page)
    other = page.context.new_page()
    other.goto(f"{talking.url}/account")
    other.get_by_role("button", name="Sign out here").click()
    expect(other.get_by_label("Password")).to_be_visible()
    page.bring_to_front()
    page.get_by_role("button", name="Press to talk").click()
    state(page, "Not connected")
    expect(page.locator(".stands")).to_contain_text("signed out")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Password")).to_be_visible()


def test_a_second_window_takes_over(opened: Open, talking: HubProgram) -> None:
    page = opened(question())
    start(page)
    other = page.context.new_page()
    other.goto(f"{talking.url}/listen")
    start(other)
    state(page, "Not connected")
    expect(page.locator(".stands")).to_contain_text("Another window")
    page.get_by_role("button", name="Listen here").click()
    state(page, "Ready")
    state(other, "Not connected")


STATES = "import('/assets/states.js').then((it) => it.NAMES)"


def test_nothing_stands_in_anybodys_way_in_any_state(opened: Open) -> None:
    page = opened(question())
    names = page.evaluate(STATES)
    assert len(names) > 20
    wrong = []
    for size, scheme in ((DESK, "light"), (PHONE, "dark")):
        page.set_viewport_size(size)  # type: ignore[arg-type] # the sizes are what it wants
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type] # both are schemes
        for name in names:
            page.evaluate(SHOWN, name)
            wrong += [f"{name} {scheme} {each['id']}" for each in Axe().run(page).response["violations"]]
            wide = page.evaluate("document.documentElement.scrollWidth")
            wrong += [f"{name} {wide} pixels wide on {size['width']}"] if wide > size["width"] else []
    assert wrong == []


def test_sound_of_any_rate_becomes_that_of_the_protocol(opened: Open) -> None:
    page = opened()
    for rate in (8_000, 16_000, 44_100, 48_000, 44_101, 96_000):
        found = page.evaluate(RESAMPLED, [rate, 1_000])
        assert found["count"] == pytest.approx(16_000, abs=80)
        assert found["level"] == pytest.approx(0.5**0.5, rel=0.005)
        assert found["noise"] < 0.002
        assert found["whole"]
    assert page.evaluate(RESAMPLED, [48_000, 6_500])["level"] == pytest.approx(0.5**0.5, rel=0.02)
    for above in (8_200, 11_000, 15_900, 23_000):
        assert page.evaluate(RESAMPLED, [48_000, above])["level"] < 0.0005  # 63 dB below


KEEP_STREAMS = """
  globalThis.streams = [];
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wishes) => {
    const stream = await ask(wishes);
    streams.push(stream);
    return stream;
  };
"""
TRACKS = "globalThis.streams.map((stream) => stream.getTracks()[0].readyState)"
SHOWN = """async (name) => {
  const { Panel } = await import('/assets/panel.js');
  const facts = { mic: 'open', line: 'open', streams: name === 'waiting', word: 'alexa', hint: 'Something to add.' };
  new Panel(document.querySelector('.ear')).show(name, facts);
}"""
RESAMPLED = """async ([rate, tone]) => {
  const { Resampler } = await import('/assets/resample.js');
  const sound = Float32Array.from({ length: rate }, (_, index) => Math.sin(2 * Math.PI * tone * index / rate));
  const [one, other] = [new Resampler(rate, 16000), new Resampler(rate, 16000)];
  const whole = one.push(sound);
  const pieces = [];
  for (let at = 0; at < rate; at += 128) pieces.push(...other.push(sound.subarray(at, at + 128)));
  const middle = [...whole.slice(1000, -1000)];
  const wanted = (index) => Math.sin(2 * Math.PI * tone * (index + 1000) / 16000);
  const mean = (values) => Math.sqrt(values.reduce((sum, each) => sum + each * each, 0) / values.length);
  return {
    count: whole.length, level: mean(middle), noise: mean(middle.map((each, index) => each - wanted(index))),
    whole: pieces.length === whole.length && pieces.every((each, index) => each === whole[index]),
  };
}"""
