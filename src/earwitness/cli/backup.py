"""``earwitness backup``: what a restore needs, and apart from it the keys, which expire."""

from pathlib import Path
from typing import Annotated

import typer

from earwitness.backup.keycopies import MOST_DAYS, KeyBackupMade, backup_keys, expire_key_backups
from earwitness.backup.making import BackupMade
from earwitness.backup.making import backup as backup_data
from earwitness.backup.places import refuse_data_at, refuse_keys_at
from earwitness.cli.options import DEFAULT_DATA, DataFolder, JsonFlag, examples
from earwitness.cli.output import Moment, note, show_record
from earwitness.cli.session import opened
from earwitness.cli.stages import stages
from earwitness.kernel.errors import BadInput

EXAMPLES = examples(
    "earwitness backup /mnt/disk/data --keys-to /mnt/usb/keys",
    "earwitness backup /mnt/disk/data",
    "earwitness backup /mnt/disk/data --keys-to /mnt/usb/keys --days 3",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backup", epilog=EXAMPLES)(backup)


def backup(
    to: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write it; it gets a folder of its own there.")],
    data: DataFolder = DEFAULT_DATA,
    keys_to: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Also back up the keys, here: on another medium.")
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_DAYS, help="How long the key backup lives; key_backup_days if left out."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write a backup of the data and, with --keys-to, one of the keys.

    The data alone opens nothing and may be kept for long. The keys open it; until they expire nothing
    that is erased is final, and expired ones in the same place are destroyed.
    """
    _require_apart(to, keys_to, data, days)
    with opened(data) as house, stages(quiet=as_json) as progress:
        made = backup_data(house, to, progress)
        keys = None
        if keys_to is not None:
            keys = backup_keys(house, keys_to, days or house.settings.key_backup_days)
            expire_key_backups(keys_to, house.clock.now_ms())
    show_record(_shown(made, keys), as_json=as_json)
    if not as_json:
        _advise(made, keys)


def _require_apart(to: Path, keys_to: Path | None, data: Path, days: int | None) -> None:
    """Refuse, before the first byte, what would be refused halfway."""
    refuse_data_at(to, data)
    if keys_to is None:
        if days is not None:
            raise BadInput("--days is about the key backup.", next_step="Give --keys-to FOLDER as well.")
        return
    refuse_keys_at(keys_to, data)
    places = to.resolve(), keys_to.resolve()
    if places[0] == places[1] or places[0] in places[1].parents or places[1] in places[0].parents:
        raise BadInput(
            "Data and keys would lie together.",
            next_step="Whoever finds both can read everything: give two places, best two disks.",
        )


def _shown(made: BackupMade, keys: KeyBackupMade | None) -> dict[str, object]:
    counts = made.counts
    shown: dict[str, object] = {
        "backup": str(made.folder),
        "log_entries": made.ledger,
        "recordings": counts.recordings,
        "people": counts.people,
        "objects": counts.blobs,
        "object_bytes": counts.blob_bytes,
        "objects_missing": counts.blobs_missing,
    }
    if keys is not None:
        shown |= {"keys": str(keys.folder), "keys_expire": Moment(keys.expires_at)}
    return shown


def _advise(made: BackupMade, keys: KeyBackupMade | None) -> None:
    if made.counts.blobs_missing:
        note(f"{made.counts.blobs_missing} objects are missing here already: their recordings cannot be restored.")
    if keys is None:
        note("Without keys it cannot be restored. They are backed up apart: --keys-to FOLDER")
    note("A restore also needs the log's second copy, or its newest checkpoint.")
