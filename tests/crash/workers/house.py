"""Work on a house: `once` through everything an installation does, or `endlessly` at random."""

import itertools
import os
import sys
import threading
from pathlib import Path

from earwitness.bootstrap import open_house
from earwitness.testing.crash.house import Load

how, seed = sys.argv[2], int(sys.argv[3])


def once(load: Load) -> None:
    first, second = load.keep(), load.keep()
    load.show()
    load.erase(first)
    third = load.keep()
    erasure = load.erase(second)
    load.remove(erasure)
    load.turn()
    load.play(third)
    load.show()
    threads = [threading.Thread(target=load.keep) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.erase(*load.kept()[:2])
    load.turn()
    load.house.sweep()
    load.show()
    erasure = load.forget()
    load.turn()
    load.remove(erasure)
    load.show()


with open_house(Path(sys.argv[1])) as house:
    if how == "once":
        once(Load(house, "once"))
    else:
        house.sweep()
        load = Load(house, f"{seed}.{os.getpid()}")
        for number in itertools.count(seed * 1000):
            load.mix(number)
