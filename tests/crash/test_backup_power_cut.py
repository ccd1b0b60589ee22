"""A backup and a restore, with the power cut at every write: whole under its name, or not there."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from earwitness.backup.keycopies import open_key_backup
from earwitness.backup.opening import open_data_backup
from earwitness.bootstrap import open_house
from earwitness.kernel.clock import SystemClock
from earwitness.kernel.errors import NotFound
from earwitness.ledger.notes import VerifierKey
from earwitness.storage.schema import key_backup
from earwitness.testing.canary import AUDIO, NAME
from earwitness.testing.crash.facts import Fact, acknowledged_of
from earwitness.testing.crash.power_cut import Left, Plan, check_every_cut
from earwitness.testing.crash.record import record
from earwitness.testing.homes import Adult, Home, make_home

WORKER = Path(__file__).parent / "workers" / "backup.py"


@dataclass(frozen=True, slots=True)
class Check:
    """What must be true of every state that a power cut can leave."""

    key: VerifierKey
    household: str
    ada: Adult
    erased: str
    standing: str

    def __call__(self, folder: Path, facts: Sequence[Fact]) -> None:
        data = [path.name for path in folder.glob("usb/earwitness-*")]
        keys = [path.name for path in folder.glob("safe/earwitness-keys-*")]
        assert {name for (name,) in acknowledged_of(facts, "data")} <= set(data)
        assert {name for name, _ in acknowledged_of(facts, "keys")} <= set(keys)
        for name in data:
            open_data_backup(folder / "usb" / name, self.key)
        for name in keys:
            open_key_backup(folder / "safe" / name, SystemClock().now_ms())
        if any(folder.glob("safe/**/root-*")):
            self._copy_is_known(folder)
        if acknowledged_of(facts, "restored") or (folder / "new").exists():
            self._restored(folder / "new")

    @staticmethod
    def _copy_is_known(folder: Path) -> None:
        """Wherever a part of a copy of the keys is, the deletion bounds know of it."""
        with open_house(folder / "old") as house, house.database.read() as tx:
            assert tx.execute(select(key_backup)).one()

    def _restored(self, data: Path) -> None:
        with open_house(data) as house:
            home = Home(house, self.household)
            with pytest.raises(NotFound):
                home.play(self.ada, self.erased)
            assert AUDIO in home.play(self.ada, self.standing)


def test_backups_and_restores_survive_every_cut(tmp_path: Path, scratch: Path) -> None:
    folder = tmp_path / "all"
    home = make_home(folder / "old", SystemClock())
    ada = home.adult(NAME)
    erased, standing = home.keep(ada), home.keep(ada)
    check = Check(home.house.log.signer.key, home.household, ada, erased, standing)
    home.house.close()
    recording = record([sys.executable, WORKER, folder, ada.id, home.household, erased], folder)
    tally = check_every_cut(recording, check, scratch, Plan(partial=1, most=60))
    assert tally.checked[Left.SYNCED] > 40
    assert tally.checked[Left.WRITTEN] > 40
