"""Reading: under a grant, asked anew at every range; what is damaged is named and hurts nothing else."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from earwitness.identity.people import Standing
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.clock import DAY, MINUTE
from earwitness.kernel.errors import (
    AccessDenied,
    BadInput,
    BlobCorrupt,
    BlobMissing,
    GrantInvalid,
    KeyDestroyed,
    NotFound,
)
from earwitness.policy.access import Access
from earwitness.policy.grants import LIFETIME_MS
from earwitness.policy.purposes import Purpose
from earwitness.policy.retention import RetentionChoice
from earwitness.storage.schema import artefact, recording
from earwitness.testing.canary import AUDIO, TRANSCRIPT, canary
from earwitness.testing.house import Family
from earwitness.vault.kinds import DEIDENTIFIED, TRACE
from earwitness.vault.reading import STREAM_PIECE, Playback, Reading
from earwitness.vault.scope import Scope, ScopeKind

LONG_AUDIO = AUDIO * 40
"""Two pieces of a stream, and 14 chunks of the envelope."""


def playing(family: Family) -> Playback:
    """Ada plays a recording of her own and has heard its first bytes."""
    kept = family.keep(family.ada)
    opened = family.house.reading.play(family.ada.actor, kept.recording, Purpose.HISTORY)
    assert opened.read(0, 4) == b"RIFF"
    return opened


@pytest.mark.parametrize(
    ("start", "end"), [(0, 1), (0, 44), (43, 45), (65_530, 65_550), (100_000, 100_000), (879_000, 990_000), (5, 3)]
)
def test_any_range_is_the_same_as_of_the_whole(small_family: Family, start: int, end: int) -> None:
    kept = small_family.keep(small_family.ada, audio=LONG_AUDIO)
    opened = small_family.house.reading.play(small_family.ada.actor, kept.recording, Purpose.HISTORY)
    whole = opened.read()
    assert whole[44:] == LONG_AUDIO
    assert opened.read(start, end) == whole[start:end]
    assert opened.read(start) == whole[start:]


def test_a_stream_comes_in_pieces(small_family: Family) -> None:
    kept = small_family.keep(small_family.ada, audio=LONG_AUDIO)
    opened = small_family.house.reading.play(small_family.ada.actor, kept.recording, Purpose.HISTORY)
    pieces = list(opened.stream())
    assert len(pieces) == -(-opened.size // STREAM_PIECE)
    assert b"".join(pieces)[44:] == LONG_AUDIO


def test_one_grant_and_one_entry_serve_a_whole_playing(small_family: Family) -> None:
    opened = playing(small_family)
    entries = small_family.house.log.size()
    for start in range(0, opened.size, 5_000):
        opened.read(start, start + 5_000)
    assert small_family.house.log.size() == entries


def erase_it(family: Family, opened: Playback) -> None:
    family.erase(family.ada, opened.item.id)


def erase_everything(family: Family, _: Playback) -> None:
    span = Scope(ScopeKind.SPAN, family.ada.id, family.household, end=family.clock.now_ms() + 1)
    family.house.erasure.erase(family.ada.actor, span)


def erase_person(family: Family, _: Playback) -> None:
    family.erase(family.ada)


def let_it_expire(family: Family, _: Playback) -> None:
    family.choose(family.ada, RetentionChoice.NOTHING)


def let_the_grant_end(family: Family, _: Playback) -> None:
    family.clock.advance(LIFETIME_MS)


def set_the_clock_ahead(family: Family, _: Playback) -> None:
    family.clock.jump_to(family.clock.now_ms() + LIFETIME_MS)


def revoke(family: Family, opened: Playback) -> None:
    family.house.access.revoke(opened.grant.id)


@pytest.mark.parametrize(
    "end",
    [
        erase_it,
        erase_everything,
        erase_person,
        let_it_expire,
        let_the_grant_end,
        set_the_clock_ahead,
        revoke,
    ],
)
def test_what_ends_stops_the_next_range(small_family: Family, end: Callable[[Family, Playback], None]) -> None:
    opened = playing(small_family)
    end(small_family, opened)
    with pytest.raises(GrantInvalid):
        opened.read(4, 8)
    with pytest.raises(GrantInvalid):
        next(opened.stream())


def test_a_clock_that_is_set_back_does_not_prolong_a_grant(small_family: Family) -> None:
    opened = playing(small_family)
    small_family.clock.jump_to(small_family.clock.now_ms() - DAY)
    small_family.clock.advance(LIFETIME_MS - 1)
    assert opened.read(4, 8)
    small_family.clock.advance(1)
    with pytest.raises(GrantInvalid):
        opened.read(4, 8)


def test_a_hearer_whose_yes_is_taken_back_stops(small_family: Family) -> None:
    family = small_family
    kept = family.keep(family.ada)
    family.say_yes(family.ada, Purpose.HISTORY, toward=family.ben.id)
    opened = family.house.reading.play(family.ben.actor, kept.recording, Purpose.HISTORY)
    assert opened.read(0, 4) == b"RIFF"
    family.say_no(family.ada, Purpose.HISTORY, toward=family.ben.id)
    with pytest.raises(GrantInvalid):
        opened.read(4, 8)
    assert AUDIO in family.play(family.ada, kept.recording)


def test_a_hearer_of_a_shared_device_who_disagrees_stops(small_family: Family) -> None:
    family, house = small_family, small_family.house
    device = family.shared_device()
    kept = family.keep(family.ada, device=device)
    opened = house.reading.play(family.ben.actor, kept.recording, Purpose.HISTORY)
    assert opened.read(0, 4) == b"RIFF"
    house.directory.agreements.withdraw(family.ben.actor, device)
    with pytest.raises(GrantInvalid):
        opened.read(4, 8)
    house.directory.agreements.agree(family.ben.actor, device)  # what is agreed later opens nothing earlier
    family.clock.advance(1)
    house.directory.agreements.withdraw(family.ben.actor, device)
    house.directory.agreements.agree(family.ben.actor, device)
    with pytest.raises(AccessDenied):
        family.play(family.ben, kept.recording)


def test_who_joined_later_hears_nothing_that_was_shared_before(small_family: Family) -> None:
    family, house = small_family, small_family.house
    device = family.shared_device()
    kept = family.keep(family.ada, device=device)
    family.clock.advance(MINUTE)
    late = house.directory.people.add(family.household, canary("late"), Standing.OWNER)
    house.directory.agreements.agree(late.actor(), device)
    with pytest.raises(AccessDenied):
        house.reading.play(late.actor(), kept.recording, Purpose.HISTORY)


def test_a_grant_of_another_process_opens_nothing(small_family: Family) -> None:
    house = small_family.house
    opened = playing(small_family)
    elsewhere = Access(house.database, house.clock, house.audit.record_access)
    reading = Reading(house.database, house.blobs, house.keyring, elsewhere, house.clock)
    with pytest.raises(GrantInvalid):
        reading.texts(opened.grant, [opened.item])


def test_without_an_entry_in_the_log_nothing_opens(small_family: Family) -> None:
    house = small_family.house
    kept = small_family.keep(small_family.ada)

    def refuse(_: object) -> None:
        raise KeyDestroyed

    silent = Access(house.database, house.clock, refuse)
    reading = Reading(house.database, house.blobs, house.keyring, silent, house.clock)
    with pytest.raises(KeyDestroyed):
        reading.play(small_family.ada.actor, kept.recording, Purpose.HISTORY)
    with pytest.raises(KeyDestroyed):
        reading.page(small_family.ada.actor, [small_family.ada.id])


@pytest.mark.parametrize("purpose", [each for each in Purpose if each is not Purpose.HISTORY])
def test_history_is_the_only_purpose_of_a_person(small_family: Family, purpose: Purpose) -> None:
    kept = small_family.keep(small_family.ada)
    with pytest.raises(AccessDenied):
        small_family.house.reading.play(small_family.ada.actor, kept.recording, purpose)


def test_an_owner_by_word_only_is_nobody(small_family: Family) -> None:
    kept = small_family.keep(small_family.ada)
    pretender = Actor(small_family.ben.id, Role.OWNER, small_family.ada.actor.household)
    with pytest.raises(AccessDenied):
        small_family.house.reading.play(pretender, kept.recording, Purpose.HISTORY)


def test_what_does_not_exist_is_not_found(small_family: Family) -> None:
    kept = small_family.keep(small_family.ada)
    reading, actor = small_family.house.reading, small_family.ada.actor
    with pytest.raises(NotFound):
        reading.play(actor, "rec_none", Purpose.HISTORY)
    with pytest.raises(NotFound, match="has no trace"):
        reading.play(actor, kept.recording, Purpose.HISTORY, TRACE)
    assert reading.play(actor, kept.recording, Purpose.HISTORY, "transcript").read() == TRANSCRIPT.encode()


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_a_page_has_its_limits(small_family: Family, limit: int) -> None:
    with pytest.raises(BadInput, match="1 to 200"):
        small_family.house.reading.page(small_family.ada.actor, [small_family.ada.id], limit=limit)


def test_pages_follow_each_other_without_gap_or_overlap(family: Family) -> None:
    kept = []
    for number in range(7):
        family.clock.advance(number % 2)  # some begin in the same millisecond
        kept.append(family.keep(family.ada, audio=AUDIO[:100]).recording)
    seen: list[str] = []
    page = family.house.reading.page(family.ada.actor, [family.ada.id], limit=3)
    while page.following:
        seen += [item.id for item in page.items]
        page = family.house.reading.page(family.ada.actor, [family.ada.id], limit=3, before=page.following)
    seen += [item.id for item in page.items]
    assert sorted(seen) == sorted(kept)
    started = [family.house.reading.find(name).started_at for name in seen]
    assert started == sorted(started, reverse=True)


def test_texts_too_long_for_a_row_are_shown_too(family: Family) -> None:
    long = canary("word ") * 2_000
    family.keep(family.ada, artefacts={"transcript": long.encode(), TRACE: b'[{"step": "asr", "said": "heard"}]'})
    (line,) = family.house.history.page(family.ada.actor, [family.ada.id]).lines
    assert line.heard == long


def test_what_is_no_text_is_not_read_as_one(small_family: Family) -> None:
    small_family.keep(small_family.ada, artefacts={DEIDENTIFIED: b"\xff\xfe sound"})
    (line,) = small_family.house.history.page(small_family.ada.actor, [small_family.ada.id]).lines
    assert (line.heard, line.damaged) == (None, False)


# --- damage -----------------------------------------------------------------------------------------


def flip_last_bit(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def cut_one_byte(data: bytes) -> bytes:
    return data[:-1]


def empty(_: bytes) -> bytes:
    return b""


def blob_of(family: Family, recording: str) -> str:
    with family.house.database.read() as tx:
        name: str = tx.execute(select(artefact.c.blob).where(artefact.c.recording_id == recording)).scalar_one()
    return name


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1] + bytes([data[-1] ^ 1]), lambda data: data[:-1], lambda _: b""]
)
def test_a_damaged_object_is_named_and_the_others_play(small_family: Family, damage: Callable[[bytes], bytes]) -> None:
    family, house = small_family, small_family.house
    bad, good = (family.keep(family.ada, artefacts={}).recording for _ in range(2))
    path = house.data / "blobs" / blob_of(family, bad)
    path.chmod(0o600)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BlobCorrupt, match=f"audio of {bad}"):
        family.play(family.ada, bad)
    assert AUDIO in family.play(family.ada, good)


def test_a_missing_object_is_named(small_family: Family) -> None:
    kept = small_family.keep(small_family.ada, artefacts={}).recording
    name = blob_of(small_family, kept)
    small_family.house.blobs.delete_many([name])
    with pytest.raises(BlobMissing, match=name):
        small_family.play(small_family.ada, kept)


def test_an_object_of_another_recording_does_not_open(small_family: Family) -> None:
    family, house = small_family, small_family.house
    mine, theirs = family.keep(family.ada, artefacts={}).recording, family.keep(family.ben, artefacts={}).recording
    with house.database.write() as tx:
        swap = update(artefact).where(artefact.c.recording_id == mine)
        tx.execute(swap.values(blob=blob_of(family, theirs)))
    with pytest.raises(BlobCorrupt, match=mine):
        family.play(family.ada, mine)


def test_one_damaged_row_spoils_no_page(small_family: Family) -> None:
    family, house = small_family, small_family.house
    bad, good = family.keep(family.ada).recording, family.keep(family.ada).recording
    with house.database.write() as tx:
        rows = artefact.c.recording_id == bad, artefact.c.kind == "transcript"
        tx.execute(update(artefact).where(*rows).values(sealed=b"EWA1 not what was written at all"))
    lines = {line.id: line for line in house.history.page(family.ada.actor, [family.ada.id]).lines}
    assert (lines[bad].heard, lines[bad].damaged) == (None, True)
    assert (lines[good].heard, lines[good].damaged) == (TRANSCRIPT, False)
    with pytest.raises(BlobCorrupt, match=f"transcript of {bad}"):
        house.history.why(family.ada.actor, bad)


def test_a_recording_whose_key_is_gone_is_listed_without_its_texts(small_family: Family) -> None:
    family, house = small_family, small_family.house
    kept = family.keep(family.ada).recording
    house.keyring.destroy_keys([kept])
    (line,) = house.history.page(family.ada.actor, [family.ada.id]).lines
    assert (line.id, line.heard) == (kept, None)
    with pytest.raises(KeyDestroyed):
        family.play(family.ada, kept)


def test_a_row_given_to_somebody_else_opens_for_nobody(small_family: Family) -> None:
    """Whoever can write rows can move a recording to their own name, and still not open it."""
    family, house = small_family, small_family.house
    kept = family.keep(family.ada).recording
    with house.database.write() as tx:
        tx.execute(update(recording).where(recording.c.id == kept).values(subject_id=family.ben.id))
    with pytest.raises(BlobCorrupt):
        family.play(family.ben, kept)
