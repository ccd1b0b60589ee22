"""A house whose learner is quick: two adults, who teach it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from earwitness.bootstrap.learning import open_learning
from earwitness.learning.corrections import Wrong
from earwitness.learning.forget import Forgetting
from earwitness.learning.learner import Learning
from earwitness.testing.homes import Adult
from earwitness.testing.house import Family
from earwitness.testing.learning import WordForWord

Teach = Callable[[Adult, str], str]


@pytest.fixture
def teacher() -> WordForWord:
    return WordForWord()


@pytest.fixture
def learning(family: Family, teacher: WordForWord) -> Learning:
    house = family.house
    made = open_learning(house.data, house.database, house.log, house.keyring, house.reading, house.clock)
    return replace(made, teach=teacher)


@pytest.fixture
def forgetting(family: Family, learning: Learning) -> Forgetting:
    house = family.house
    return Forgetting(house.database, learning, house.access, house.audit, house.clock)


@pytest.fixture
def teach(family: Family) -> Teach:
    """Let an adult say something and put it right; returns the recording."""

    def put_right(adult: Adult, sentence: str) -> str:
        recording = family.keep(adult).recording
        slots = {"name": "lamp"}
        family.house.corrections.record(
            adult.actor, recording, Wrong.MEANT, said=sentence, intent="HassTurnOn", slots=slots
        )
        return recording

    return put_right
