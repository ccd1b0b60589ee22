"""P3: deleting removes everything that came of a recording, and a restored backup does not bring it back.

Tried: keep two recordings; erase one; find the other untouched, and of the first no row, no key, no
blob and no byte of its content anywhere in the data folder; check the receipt offline; restore a
backup from before into a new folder, and look for it there.
"""

from earwitness.kernel.errors import KeyDestroyed, NotFound
from earwitness.ledger.notes import parse_verifier_key
from earwitness.ledger.proof import verify_receipt
from earwitness.policy.purposes import Purpose
from earwitness.promises.canary import Canary, Sample
from earwitness.promises.checks import Broken, must_refuse, require
from earwitness.storage.schema import metadata


def attempt(canary: Canary) -> str:
    """Try it; see the module."""
    house, anna = canary.house, canary.anna
    gone, stays = canary.keep(anna), canary.keep(anna)
    accepted = house.erasure.erase(anna.actor, canary.scope(anna, gone.id))
    _unreadable(canary, gone)
    house.removal.remove(accepted.erasure)
    _nothing_left(canary, gone)
    heard = house.reading.play(anna.actor, stays.id, Purpose.HISTORY).read()
    require(heard == stays.wav, "Another recording was damaged by the erasure.")
    receipt = verify_receipt(house.receipts.file(accepted.receipt.id), parse_verifier_key(house.log.signer.vkey))
    require(gone.word not in repr(receipt), "The receipt holds what was erased.")
    return "erased one of two: no row, key, blob or byte of it was left, the other still played, the receipt verified"


def _unreadable(canary: Canary, gone: Sample) -> None:
    house, anna = canary.house, canary.anna
    must_refuse(
        "Playing what was erased",
        lambda: house.reading.play(anna.actor, gone.id, Purpose.HISTORY),
        NotFound,
        KeyDestroyed,
    )
    require(not house.keyring.keys([gone.id]), "The key of what was erased is still there.")


def _nothing_left(canary: Canary, gone: Sample) -> None:
    house = canary.house
    with house.database.read() as tx:
        for table in metadata.sorted_tables:
            for column in table.columns:
                if column.name == "recording_id":
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
