"""The whole life of what is kept, once on SQLite and files and once on PostgreSQL and S3."""

import io
import tarfile
from pathlib import Path

import pyrage
import pytest

from earwitness.backup.keycopies import backup_keys
from earwitness.backup.making import backup
from earwitness.backup.restoring import Sources, restore
from earwitness.bootstrap import open_house
from earwitness.identity.device_rows import DeviceMode
from earwitness.kernel.clock import DAY, HOUR
from earwitness.kernel.errors import AccessDenied, ConsentMissing, GrantInvalid, NotFound
from earwitness.ledger.notes import parse_verifier_key
from earwitness.ledger.proof import verify_receipt
from earwitness.policy.access import Action
from earwitness.policy.purposes import Purpose
from earwitness.policy.retention import RetentionChoice
from earwitness.testing.canary import AUDIO, REPLY, TRANSCRIPT, traces, traces_in_folder
from earwitness.testing.house import SHORT_AUDIO, Family
from earwitness.vault.scope import Scope, ScopeKind


def test_keep_find_hear_ask_and_see_who(family: Family) -> None:
    house, ada = family.house, family.ada
    first = family.keep(ada)
    family.clock.advance(1000)
    second = family.keep(ada, audio=SHORT_AUDIO)
    page = house.history.page(ada.actor, [ada.id], limit=1)
    assert [(line.id, line.heard, line.answered) for line in page.lines] == [(second.recording, TRANSCRIPT, REPLY)]
    rest = house.history.page(ada.actor, [ada.id], limit=1, before=page.following)
    assert [line.id for line in rest.lines] == [first.recording]
    assert rest.following is None
    playback = house.reading.play(ada.actor, first.recording, Purpose.HISTORY)
    assert playback.size == 44 + len(AUDIO)
    assert playback.read(44) == AUDIO
    assert playback.read(54, 64) == AUDIO[10:20]
    assert b"".join(playback.stream())[44:] == AUDIO
    why = " ".join(house.history.why(ada.actor, first.recording))
    assert TRANSCRIPT in why
    assert REPLY in why
    assert "because the device is personal, and its adult said yes; for 3 months" in why
    lines = house.history.who(ada.actor, family.resource(ada.id))
    assert [line.action for line in lines[:3]] == ["ledger:read", "recording:read", "recording:play"]
    assert lines[2].recordings == (first.recording,)
    assert lines[2].details["grant"] == playback.grant.id


@pytest.mark.parametrize("mode", [DeviceMode.GUEST, DeviceMode.CHILD])
def test_of_guests_and_children_nothing_is_kept(family: Family, mode: DeviceMode) -> None:
    house = family.house
    device = house.directory.devices.add(family.household, "zebrafinch spare", mode).id
    with pytest.raises(ConsentMissing, match="nothing is kept"):
        family.keep(family.ada, device=device)
    assert list(house.blobs.names()) == []


def test_what_a_shared_device_keeps_is_the_households(family: Family) -> None:
    house, ada, ben = family.house, family.ada, family.ben
    half = family.shared_device(ada)
    with pytest.raises(ConsentMissing, match="have not agreed"):
        family.keep(ada, device=half)
    house.directory.agreements.agree(ben.actor, half)
    kept = family.keep(ada, device=half)
    assert kept.subject == family.household
    assert family.play(ada, kept.recording) == family.play(ben, kept.recording)
    family.choose(ben, RetentionChoice.DAY)
    assert house.reading.find(kept.recording).expires_at == house.clock.now_ms() + DAY
    house.directory.agreements.withdraw(ben.actor, half)
    with pytest.raises(AccessDenied):
        family.play(ben, kept.recording)
    assert AUDIO in family.play(ada, kept.recording)
    scope = Scope(ScopeKind.DEVICE, family.household, family.household, (half,))
    accepted = house.erasure.erase(ben.actor, scope)  # any adult may, for their voice may be on it
    assert family.remove(accepted) == 1
    with pytest.raises(NotFound):
        family.play(ada, kept.recording)


def test_erase_remove_turn_and_take_both_receipts_home(family: Family, tmp_path: Path) -> None:
    house, ada = family.house, family.ada
    gone, stays = family.keep(ada).recording, family.keep(ada).recording
    accepted = family.erase(ada, gone)
    assert accepted.receipt.body["keys_destroyed"] == 1
    with pytest.raises(NotFound):
        family.play(ada, gone)
    assert house.runner.run_due() > 0  # the removal waits as work
    assert house.removal.remove(accepted.erasure) == 0
    assert len(list(house.blobs.names())) == 1
    assert house.turn_epoch()[0].kind == "erasure-completed"
    first, second = house.receipts.of(ada.id)
    assert (first.kind, second.kind) == ("erasure-accepted", "erasure-completed")
    assert second.body["removed_by_kind"] == {"audio": 1, "transcript": 1, "reply": 1}
    assert second.body["key_fingerprints"] == first.body["key_fingerprints"] != []
    assert (second.body["old_epoch"], second.body["new_epoch"], second.body["late"]) == (1, 2, False)
    key = parse_verifier_key(house.log.signer.vkey)
    for receipt in (first, second):
        data = house.receipts.file(receipt.id)
        path = tmp_path / "receipt"
        path.write_bytes(data)
        checked = verify_receipt(path.read_bytes(), key)
        assert checked.index == receipt.index
        assert not traces(data, "receipt")
    assert AUDIO in family.play(ada, stays)
    assert not traces_in_folder(house.data)


@pytest.mark.parametrize("kind", [ScopeKind.SPAN, ScopeKind.DEVICE])
def test_a_span_and_a_device_are_erased_and_nothing_else(family: Family, kind: ScopeKind) -> None:
    house, ada = family.house, family.ada
    other = house.directory.devices.add(family.household, "zebrafinch second", DeviceMode.PERSONAL, ada.id).id
    house.directory.agreements.confirm(ada.actor, other)
    early = family.keep(ada)
    family.clock.advance(HOUR)
    now = house.clock.now_ms()
    late, bens = family.keep(ada, device=other), family.keep(family.ben)
    scope = Scope(kind, ada.id, family.household, ids=(other,), start=now, end=now + 1)
    accepted = house.erasure.erase(ada.actor, scope)
    assert (accepted.recordings, family.remove(accepted)) == (1, 1)
    assert family.history(ada) == [early.recording]
    assert not house.keyring.keys([late.recording])
    assert AUDIO in family.play(family.ben, bens.recording)
    with pytest.raises(NotFound):
        house.erasure.erase(ada.actor, scope)


def test_a_person_is_erased_with_everything_and_the_other_stays(family: Family) -> None:
    house, ada, ben = family.house, family.ada, family.ben
    device = family.shared_device()
    common, own = family.keep(ada, device=device), family.keep(ada)
    bens = family.keep(ben)
    accepted = family.erase(ada)
    assert accepted.recordings == 1
    assert accepted.receipt.body["keys_destroyed"] == 1
    assert not house.keyring.keys([own.recording])
    family.remove(accepted)
    assert house.directory.people.get(ada.id).name is None
    assert [person.id for person in house.directory.people.list()] == [ben.id]
    assert AUDIO in family.play(ben, common.recording)
    assert AUDIO in family.play(ben, bens.recording)
    with pytest.raises(AccessDenied):
        house.history.who(ada.actor, family.resource(ada.id))
    assert house.turn_epoch()[0].body["removed_by_kind"]["consents"] == 2
    assert len(house.receipts.of(ada.id)) == 2


def test_an_adult_hears_another_only_by_name(family: Family) -> None:
    house, ada, ben = family.house, family.ada, family.ben
    kept = family.keep(ben).recording
    with pytest.raises(AccessDenied):
        family.play(ada, kept)  # an owner has no more than anybody
    family.say_yes(ben, Purpose.HISTORY, toward=ada.id)
    playback = house.reading.play(ada.actor, kept, Purpose.HISTORY)
    assert playback.read(44, 54) == AUDIO[:10]
    assert house.history.who(ben.actor, family.resource(ben.id))[1].who == ada.id
    with pytest.raises(AccessDenied):
        house.erasure.erase(ada.actor, family.scope(ben.id, kept))
    family.say_no(ben, Purpose.HISTORY, toward=ada.id)
    with pytest.raises(GrantInvalid):
        playback.read(54, 64)
    with pytest.raises(AccessDenied):
        family.play(ada, kept)


def test_an_export_opens_with_its_persons_key_alone(family: Family, tmp_path: Path) -> None:
    house, ada = family.house, family.ada
    long, short = family.keep(ada), family.keep(ada, audio=SHORT_AUDIO, artefacts={"transcript": TRANSCRIPT.encode()})
    house.directory.contacts.add(ada.id, "Doctor Zebrafinch")
    family.keep(family.ben)
    made = house.export.export(ada.actor, ada.id, tmp_path / "out")
    assert made.recordings == 2
    sealed = made.path.read_bytes()
    assert not traces(sealed, "archive")
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed, [family.ben.identity])
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(sealed, [ada.identity]))) as tar:
        files = {name: tar.extractfile(name) for name in tar.getnames()}
        contents = {name: file.read() for name, file in files.items() if file}
    assert contents[f"recordings/{long.recording}/audio.wav"].endswith(AUDIO)
    assert contents[f"recordings/{short.recording}/transcript.1.txt"] == TRANSCRIPT.encode()
    assert len([name for name in contents if name.endswith("audio.wav")]) == 2
    assert b"Doctor Zebrafinch" in contents["person.json"]
    assert contents["log.jsonl"].count(b"recording:keep") == 2
    assert list(contents)[-1] == "manifest.json"
    assert list((tmp_path / "out").iterdir()) == [made.path]


def test_retention_removes_what_a_person_chose_not_to_keep(family: Family) -> None:
    house, ada = family.house, family.ada
    kept = family.keep(ada).recording
    family.choose(ada, RetentionChoice.DAY)
    house.retention.sweep()
    family.clock.advance(DAY - 1)
    assert family.history(ada) == [kept]
    family.clock.advance(1)
    with pytest.raises(NotFound):
        family.play(ada, kept)
    assert house.retention.sweep().expired == 1
    assert list(house.blobs.names()) == []
    assert not house.keyring.keys([kept])
    family.choose(ada, RetentionChoice.NOTHING)
    with pytest.raises(ConsentMissing):
        family.keep(ada)


def test_an_incident_is_told_to_those_it_concerns(family: Family) -> None:
    house, ada, ben = family.house, family.ada, family.ben
    first, second = family.keep(ada), family.keep(ben)
    with pytest.raises(AccessDenied):
        house.incidents.report(ben.actor, "a disk was lost", recordings=[first.recording])
    with pytest.raises(NotFound):
        house.incidents.report(ada.actor, "a disk was lost", recordings=["rec_none"])
    made = house.incidents.report(ada.actor, "a disk was lost", recordings=[second.recording, "rec_none"])
    assert [each.subject for each in made.affected] == [ben.id]
    assert made.unknown == ("rec_none",)
    (notice,) = house.incidents.notices(ben.id)
    assert "a disk was lost" in notice
    assert second.recording in notice
    assert house.incidents.notices(ada.id) == []
    assert house.history.who(ben.actor, family.resource(ben.id))[1].action == "incident:notice"
    now = house.clock.now_ms()
    assert len(house.incidents.report(ada.actor, "a wrong setting", span=(now, now + 1)).affected) == 2


def test_work_comes_up_by_itself(family: Family) -> None:
    """The schedules turn the epoch each day, remove what has expired and complete what is final."""
    house, ada = family.house, family.ada
    house.start()
    house.stop()
    family.choose(ada, RetentionChoice.DAY)
    family.keep(ada)
    accepted = family.erase(ada, family.keep(ada).recording)
    for _ in range(26):
        family.clock.advance(HOUR)
        house.runner.run_due()
    assert house.keyring.epoch == 2
    assert [receipt.kind for receipt in house.receipts.of(ada.id)] == ["erasure-accepted", "erasure-completed"]
    assert house.removal.overdue() == []
    assert accepted.erasure == house.receipts.of(ada.id)[1].erasure
    assert list(house.blobs.names()) == []
    assert family.history(ada) == []


def test_a_grant_of_one_action_opens_no_other(family: Family) -> None:
    house, ada = family.house, family.ada
    kept = family.keep(ada)
    playback = house.reading.play(ada.actor, kept.recording, Purpose.HISTORY)
    with pytest.raises(GrantInvalid):
        house.reading.texts(playback.grant, [house.reading.find(kept.recording)])
    house.access.check(playback.grant, Action.RECORDING_PLAY, kept.recording)


@pytest.mark.parametrize("before", [RetentionChoice.NOTHING, RetentionChoice.UNTIL_DELETED])
def test_what_a_choice_ended_does_not_come_back_with_a_backup(
    small_family: Family, tmp_path: Path, before: RetentionChoice
) -> None:
    """Nothing of it has a tombstone of its own; the choices in the person's log are all there is to tell."""
    family, house, ada = small_family, small_family.house, small_family.ada
    gone = family.keep(ada).recording
    if before is RetentionChoice.NOTHING:
        family.choose(ada, before)
    data, keys = backup(house, tmp_path / "usb"), backup_keys(house, tmp_path / "safe", 90)
    family.choose(ada, RetentionChoice.NOTHING)
    family.choose(ada, RetentionChoice.UNTIL_DELETED)
    stays = family.keep(ada).recording
    with pytest.raises(NotFound):
        family.play(ada, gone)
    house.log.publish(require_second=True)
    restore(Sources(data.folder, keys.folder, house.data / "second"), tmp_path / "new", clock=family.clock)
    with open_house(tmp_path / "new", clock=family.clock) as again:
        assert again.reading.find_many([gone, stays]) == []  # the second was kept after the backup
        with again.database.read() as tx:
            assert again.choices.current(tx, ada.id).choice is RetentionChoice.UNTIL_DELETED
        assert not again.keyring.keys([gone])
