"""``earwitness restore``: bring an installation back, and nothing that was erased since."""

from pathlib import Path
from typing import Annotated

import typer

from earwitness import settings
from earwitness.backup.restoring import Restored, Sources
from earwitness.backup.restoring import restore as restore_data
from earwitness.cli.files import read_small
from earwitness.cli.options import JsonFlag, examples
from earwitness.cli.output import note, show_record
from earwitness.cli.passphrase import ask_passphrase
from earwitness.cli.stages import stages
from earwitness.kernel.errors import BadInput, RestoreGap

DANGEROUS = "--without-second-copy-erased-things-may-return"
LARGEST_CHECKPOINT = 64 * 1024
EXAMPLES = examples(
    "earwitness restore /mnt/disk/data/earwitness-20261121T100000Z \\",
    "    --keys /mnt/usb/keys/earwitness-keys-20261121T100000Z \\",
    "    --second /mnt/usb/earwitness-log --to restored",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("restore", epilog=EXAMPLES)(restore)


def restore(  # noqa: PLR0917 - options
    backup: Annotated[Path, typer.Argument(metavar="BACKUP", help="The folder of a data backup.")],
    keys: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder of a key backup.")],
    to: Annotated[Path, typer.Option(metavar="FOLDER", help="The new data folder; it must not exist or be empty.")],
    second: Annotated[Path | None, typer.Option(metavar="FOLDER", help="The newest second copy of the log.")] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The newest checkpoint that a witness or a person has.")
    ] = None,
    with_settings: Annotated[
        Path | None,
        typer.Option(
            "--settings",
            metavar="FOLDER",
            help="Use the earwitness.toml in this folder: another database, another bucket.",
        ),
    ] = None,
    without_second_copy_erased_things_may_return: Annotated[
        bool,
        typer.Option(
            DANGEROUS,
            help="Restore although nothing shows that no erasure is missing. What was erased since may come back.",
        ),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Restore a data backup and a key backup into a new folder.

    Every erasure in the log is done again before anything can be opened. Where nothing shows that the
    log at hand is the newest, it is refused.
    """
    sources = Sources(
        data=_folder(backup),
        keys=_folder(keys),
        second=second,
        checkpoint=_checkpoint(checkpoint),
        settings=settings.load(with_settings) if with_settings else None,
    )
    with stages(quiet=as_json) as progress:
        try:
            done = restore_data(
                sources,
                to,
                passphrase=ask_passphrase,
                progress=progress,
                without_second_copy_erased_things_may_return=without_second_copy_erased_things_may_return,
            )
        except RestoreGap as gap:
            raise RestoreGap(gap.what, next_step=_as_an_option(gap.next_step)) from gap
    show_record(_shown(done), as_json=as_json)
    if not as_json:
        _advise(done)


def _as_an_option(text: str) -> str:
    """Spell the dangerous way as it is typed here."""
    return text.replace("without_second_copy_erased_things_may_return", DANGEROUS)


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise BadInput(f"{path} is not a folder.", next_step="Give the folder that earwitness backup made.")
    return path


def _checkpoint(path: Path | None) -> bytes | None:
    return read_small(path, LARGEST_CHECKPOINT) if path is not None else None


def _shown(done: Restored) -> dict[str, object]:
    return {
        "data": str(done.folder),
        "relied_on": done.relied_on,
        "log_entries": done.ledger,
        "of_them_from_the_second_copy": done.filled,
        "entries_given_back": done.entries_given_back,
        "entries_nobody_opens": done.entries_unopened,
        "ended_by_the_log": dict(done.ended),
        "erased_again": done.removed,
        "expired": done.expired,
        "lost_without_key": done.without_key,
        "people_lost": done.people_lost,
        "objects_missing": done.objects_missing,
        "epoch": done.epoch,
    }


def _advise(done: Restored) -> None:
    if done.people_lost:
        note(f"{done.people_lost} people came after the key backup: what was kept of them cannot be opened any more.")
    if done.relied_on == "none":
        note("Nothing showed that the log is the newest: what was erased after the backup may be back.")
    note(f"Next: earwitness verify --data {done.folder}, then earwitness promises --data {done.folder}")
