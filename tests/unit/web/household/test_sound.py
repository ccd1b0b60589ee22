"""Ranges as players ask for them, the picture of a sound, and one listening for many requests at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from earwitness.testing.house import Family
from earwitness.web.front import Front
from earwitness.web.household.sound import BARS, Listening, Part, bars, parse_range
from earwitness.web.sign_in.doors import Resident
from earwitness.web.sign_in.sessions import Stage

SIZE = 1_000
RANGES = {
    "bytes=0-": Part(0, 1000),
    "bytes=0-0": Part(0, 1),
    "bytes=10-19": Part(10, 20),
    "bytes=990-5000": Part(990, 1000),
    "bytes=-10": Part(990, 1000),
    "bytes=-5000": Part(0, 1000),
}
REFUSED = ["bytes=1000-", "bytes=-0", "bytes=-", "bytes=5-4", "bytes=0-1,3-4", "items=0-1", "bytes=a-b", "", "bytes=٣-"]


@pytest.mark.parametrize("text", RANGES)
def test_a_range_is_read(text: str) -> None:
    assert parse_range(text, SIZE) == RANGES[text]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_range_gives_nothing(text: str) -> None:
    assert parse_range(text, SIZE) is None


@given(st.text(max_size=80), st.integers(0, 1 << 40))
def test_whatever_is_asked_a_part_lies_inside(text: str, size: int) -> None:
    for asked in (text, f"bytes={text}"):
        part = parse_range(asked, size)
        assert part is None or 0 <= part.start < part.end <= size


def resident(family: Family, front: Front) -> Resident:
    account = front.rooms.accounts.of(person_id=family.ada.id)
    token = front.doors.sessions.begin(account.id, "a test", stage=Stage.FULL)
    cookie = f"earwitness_session_80={token}".encode()
    scope = {"type": "http", "method": "GET", "scheme": "http", "server": ("localhost", 80), "path": "/"}
    return front.doors.resident(Request(scope | {"headers": [(b"cookie", cookie)], "query_string": b""}))


def test_many_requests_at_once_are_one_listening(small_family: Family, front: Front) -> None:
    recording, who = small_family.keep(small_family.ada).recording, resident(small_family, front)
    listening = Listening(front.rooms.reading)
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: listening.open(who, recording), range(16)))
    assert len({id(each) for each in opened}) == 1
    entries = front.rooms.audit.entries(small_family.ada.id)
    assert sum(each.body["action"] == "recording:play" for each in entries) == 1


def test_the_picture_is_as_loud_as_the_sound(small_family: Family, front: Front) -> None:
    quiet, loud = (100).to_bytes(2, "little", signed=True), (-20_000).to_bytes(2, "little", signed=True)
    who = resident(small_family, front)
    for pcm, expected in ((quiet * 600 + loud * 600, (0.005, 1.0)), (loud * 3, (1.0, 1.0)), (bytes(2400), (0.0, 0.0))):
        recording = small_family.keep(small_family.ada, audio=pcm).recording
        found = bars(Listening(front.rooms.reading).open(who, recording))
        assert len(found) == min(BARS, len(pcm) // 2)
        assert (found[0], found[-1]) == expected
