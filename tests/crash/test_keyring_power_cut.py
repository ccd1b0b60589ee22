"""The keyring, with the power cut at every write of making keys, destroying them and turning the epoch.

Keys that were acknowledged open and are the same; keys whose destruction was acknowledged do not
open; once the epoch has turned, not even a thief opens them who had copied every ring before.
"""

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

from earwitness.kernel.clock import SystemClock
from earwitness.testing.crash.facts import Fact, Stage, acknowledged_of, tried_of
from earwitness.testing.crash.power_cut import Left, Plan, check_every_cut
from earwitness.testing.crash.record import record
from earwitness.testing.crash.thief import Thief
from earwitness.vault.custodians.keyfile import KeyFile
from earwitness.vault.keyring import Keyring
from earwitness.vault.rings import RingFiles

WORKER = Path(__file__).parent / "workers" / "keyring.py"


def names(facts: Sequence[Fact], stage: Stage, what: str) -> set[str]:
    """Return the keys that were destroyed, with their subject (``forget``) or one by one (``destroy``)."""
    chosen = acknowledged_of(facts, what) if stage is Stage.ACK else tried_of(facts, what)
    subjects = {words[-1] for words in chosen}
    if what != "forget":
        return subjects
    return {name for subject, name in tried_of(facts, "add") if subject in subjects}


def final(facts: Sequence[Fact]) -> set[str]:
    """Return the keys that were destroyed before an epoch was turned."""
    turns = [at for at, fact in enumerate(facts) if fact == Fact(Stage.TRY, "rotate")]
    ended = turns[: len(acknowledged_of(facts, "rotate"))]
    before = facts[: ended[-1]] if ended else []
    return names(before, Stage.ACK, "destroy") | names(before, Stage.ACK, "forget")


def keys_are_right(folder: Path, facts: Sequence[Fact], thief: Thief) -> None:
    thief.copy_rings(folder)
    keyring = Keyring(RingFiles(folder), KeyFile(folder), SystemClock())
    try:
        added = {name for _, name in acknowledged_of(facts, "add")}
        gone = names(facts, Stage.ACK, "destroy") | names(facts, Stage.ACK, "forget")
        going = names(facts, Stage.TRY, "destroy") | names(facts, Stage.TRY, "forget")
        opened = keyring.keys(sorted({name for _, name in tried_of(facts, "add")} | {"old"}))
        assert (added | {"old"}) - going <= opened.keys()
        assert not gone & opened.keys()
        for name, key in opened.items():
            assert key == hashlib.sha256(name.encode()).digest()
        assert {words[0] for words in acknowledged_of(facts, "create")} <= {
            subject for subject in ("per_a", "per_b") if keyring.has_subject(subject)
        } | {words[0] for words in tried_of(facts, "forget")}
        epoch = keyring.epoch
        assert keyring.ended_epoch() == epoch - 1
    finally:
        keyring.close()
    assert sorted(path.name for path in folder.glob("root-*")) == [f"root-{epoch}.key"]
    assert {path.name.split(".")[0] for path in folder.glob("ring-*")} == {f"ring-{epoch}"}
    assert epoch > len(acknowledged_of(facts, "rotate"))
    stolen = thief.opens(folder)
    assert opened.keys() <= stolen
    assert not final(facts) & stolen


def test_the_keyring_survives_every_cut(tmp_path: Path, scratch: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    keyring = Keyring.create(RingFiles(folder), KeyFile(folder), SystemClock())
    keyring.create_subject("per_old")
    keyring.add_keys([("per_old", "old", hashlib.sha256(b"old").digest())])
    keyring.close()
    recording = record([sys.executable, WORKER, folder], folder)
    thief = Thief()
    tally = check_every_cut(
        recording, lambda state, facts: keys_are_right(state, facts, thief), scratch, Plan(partial=2, most=250)
    )
    assert tally.checked[Left.SYNCED] > 30
    assert tally.checked[Left.WRITTEN] > 100
    assert tally.checked[Left.PARTIAL] > 60


def test_the_thief_opens_what_was_destroyed_until_the_epoch_turns(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    thief = Thief()
    with_keys = Keyring.create(RingFiles(folder), KeyFile(folder), SystemClock())
    with_keys.create_subject("per_one")
    with_keys.add_keys([("per_one", "kept", bytes(32)), ("per_one", "gone", bytes(32))])
    with_keys.close()
    thief.copy_rings(folder)
    keyring = Keyring(RingFiles(folder), KeyFile(folder), SystemClock())
    keyring.destroy_keys(["gone"])
    assert {"kept", "gone"} <= thief.opens(folder)
    keyring.rotate()
    keyring.close()
    thief.copy_rings(folder)
    assert "kept" in thief.opens(folder)
    assert "gone" not in thief.opens(folder)
