"""P10: your export reaches only you.

Tried: export one adult; open the archive with their key and find the recording in it byte for byte;
try to open it with the other adult's key; ask for it as the other adult; and hand the worker, with
one adult's key, a recording of the other.
"""

import io
import tarfile
import tempfile
from pathlib import Path

import pyrage

from earwitness.kernel.errors import KeyCorrupt
from earwitness.promises.canary import Canary
from earwitness.promises.checks import Broken, must_refuse, require


def attempt(canary: Canary) -> str:
    """Try it; see the module."""
    house, anna, other = canary.house, canary.anna, canary.other
    mine, theirs = canary.keep(anna), canary.keep(other)
    with tempfile.TemporaryDirectory() as scratch:
        made = house.export.export(anna.actor, anna.id, Path(scratch))
        sealed = made.path.read_bytes()
        must_refuse(
            "Exporting somebody else", lambda: house.export.export(other.actor, anna.id, Path(scratch) / "other")
        )
    require(mine.mark not in sealed and mine.word.encode() not in sealed, "The archive is not encrypted.")
    _only_for(anna.identity, other.identity, sealed, mine.id, mine.wav, theirs.id)
    share = house.keyring.share(anna.id, [])
    strange = house.keyring.share(other.id, [theirs.id]).wrapped[theirs.id]
    must_refuse("Opening a stranger's key with one's own", lambda: share.open(theirs.id, strange), KeyCorrupt)
    return "the archive opened with its person's key alone and held nobody else's; a stranger's row did not open"


def _only_for(  # noqa: PLR0913, PLR0917 - two keys and what is to be found
    right: "pyrage.x25519.Identity",
    wrong: "pyrage.x25519.Identity",
    sealed: bytes,
    mine: str,
    wav: bytes,
    theirs: str,
) -> None:
    try:
        pyrage.decrypt(sealed, [wrong])
    except pyrage.DecryptError:
        pass
    else:
        raise Broken("The archive opened with somebody else's key.")
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(sealed, [right]))) as tar:
        names = tar.getnames()
        found = tar.extractfile(f"recordings/{mine}/audio.wav")
        require(found is not None and found.read() == wav, "The archive lacks what was kept.")
        require(not any(theirs in name for name in names), "The archive holds somebody else's recording.")
        require(names[-1] == "manifest.json", "The archive is not whole.")
