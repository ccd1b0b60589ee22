"""The reviewer's desk under load: the next clip, opening it, saving an answer, over the real socket.

The house holds as many clips as asked for, most of them answered by others long ago; one reviewer works through fresh
ones. Every request goes the way of a browser's: the workbench's application, the socket, the desk, SQLite on the disk.
"""

import asyncio
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import pyotp
from argon2 import PasswordHasher
from sqlalchemy import insert

from earwitness.bench.filling import Progress
from earwitness.bench.house import Bench, scratch_house
from earwitness.bootstrap import House
from earwitness.kernel.actors import Role
from earwitness.kernel.clock import DAY
from earwitness.kernel.ids import new_id
from earwitness.storage.schema.review import review_clip, review_hearing, review_person
from earwitness.testing.review import SAID, ReviewHouse
from earwitness.web.sign_in.codes import Codes
from earwitness.web.sign_in.passwords import Passwords
from earwitness.web.sign_in.sessions import Sessions
from earwitness.web.sign_in.tries import Tries
from earwitness.web.workbench.app import create_workbench
from earwitness.web.workbench.desk_app import create_desk_app
from earwitness.web.workbench.desk_client import DeskClient
from earwitness.web.workbench.desk_socket import desk_socket, serving_desk
from earwitness.web.workbench.door import StaffDoor

ADDRESS: Final = "http://localhost:8712"
PASSWORD: Final = "only of this scratch installation"  # noqa: S105 - of a house that lives a minute
BATCH: Final = 5_000


def run_review(
    clips: int = 50_000, reviewed: int = 60, folder: Path | None = None, progress: Progress = lambda _done, _all: None
) -> dict[str, float]:
    """Measure; return milliseconds (median and 99th percentile) of each request a reviewer waits for."""
    with scratch_house(folder) as bench:
        people = ReviewHouse(bench.house)
        for number in range(reviewed):
            people.keep(people.adult())
            progress(number, reviewed)
        people.drawn_and_copied()
        _fill(bench, people, clips)
        with _workbench(bench.house) as (desk, given):
            times = asyncio.run(_work(desk, given))
    found: dict[str, float] = {"clips": clips, "reviewed": len(times["answer"])}
    for name, each in times.items():
        ordered = sorted(each)
        found[f"{name}_ms"] = statistics.median(ordered)
        found[f"{name}_p99_ms"] = ordered[int(len(ordered) * 0.99)]
    return found


def _fill(bench: Bench, people: ReviewHouse, count: int) -> None:
    """Write clips that others answered half a year ago."""
    house = bench.house
    draw, then = house.review.draws.newest().id, house.clock.now_ms() - 180 * DAY
    reviewers = [people.reviewer().id for _ in range(20)]
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        names = [new_id("clip") for _ in numbers]
        clip = {"draw_id": draw, "state": "done", "pi": 0.1, "drawn_at": then, "attempts": 1, "heard_at": then}
        rows = [clip | {"id": name, "position": 1_000_000 + at} for name, at in zip(names, numbers, strict=True)]
        persons = [
            {"clip_id": name, "person_id": f"person_{at % 5_000}"} for name, at in zip(names, numbers, strict=True)
        ]
        hearings = [
            each | {"reviewer_id": reviewers[at % 20], "at": then} for each, at in zip(persons, numbers, strict=True)
        ]
        with house.database.write() as tx:
            tx.execute(insert(review_clip), rows)
            tx.execute(insert(review_person), [each | {"drawn_at": then} for each in persons])
            tx.execute(insert(review_hearing), hearings)


@contextmanager
def _workbench(house: House) -> Iterator[tuple[DeskClient, dict[str, str]]]:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    codes = Codes(house.database, house.keyring, house.clock)
    door = StaffDoor(
        house.accounts,
        Sessions(house.database, house.clock),
        passwords,
        codes,
        Tries(house.database, house.accounts.blinder, house.clock),
        house.directory.staff,
        house.clock,
    )
    member = house.directory.staff.register(Role.REVIEWER, "bench", "XX")
    account, link = house.accounts.add("bench", staff_id=member.id)
    house.accounts.use_link(link, passwords.hash(PASSWORD))
    secret, now = codes.new_secret(), house.clock.now_ms() // 1000
    codes.enrol(house.accounts.get(account.id), secret, pyotp.TOTP(secret).at(now - 30))
    given = {"name": "bench", "password": PASSWORD, "code": pyotp.TOTP(secret).at(now), "purpose": "review"}
    place = desk_socket(house.data)
    with serving_desk(create_desk_app(house.review.desk, house.review.counting, door), place):
        yield DeskClient(place), given


async def _work(desk: DeskClient, given: dict[str, str]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {"next": [], "open": [], "answer": []}
    headers = {"X-Workbench": "1", "Origin": ADDRESS}
    answer = {"route": "verify", "words": SAID, "wake": "yes", "spent_ms": 9_000, "intent_right": True}
    transport = httpx.ASGITransport(create_workbench(desk))
    async with desk, httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers) as browser:
        (await browser.post("/api/sign-in", json=given)).raise_for_status()
        while True:
            started = time.perf_counter()
            clips = (await browser.post("/api/next", json={})).json()["clips"]
            times["next"].append((time.perf_counter() - started) * 1000)
            if not clips:
                return times
            clip = clips[0]["clip"]
            started = time.perf_counter()
            (await browser.get(f"/api/clips/{clip}")).raise_for_status()
            (await browser.get(f"/api/clips/{clip}/sound")).raise_for_status()
            times["open"].append((time.perf_counter() - started) * 1000)
            started = time.perf_counter()
            (await browser.post(f"/api/clips/{clip}/answer", json=answer)).raise_for_status()
            times["answer"].append((time.perf_counter() - started) * 1000)
