"""A house with reviewers, on files."""

import pytest

from earwitness.bootstrap import House
from earwitness.testing.review import ReviewHouse


@pytest.fixture
def reviewed(small_house: House) -> ReviewHouse:
    return ReviewHouse(small_house)
