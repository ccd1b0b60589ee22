"""Back a house up, data and keys, and restore it beside: with an erasure between."""

import sys
from pathlib import Path

from earwitness.backup.keycopies import backup_keys
from earwitness.backup.making import backup
from earwitness.backup.restoring import Sources, restore
from earwitness.bootstrap import open_house
from earwitness.policy.retention import RetentionChoice
from earwitness.testing.crash.facts import acknowledged, trying
from earwitness.vault.scope import Scope, ScopeKind

folder, person_id, household, recording = Path(sys.argv[1]), *sys.argv[2:5]
with open_house(folder / "old") as house:
    data = backup(house, folder / "usb")
    acknowledged("data", data.folder.name)
    trying("keys")
    keys = backup_keys(house, folder / "safe", 7)
    acknowledged("keys", keys.folder.name, keys.id)
    actor = house.directory.people.get(person_id).actor()
    trying("erase")
    house.erasure.erase(actor, Scope(ScopeKind.RECORDINGS, person_id, household, (recording,)))
    acknowledged("erase")
    house.retention.choose(actor, person_id, RetentionChoice.EIGHTEEN_MONTHS)
restore(Sources(data.folder, keys.folder, folder / "old" / "second"), folder / "new")
acknowledged("restored")
