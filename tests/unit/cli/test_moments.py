"""Moments on the command line: read as people write them, in the time of this machine, and shown the same."""

import time
from collections.abc import Iterator

import pytest

from earwitness.cli.moments import parse_moment, parse_span
from earwitness.cli.output import Moment
from earwitness.kernel.clock import DAY, HOUR, MINUTE
from earwitness.kernel.errors import BadInput

NOW = 1_795_000_000_000  # 2026-11-18T11:06:40Z


@pytest.fixture(autouse=True)
def _far_from_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "IST-5:30")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", NOW),
        ("90m", NOW - 90 * MINUTE),
        ("3d", NOW - 3 * DAY),
        ("1w", NOW - 7 * DAY),
        ("2026-11-18T11:06:40Z", NOW),
        ("2026-11-18T16:36:40", NOW),
        ("2026-11-18 16:36:40", NOW),
        ("2026-11-18", NOW - 16 * HOUR - 36 * MINUTE - 40_000),
    ],
)
def test_forms(text: str, moment: int) -> None:
    assert parse_moment(text, NOW) == moment


@pytest.mark.parametrize(
    "text", ["", "soon", "-1d", "1.5d", "2026-13-01", "2026-11-18T99:00", "0001-01-01", "999999w", "1969-01-01", "٣d"]
)
def test_no_moment(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_moment(text, NOW)
    assert not text or text not in str(caught.value)


def test_spans() -> None:
    assert parse_span("", "", NOW) == (0, NOW + 1)
    assert parse_span("2d", "1d", NOW) == (NOW - 2 * DAY, NOW - DAY)
    with pytest.raises(BadInput):
        parse_span("1d", "2d", NOW)


def test_what_is_shown_can_be_typed_in() -> None:
    shown = Moment(NOW).local()
    assert shown == "2026-11-18 16:36"
    assert parse_moment(shown, 0) == NOW - 40_000
    assert Moment(NOW, day=True).local() == "2026-11-18"
    assert Moment(NOW).local_with_zone() == "2026-11-18 16:36 IST"
    assert str(Moment(NOW)) == "2026-11-18T11:06:40.000Z"
