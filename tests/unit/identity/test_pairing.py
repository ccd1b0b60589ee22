"""Pairing tokens, and what is known of a device."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import delete, insert, select

from earwitness.identity.device_facts import Choice, Report
from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.pairing import PREFIX
from earwitness.kernel.errors import AccessDenied, BadInput, NotFound
from earwitness.protocol.device.messages import Listens
from earwitness.storage.schema import tombstone
from earwitness.storage.schema.devices import device_choice, device_pairing, device_report
from earwitness.testing.canary import canary
from earwitness.testing.village import Village

HEADSET, ROOM = canary("headset"), canary("kitchen")
REPORT = Report("earwitness", "0.1.0", Listens.WAKES, ("wifi",), ("alexa",), muted=False, microphone=HEADSET)


@pytest.fixture
def device(village: Village) -> str:
    return village.device(village.household(), DeviceMode.SHARED).id


def rows(village: Village) -> list[str]:
    with village.database.read() as tx:
        return [
            repr(row) for each in (device_pairing, device_report, device_choice) for row in tx.execute(select(each))
        ]


def test_a_token_opens_its_device_and_nothing_rests_of_it(village: Village, device: str) -> None:
    token = village.pairings.pair(device)
    assert re.fullmatch(r"ewd1_[a-z2-7]{52}", token)
    assert village.pairings.device_of(token) == device
    assert village.pairings.paired_at(device) == village.clock.now_ms()
    assert not [row for row in rows(village) if token.removeprefix(PREFIX) in row]


def test_two_devices_have_two_tokens(village: Village, device: str) -> None:
    other = village.device(village.household(), DeviceMode.GUEST).id
    tokens = {village.pairings.pair(each): each for each in (device, other)}
    assert {token: village.pairings.device_of(token) for token in tokens} == tokens


@pytest.mark.parametrize(
    "token", ["", "ewd1_", "ewd1_" + "a" * 51, "ewd1_" + "a" * 53, "EWD1_" + "a" * 52, "ewd1_" + "1" * 52, "x" * 200]
)
def test_what_is_no_token_is_refused_and_not_repeated(village: Village, device: str, token: str) -> None:
    village.pairings.pair(device)
    with pytest.raises(AccessDenied) as refused:
        village.pairings.device_of(token)
    assert len(token) < 6 or token not in str(refused.value)


def test_pairing_anew_ends_the_token_before(village: Village, device: str) -> None:
    first = village.pairings.pair(device)
    second = village.pairings.pair(device)
    assert village.pairings.device_of(second) == device
    with pytest.raises(AccessDenied):
        village.pairings.device_of(first)


def test_unpairing_and_removing_end_it(village: Village, device: str) -> None:
    token = village.pairings.pair(device)
    assert village.pairings.unpair(device)
    assert not village.pairings.unpair(device)
    assert village.pairings.paired_at(device) is None
    with pytest.raises(AccessDenied):
        village.pairings.device_of(token)
    again = village.pairings.pair(device)
    village.devices.remove(device)
    with pytest.raises(AccessDenied):
        village.pairings.device_of(again)
    for change in (village.pairings.pair, village.pairings.unpair):
        with pytest.raises(NotFound):
            change(device)


def test_another_mode_leaves_the_pairing(village: Village, device: str) -> None:
    token = village.pairings.pair(device)
    village.devices.change_mode(device, DeviceMode.GUEST)
    assert village.pairings.device_of(token) == device


def test_a_restored_backup_does_not_let_a_lost_device_in(village: Village, device: str) -> None:
    token = village.pairings.pair(device)
    with village.database.read() as tx:
        before = tx.execute(select(device_pairing)).one()._asdict()
    village.pairings.unpair(device)
    village.change(lambda tx: tx.execute(delete(device_pairing)))
    village.change(lambda tx: tx.execute(insert(device_pairing), [before]))
    with pytest.raises(AccessDenied):
        village.pairings.device_of(token)
    with village.database.read() as tx:
        assert before["tombstone"] in set(tx.scalars(select(tombstone.c.id)))


def test_a_report_is_noted_and_the_newest_stays(village: Village, device: str) -> None:
    assert village.device_facts.report(device) is None
    village.device_facts.note(device, REPORT)
    assert village.device_facts.report(device) == replace(REPORT, seen_at=village.clock.now_ms())
    newer = replace(REPORT, listens=Listens.STREAMS, radios=(), wake_words=(), microphone=None, muted=True)
    village.device_facts.note(device, newer)
    assert village.device_facts.report(device) == replace(newer, seen_at=village.clock.now_ms())
    village.device_facts.saw(device, muted=False)
    village.device_facts.saw(device)
    noted = village.device_facts.report(device)
    assert noted is not None
    assert not noted.muted


def test_choices_are_made_one_by_one(village: Village, device: str) -> None:
    assert village.device_facts.chosen(device) == Choice()
    village.device_facts.choose(device, area=ROOM)
    assert village.device_facts.choose(device, wake_word=" Hey Jarvis ") == Choice("hey jarvis", ROOM)
    assert village.device_facts.chosen(device) == Choice("hey jarvis", ROOM)
    assert village.device_facts.choose(device, wake_word=None, area=None) == Choice()
    with pytest.raises(BadInput):
        village.device_facts.choose(device, area=" ")


def test_names_are_sealed(village: Village, device: str) -> None:
    village.device_facts.note(device, REPORT)
    village.device_facts.choose(device, area=ROOM)
    assert not [row for row in rows(village) if HEADSET in row or ROOM in row]


def test_of_a_removed_device_nothing_is_told_or_noted(village: Village, device: str) -> None:
    village.device_facts.note(device, REPORT)
    village.devices.remove(device)
    with pytest.raises(NotFound):
        village.device_facts.report(device)
    with pytest.raises(NotFound):
        village.device_facts.note(device, REPORT)


@pytest.mark.parametrize(
    ("program", "version", "hub", "older"),
    [
        ("earwitness", "0.1.0", "0.1.0", False),
        ("earwitness", "0.1.0", "0.2.0", True),
        ("earwitness", "0.9.0", "0.10.0", True),
        ("earwitness", "1.0.0", "0.10.0", False),
        ("earwitness", "0.2.0.dev1", "0.2.0", False),
        ("earwitness", "next", "0.2.0", None),
        ("other", "0.1.0", "0.2.0", None),
    ],
)
def test_out_of_date_is_said_of_our_own_program_alone(program: str, version: str, hub: str, older: object) -> None:
    assert replace(REPORT, program=program, version=version).older_than(hub) is older
