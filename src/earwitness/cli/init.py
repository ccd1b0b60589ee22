"""``earwitness init``: make an installation, and if a name is given its household and first owner."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from earwitness.bootstrap import House, create_house, default_settings, open_house
from earwitness.bootstrap.sample import give_sample_home
from earwitness.cli.options import DEFAULT_DATA, DataFolder, JsonFlag, examples
from earwitness.cli.output import note, show_record
from earwitness.cli.passphrase import ask_new_passphrase
from earwitness.cli.person import KeyFile, add_person, require_free
from earwitness.identity.households import HouseholdKind
from earwitness.identity.names import clean_name
from earwitness.identity.people import Standing
from earwitness.kernel.errors import BadInput
from earwitness.settings import Settings

EXAMPLES = examples(
    "earwitness init --owner Ana",
    "earwitness init --owner Ana --key-file ana.agekey --second-copy /mnt/usb/earwitness-log",
    "earwitness init --custodian passphrase",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init", epilog=EXAMPLES)(init)


def init(  # noqa: PLR0917 - options
    data: DataFolder = DEFAULT_DATA,
    owner: Annotated[
        str, typer.Option(metavar="NAME", help="Add this person as the owner of the first household.")
    ] = "",
    household: Annotated[str, typer.Option(metavar="NAME", help="Name of the first household.")] = "Home",
    workplace: Annotated[bool, typer.Option("--workplace", help="It is a workplace, not a home.")] = False,
    key_file: KeyFile = None,
    custodian: Annotated[
        Literal["keyfile", "passphrase", "transit"],
        typer.Option(help="Who holds the root key: a file, a passphrase, or Vault.", show_choices=True),
    ] = "keyfile",
    vault_address: Annotated[str, typer.Option(metavar="URL", help="Address of Vault, for --custodian transit.")] = "",
    second_copy: Annotated[
        str, typer.Option(metavar="FOLDER", help="Folder for the log's second copy, best on another disk.")
    ] = "second",
    database_url: Annotated[
        str, typer.Option(metavar="URL", help="PostgreSQL instead of SQLite: postgresql+psycopg://…")
    ] = "",
    keys_url: Annotated[
        str, typer.Option(metavar="URL", help="A PostgreSQL database of its own for wrapped keys.")
    ] = "",
    s3_bucket: Annotated[
        str, typer.Option(metavar="NAME", help="Keep sealed objects in this bucket instead of files.")
    ] = "",
    s3_endpoint: Annotated[str, typer.Option(metavar="URL", help="Address of the S3-compatible store.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Make a new installation in an empty data folder."""
    chosen = default_settings().model_copy(
        update={
            "custodian": custodian,
            "vault_address": vault_address,
            "second_copy": second_copy,
            "database_url": database_url,
            "keys_url": keys_url,
            "s3_bucket": s3_bucket,
            "s3_endpoint": s3_endpoint,
        }
    )
    _require_sense(chosen, owner, household, key_file)
    passphrase = ask_new_passphrase() if custodian == "passphrase" else ""
    with _nothing_left_on_failure(data):
        create_house(data, chosen, passphrase=lambda: passphrase)
        give_sample_home(data)
    with open_house(data, passphrase=lambda: passphrase) as house:
        made = {"data": str(data), "installation": chosen.installation, "custodian": custodian}
        made |= {"log_key": house.log.signer.vkey}
        shown = made | (_move_in(house, owner, household, key_file, workplace=workplace) if owner else {})
    show_record(shown, as_json=as_json)
    if not as_json:
        note(_next_step(owner))


@contextmanager
def _nothing_left_on_failure(data: Path) -> Iterator[None]:
    """Remove what was made in a place that was new or empty, if it could not be finished."""
    existed = data.exists()
    fresh = not existed or (data.is_dir() and not any(data.iterdir()))
    try:
        yield
    except BaseException:
        if fresh:
            for each in data.iterdir() if data.is_dir() else ():
                shutil.rmtree(each, ignore_errors=True) if each.is_dir() else each.unlink(missing_ok=True)
            if not existed and data.is_dir():
                data.rmdir()
        raise


def _require_sense(chosen: Settings, owner: str, household: str, key_file: Path | None) -> None:
    """Refuse what would fail after the installation was made."""
    if chosen.custodian == "transit" and not chosen.vault_address:
        raise BadInput("Vault needs an address.", next_step="Give --vault-address https://….")
    if key_file and not owner:
        raise BadInput("--key-file is the owner's.", next_step="Give --owner NAME as well.")
    if owner:
        clean_name(owner)
        clean_name(household)
    if key_file:
        require_free(key_file)


def _move_in(house: House, owner: str, household: str, key_file: Path | None, *, workplace: bool) -> dict[str, object]:
    kind = HouseholdKind.WORKPLACE if workplace else HouseholdKind.HOME
    home = house.directory.households.add(household, kind)
    return {"household": home.id, **add_person(house, home.id, owner, Standing.OWNER, key_file=key_file)}


def _next_step(owner: str) -> str:
    if not owner:
        return "Next: earwitness person add NAME --owner"
    return "Next: earwitness consent give assist history; until then nothing is kept."
