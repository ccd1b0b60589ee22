"""The hub's pages over ASGI: what they say, what they never say, and how they are sent."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from earwitness.kernel.errors import RowCorrupt
from earwitness.testing.clock import VirtualClock
from earwitness.web.hub import Health, create_app

SECRET = "a sentence somebody spoke"
NOON = 1_795_262_400_000  # 2026-11-21T12:00:00Z


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    title: str
    state: str
    tried: str
    at: int | None


ROWS = (
    Row("P2", "You can hear all that is held about you.", "held", "One recording was kept and played.", NOON),
    Row("P3", "Deleting removes everything.", "broken", "The transcript was still there.", NOON - 60_000),
    Row("P5", "No human hears you unless you said yes.", "not_built", "", NOON),
)


@dataclass
class House:
    data: Path
    rows: Sequence[Row] = ROWS
    failure: Exception | None = None
    asked: list[str] = field(default_factory=list)

    def promise_results(self) -> Sequence[Row]:
        self.asked.append("promises")
        if self.failure:
            raise self.failure
        return self.rows

    def health(self) -> Health:
        if self.failure:
            raise self.failure
        return Health(schema="0001", ledger_size=7, epoch=2)


Ask = Callable[..., httpx.Response]
LogLines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def ask(house: House, virtual_clock: VirtualClock) -> Ask:
    app = create_app(house, clock=virtual_clock)

    async def once(method: str, url: str, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8710") as client:
            return await client.request(method, url, headers=headers)

    def go(url: str, method: str = "GET", **headers: str) -> httpx.Response:
        return asyncio.run(once(method, url, headers))

    return go


class Outline(HTMLParser):
    """Collects what an assistive technology would find."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend(attrs)


def test_health_says_versions_and_counts(ask: Ask) -> None:
    answer = ask("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "version": "0.1.0", "schema": "0001", "ledger_size": 7, "epoch": 2}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/promises"])
def test_promises_show_state_how_it_was_tried_and_when(ask: Ask, path: str) -> None:
    page = ask(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for row in ROWS:
        assert row.title in page.text
        assert row.tried in page.text
    assert '<time datetime="2026-11-21T12:00:00.000Z">2026-11-21 12:00 UTC</time>' in page.text
    assert "of these promises is broken here" in page.text
    assert "earwitness verify http://localhost:8710/log/" in page.text


def test_a_promise_that_was_never_tried_is_not_called_held(ask: Ask, house: House) -> None:
    house.rows = (Row("P2", "You can hear it.", "held", "", None),)
    page = ask("/").text
    assert "not tried yet" in page
    assert '<tr role="row" id="P2" class="unknown">' in page


def test_no_alarm_where_nothing_is_broken(ask: Ask, house: House) -> None:
    house.rows = ROWS[:1]
    assert 'role="alert"' not in ask("/").text


def test_text_of_a_row_is_escaped(ask: Ask, house: House) -> None:
    house.rows = (Row("P2", "<script>alert(1)</script>", "held", "<img src=x>", NOON),)
    page = ask("/").text
    assert "<script" not in page
    assert "<img src=x>" not in page
    assert "&lt;script&gt;" in page


def test_page_has_language_headings_roles_and_no_scripts(ask: Ask) -> None:
    outline = Outline()
    outline.feed(ask("/").text)
    assert ("lang", "en") in outline.attributes
    assert outline.tags.count("h1") == 1
    assert "caption" in outline.tags
    assert ("href", "#main") in outline.attributes
    assert outline.attributes.count(("role", "row")) == 1 + len(ROWS)
    assert "script" not in outline.tags
    assert not any(name == "style" or name.startswith("on") for name, _ in outline.attributes)


@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing", "/assets/style.css", "/log/checkpoint"])
def test_every_answer_has_the_security_headers(ask: Ask, path: str) -> None:
    headers = ask(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert "cache-control" in headers
    assert "server" not in headers


def test_unknown_page_repeats_nothing_of_the_address(ask: Ask) -> None:
    answer = ask(f"/{SECRET}?q={SECRET}")
    assert answer.status_code == 404
    assert SECRET not in answer.text
    assert "There is no such page" in answer.text


def test_failure_shows_a_number_and_none_of_the_errors_text(ask: Ask, house: House, log_lines: LogLines) -> None:
    house.failure = RuntimeError(SECRET)
    answer = ask("/promises?token=x")
    assert answer.status_code == 500
    assert SECRET not in answer.text
    assert answer.headers["x-frame-options"] == "DENY"
    failed, request = log_lines()
    assert failed["event"] == "request_failed"
    number = str(failed["error"]).partition(":")[0]
    assert number in answer.text
    assert request["status"] == 500
    assert SECRET not in json.dumps([failed, request])


def test_health_fails_when_a_store_does(ask: Ask, house: House) -> None:
    house.failure = RowCorrupt(SECRET)
    answer = ask("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "failing", "version": "0.1.0", "error": "RowCorrupt"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(ask: Ask, method: str) -> None:
    assert ask("/promises", method=method).status_code == 405


def test_head_is_answered_without_a_body(ask: Ask) -> None:
    answer = ask("/", method="HEAD")
    assert answer.status_code == 200
    assert answer.content == b""


@pytest.mark.parametrize("name", ["localhost:8710", "127.0.0.1", "[::1]:8710"])
def test_local_names_are_answered(ask: Ask, name: str) -> None:
    assert ask("/healthz", host=name).status_code == 200


def test_a_foreign_name_that_points_here_gets_nothing(ask: Ask, house: House) -> None:
    answer = ask("/promises", host="rebound.example")
    assert answer.status_code == 400
    assert not house.asked


def test_request_log_has_the_route_and_neither_address_nor_query(ask: Ask, log_lines: LogLines) -> None:
    ask(f"/log/{SECRET}?name={SECRET}")
    (line,) = log_lines()
    assert line["route"] == "/log/{path:path}"
    assert line["status"] == 404
    assert SECRET not in json.dumps(line)


def test_style_is_served_and_has_a_dark_and_a_narrow_form(ask: Ask) -> None:
    style = ask("/assets/style.css")
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert "prefers-color-scheme: dark" in style.text
    assert "max-width" in style.text
    assert ask("/assets/../hub.py").status_code == 404
    assert ask("/assets/other.css").status_code == 404
