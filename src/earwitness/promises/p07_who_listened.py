"""P7: every opening is listed for you, in a log that cannot be rewritten unseen.

Tried: play a recording; find the entry, and prove its leaf in the published log; change one byte in a
copy of that log, leave its last leaf out of another, and see that verification names each.
"""

import shutil
import tempfile
from pathlib import Path

from earwitness.kernel.errors import LedgerError
from earwitness.ledger.merkle import leaf_hash
from earwitness.ledger.merkle_proofs import verify_inclusion
from earwitness.ledger.verify import verify
from earwitness.policy.access import Resource
from earwitness.policy.purposes import Purpose
from earwitness.promises.canary import Canary
from earwitness.promises.checks import must_refuse, require


def attempt(canary: Canary) -> str:
    """Try it; see the module."""
    house, anna = canary.house, canary.anna
    sample = canary.keep(anna)
    playback = house.reading.play(anna.actor, sample.id, Purpose.HISTORY)
    lines = house.history.who(anna.actor, Resource(id=anna.id, subject=anna.id, household=canary.household))
    played = [line for line in lines if line.details.get("grant") == playback.grant.id]
    require(len(played) == 1 and sample.id in played[0].recordings, "The opening is not listed.")
    require(not list(house.audit.chain_breaks(anna.id)), "The person's chain of entries has a gap.")
    checkpoint = house.log.publish()
    entries = {entry.index: entry for entry in house.audit.entries(anna.id)}
    index = played[0].index
    verify_inclusion(
        index, checkpoint.size, leaf_hash(entries[index].commitment), house.log.proof(index), checkpoint.root
    )
    key = house.log.signer.vkey
    verify(house.log.folder, key)
    with tempfile.TemporaryDirectory() as scratch:
        _tampered(house.log.folder, Path(scratch) / "changed", key, flip=True)
        _tampered(house.log.folder, Path(scratch) / "cut", key, flip=False)
    return "the opening was listed and its proof held; a changed and a shortened copy of the log were found out"


def _tampered(log: Path, copy: Path, key: str, *, flip: bool) -> None:
    """Spoil a copy of the log in its newest entry bundle and require that verification says so."""
    shutil.copytree(log, copy)
    newest = max((copy / "tile" / "entries").rglob("*"), key=lambda path: (path.is_file(), path.stat().st_mtime_ns))
    data = bytearray(newest.read_bytes())
    if flip:
        data[-1] ^= 1
    else:
        del data[-34:]
    newest.write_bytes(bytes(data))
    must_refuse("Rewriting the log unseen", lambda: verify(copy, key), LedgerError)
