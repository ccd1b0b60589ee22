"""A house with skills that one can talk to, in words."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from earwitness.testing.clock import VirtualClock
from earwitness.understanding.loading import of
from earwitness.understanding.matcher import Matcher
from earwitness.understanding.sentences import load

if TYPE_CHECKING:
    from earwitness.bootstrap import House
    from earwitness.testing.house import Family
    from earwitness.testing.talking import Ear, Talk

BARISTA = Path(__file__).parents[3] / "examples" / "barista"


@pytest.fixture(scope="session")
def matcher() -> Matcher:
    return of(load([BARISTA]))


@pytest.fixture
def talk(small_house: "House", small_family: "Family", matcher: Matcher, virtual_clock: VirtualClock) -> "Talk":
    """At a shared device in the kitchen to which everybody agreed; no home is connected."""
    from earwitness.bootstrap.skills import open_skills  # noqa: PLC0415 - loads the whole product
    from earwitness.testing.talking import ZONE, Talk, at_home  # noqa: PLC0415 - likewise

    device = small_family.shared_device()
    settings = small_house.settings.model_copy(update={"time_zone": ZONE.key})
    skills = open_skills(replace(small_house, settings=settings))
    here = at_home(device, small_family.household)
    return Talk.with_skills(matcher, skills, virtual_clock, here)


@pytest.fixture
def ear(talk: "Talk") -> "Ear":
    from earwitness.testing.talking import Ear  # noqa: PLC0415 - see above

    return Ear(talk.bell)
