import pytest

from earwitness.storage.database import Database
from earwitness.testing.clock import VirtualClock
from earwitness.testing.village import Village


@pytest.fixture
def village(sqlite_database: Database, virtual_clock: VirtualClock) -> Village:
    return Village(sqlite_database, virtual_clock)
