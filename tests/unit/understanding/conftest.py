from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from earwitness.testing.clock import VirtualClock
from earwitness.understanding.context import Context, Named
from earwitness.understanding.loading import matcher
from earwitness.understanding.matcher import Matcher

MONDAY_NOON = int(datetime(2026, 6, 1, 10, 0, tzinfo=UTC).timestamp() * 1000)  # 12:00 in Berlin


@pytest.fixture(scope="session")
def home() -> Context:
    return Context(
        areas=(Named("kitchen", "Kitchen"), Named("living", "Living room", ("lounge",)), Named("bed", "Bedroom")),
        devices=(
            Named("light.kitchen", "Kitchen light", (), "light", "kitchen"),
            Named("light.bedroom", "Bedroom lamp", (), "light", "bed"),
            Named("light.bedside", "Bedside lamp", (), "light", "bed"),
            Named("cover.blinds", "Living room blinds", (), "cover", "living"),
            Named("lock.front", "Front door", (), "lock"),
            Named("switch.coffee", "Coffee machine", ("coffee maker",), "switch", "kitchen"),
        ),
        lists=(Named("todo.shopping", "Shopping list", ("groceries",)), Named("todo.chores", "Chores")),
        people=(Named("p1", "Anna"),),
        zone=ZoneInfo("Europe/Berlin"),
        clock=VirtualClock(MONDAY_NOON),
    )


@pytest.fixture(scope="session")
def english() -> Matcher:
    return matcher()
