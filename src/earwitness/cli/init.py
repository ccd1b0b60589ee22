"""``earwitness init``: make an installation, and if a name is given its household and first owner."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from earwitness.bootstrap import create_house, default_settings, open_house
from earwitness.cli.options import DEFAULT_DATA, DataFolder, JsonFlag, examples
from earwitness.cli.output import note, show_record
from earwitness.cli.passphrase import ask_passphrase
from earwitness.cli.person import KeyFile, add_person
from earwitness.identity.households import HouseholdKind
from earwitness.identity.people import Standing
from earwitness.kernel.errors import BadInput

EXAMPLES = examples(
    "earwitness init --owner Ana",
    "earwitness init --owner Ana --key-file ana.agekey --second-copy /mnt/usb/earwitness-log",
    "EARWITNESS_PASSPHRASE=… earwitness init --custodian passphrase",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("init", epilog=EXAMPLES)(init)


def init(  # noqa: PLR0917 - options
    data: DataFolder = DEFAULT_DATA,
    owner: Annotated[str, typer.Option(help="Add this person as the owner of the first household.")] = "",
    household: Annotated[str, typer.Option(help="Name of the first household.")] = "Home",
    workplace: Annotated[bool, typer.Option("--workplace", help="It is a workplace, not a home.")] = False,
    key_file: KeyFile = None,
    custodian: Annotated[
        Literal["keyfile", "passphrase", "transit"], typer.Option(help="Who holds the root key.")
    ] = "keyfile",
    vault_address: Annotated[str, typer.Option(help="Address of Vault, for --custodian transit.")] = "",
    second_copy: Annotated[
        str, typer.Option(help="Folder for the log's second copy, best on another disk.")
    ] = "second",
    database_url: Annotated[str, typer.Option(help="PostgreSQL instead of SQLite: postgresql+psycopg://…")] = "",
    keys_url: Annotated[str, typer.Option(help="A PostgreSQL database of its own for wrapped keys.")] = "",
    s3_bucket: Annotated[str, typer.Option(help="Keep sealed objects in this bucket instead of files.")] = "",
    s3_endpoint: Annotated[str, typer.Option(help="Address of the S3-compatible store.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Make a new installation in an empty data folder."""
    if custodian == "transit" and not vault_address:
        raise BadInput("Vault needs an address.", next_step="Give --vault-address https://….")
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
    create_house(data, chosen, passphrase=ask_passphrase)
    made: dict[str, object] = {"data": str(data), "installation": chosen.installation, "custodian": custodian}
    with open_house(data, passphrase=ask_passphrase) as house:
        made["log_key"] = house.log.signer.vkey
        if owner:
            kind = HouseholdKind.WORKPLACE if workplace else HouseholdKind.HOME
            home = house.directory.households.add(household, kind)
            made |= {"household": home.id} | add_person(house, home.id, owner, Standing.OWNER, key_file=key_file)
    show_record(made, as_json=as_json)
    if not as_json:
        note(_next_step(owner, data))


def _next_step(owner: str, data: Path) -> str:
    where = "" if data == DEFAULT_DATA else f" --data {data}"
    if not owner:
        return f"Next: earwitness person add NAME --owner{where}"
    return f"Next: earwitness consent give assist history{where}; until then nothing is kept."
