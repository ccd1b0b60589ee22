"""Learning on a house: `once` through releasing, rolling back and forgetting, or `endlessly` at random."""

import itertools
import os
import random
import sys
from contextlib import suppress
from pathlib import Path

from earwitness.bootstrap import open_house
from earwitness.kernel.errors import BadInput
from earwitness.testing.crash.learning import LearningLoad

how, seed = sys.argv[2], int(sys.argv[3])


def once(load: LearningLoad) -> None:
    stays, withdraws, leaves = load.people
    load.run()
    load.teach(stays, "a second time")
    load.run()
    load.roll_back()
    load.run(leaves.household)
    load.withdraw(withdraws)
    load.work()
    load.leave(leaves)
    load.work()


def one_of(load: LearningLoad, draw: random.Random) -> None:
    """Something at random. What another worker takes back meanwhile is not released or used, and the run says so."""
    person = draw.choice(load.people[1:])
    match draw.randrange(5):
        case 0 | 1:
            with suppress(BadInput):
                load.run()
        case 2:
            load.erase(person, load.teach(person, "in between"))
        case 3:
            recording = load.teach(person, "and again")
            with suppress(BadInput):
                load.run(person.household)
            load.erase(person, recording)
        case _:
            load.work()


with open_house(Path(sys.argv[1])) as house:
    load = LearningLoad(house)
    if how == "once":
        once(load)
    else:
        draw = random.Random(seed * 100_000 + os.getpid())
        for _ in itertools.count():
            one_of(load, draw)
