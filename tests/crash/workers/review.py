"""Review on a house, over and over: keep, draw, copy, hear, answer, skip, pass on, withdraw, erase."""

import itertools
import os
import sys
from pathlib import Path

from earwitness.bootstrap import open_house
from earwitness.kernel.clock import HOUR
from earwitness.review.withdrawal import Voice
from earwitness.testing.clock import VirtualClock
from earwitness.testing.crash.facts import acknowledged, trying
from earwitness.testing.homes import Home
from earwitness.testing.review import RIGHT, ReviewHouse

data, number = Path(sys.argv[1]), int(sys.argv[2])
clock = VirtualClock(VirtualClock().now_ms() + number * HOUR)  # what an earlier one had on lease is free again

with open_house(data, clock=clock) as house:
    house.sweep()
    reviewed = ReviewHouse(house)
    worker, desk = reviewed.deidentifier(), house.review.desk
    reviewed.draw()  # a frame that an earlier one froze is drawn from first, and knows nothing of what is kept now
    for turn in itertools.count(os.getpid()):
        adult = reviewed.adult()
        kept = [reviewed.keep(adult) for _ in range(2)]
        trying("draw")
        reviewed.draw()
        acknowledged("draw", *kept)
        worker.work()
        acknowledged("copied")
        reviewer = reviewed.reviewer()
        for lease in desk.next(reviewer):
            desk.sound(reviewer, lease.clip)
            acknowledged("heard", lease.clip)
            match turn % 5:
                case 0:
                    trying("withdraw", lease.clip)
                    desk.withdraw(reviewer, lease.clip, Voice.CHILD)
                    acknowledged("withdraw", lease.clip)
                case 1:
                    desk.escalate(reviewer, lease.clip, "danger", "note")
                    acknowledged("escalated", lease.clip)
                case 2:
                    desk.skip(reviewer, lease.clip)
                    acknowledged("skipped", lease.clip)
                case _:
                    desk.answer(reviewer, lease.clip, RIGHT)
                    acknowledged("answered", lease.clip)
        if turn % 7 == 0 and turn % 5:  # a child's recordings are gone already
            erased = Home(house, adult.person.household).erase(adult, *kept)
            acknowledged("erased", *kept)
            house.removal.remove(erased.erasure)
