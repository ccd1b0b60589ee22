"""P3: deleting removes everything that came of a recording, and a restored backup does not bring it back.

Tried: keep two recordings; erase one; find the other untouched, and of the first no row, no key, no
blob and no byte of its content anywhere in the data folder; check the receipt offline. Then the same on
a second installation, made for this check alone: back it up, data and keys, erase, restore the backup
into a third place, and look for it there. That installation is another one because backing up this one
would copy everybody's keys to a temporary folder.
"""

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import select

from earwitness.backup.keycopies import backup_keys
from earwitness.backup.making import backup
from earwitness.backup.restoring import Sources, restore
from earwitness.bootstrap import House, create_house, open_house
from earwitness.kernel.actors import Actor
from earwitness.kernel.errors import BlobMissing, KeyDestroyed, NotFound
from earwitness.ledger.notes import parse_verifier_key
from earwitness.ledger.proof import verify_receipt
from earwitness.policy.purposes import Purpose
from earwitness.promises.canary import Canary, Sample, canary_household
from earwitness.promises.checks import Broken, must_refuse, require
from earwitness.storage.schema import artefact, metadata


def attempt(canary: Canary) -> str:
    """Try it; see the module."""
    house, anna = canary.house, canary.anna
    gone, stays = canary.keep(anna), canary.keep(anna)
    objects = _objects(house, gone)
    accepted = house.erasure.erase(anna.actor, canary.scope(anna, gone.id))
    _unreadable(house, anna.actor, gone)
    house.removal.remove(accepted.erasure)
    _nothing_left(house, gone, objects)
    heard = house.reading.play(anna.actor, stays.id, Purpose.HISTORY).read()
    require(heard == stays.wav, "Another recording was damaged by the erasure.")
    receipt = verify_receipt(house.receipts.file(accepted.receipt.id), parse_verifier_key(house.log.signer.vkey))
    require(gone.word not in repr(receipt), "The receipt holds what was erased.")
    with tempfile.TemporaryDirectory(prefix="earwitness-check-") as scratch:
        _nothing_returns(Path(scratch))
    return (
        "erased one of two: no row, key, blob or byte of it was left, the other still played, the receipt verified; "
        "a backup from before, restored elsewhere, did not bring one back"
    )


def _nothing_returns(scratch: Path) -> None:
    """Erase after a backup, restore the backup, and require that only what was not erased is there."""
    data, restored = scratch / "data", scratch / "restored"
    create_house(data)
    with open_house(data) as house, canary_household(house) as canary:
        anna = canary.anna
        gone, stays = canary.keep(anna), canary.keep(anna)
        objects = _objects(house, gone)
        made = backup(house, scratch / "backups")
        keys = backup_keys(house, scratch / "keys", days=1)
        accepted = house.erasure.erase(anna.actor, canary.scope(anna, gone.id))
        house.removal.remove(accepted.erasure)
        restore(Sources(made.folder, keys.folder, second=house.log.second), restored)
        with open_house(restored) as after:
            _unreadable(after, anna.actor, gone)
            _nothing_left(after, gone, objects)
            heard = after.reading.play(anna.actor, stays.id, Purpose.HISTORY).read()
            require(heard == stays.wav, "The restored backup lacks what was not erased.")


def _unreadable(house: House, actor: Actor, gone: Sample) -> None:
    must_refuse(
        "Playing what was erased",
        lambda: house.reading.play(actor, gone.id, Purpose.HISTORY),
        NotFound,
        KeyDestroyed,
    )
    require(not house.keyring.keys([gone.id]), "The key of what was erased is still there.")


def _objects(house: House, sample: Sample) -> list[str]:
    """Return the names of the stored objects of a recording."""
    query = select(artefact.c.blob).where(artefact.c.recording_id == sample.id, artefact.c.blob.is_not(None))
    with house.database.read() as tx:
        return [str(name) for name in tx.scalars(query)]


def _nothing_left(house: House, gone: Sample, objects: Sequence[str]) -> None:
    require(bool(objects), "The recording had no object in the store, so that nothing can be said of its end.")
    for name in objects:
        must_refuse("Reading the stored object of what was erased", partial(house.blobs.get, name), BlobMissing)
    with house.database.read() as tx:
        for table in metadata.sorted_tables:
            for column in table.columns:
                if column.name == "recording_id" or (table.name, column.name) == ("recording", "id"):
                    left = tx.execute(table.select().where(column == gone.id)).first()
                    require(left is None, f"The table {table.name} still holds a row of what was erased.")
    for path in house.data.rglob("*"):
        if path.is_file():
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                continue
            for needle in (gone.mark, gone.word.encode()):
                if needle in content:
                    raise Broken(f"{path.relative_to(house.data)} still holds content of what was erased.")
