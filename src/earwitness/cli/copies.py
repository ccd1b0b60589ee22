"""``earwitness copies``: what is left after the identity limit, found by the holder of an age key alone."""

from pathlib import Path
from typing import Annotated

import typer

from earwitness.cli.files import read_small
from earwitness.cli.finding import expand
from earwitness.cli.options import DEFAULT_DATA, DataFolder, JsonFlag, Yes, examples
from earwitness.cli.output import Moment, show_record, show_rows
from earwitness.cli.plain import App
from earwitness.cli.questions import confirm
from earwitness.cli.session import opened
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.vault.deidentified import Copy

COLUMNS = {"week": "week of", "kind": "kind", "size": "bytes", "expires": "until", "id": "id"}
ALL = "all"
LARGEST_KEY_FILE = 64 * 1024
KeyOption = Annotated[Path, typer.Option("--key-file", metavar="FILE", help="The file with your age secret key.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    copies = App(help="De-identified copies, which only the holder of an age key finds.")
    copies.command("list", epilog=examples("earwitness copies list --key-file ana.agekey"))(list_copies)
    copies.command("erase", epilog=examples("earwitness copies erase all --key-file ana.agekey"))(erase_copy)
    app.add_typer(copies, name="copies")


def list_copies(key_file: KeyOption, data: DataFolder = DEFAULT_DATA, as_json: JsonFlag = False) -> None:
    """List the de-identified copies whose handles your age key opens."""
    identity = read_identity(key_file)
    with opened(data) as house:
        found = list(house.deidentified.of_holder(identity))
    rows = [_shown(each) for each in found]
    show_rows(rows, COLUMNS, as_json=as_json, empty="Your key finds no copies.")


def erase_copy(
    copy: Annotated[str, typer.Argument(metavar="COPY", help="A copy's id, or 'all'.")],
    key_file: KeyOption,
    data: DataFolder = DEFAULT_DATA,
    yes: Yes = False,
    as_json: JsonFlag = False,
) -> None:
    """Erase de-identified copies of yours."""
    identity = read_identity(key_file)
    with opened(data) as house:
        mine = list(house.deidentified.of_holder(identity))
        name = copy if copy == ALL else expand(copy, copy.partition("_")[0], (each.id for each in mine))
        chosen = [each for each in mine if name in {each.id, ALL}]
        if not chosen:
            raise NotFound("Your key finds no such copy.", next_step="earwitness copies list shows what it finds.")
        confirm(f"Erase {len(chosen)} copies? There is no way back.", yes=yes)
        for each in chosen:
            house.deidentified.erase(each.handle)
    show_record({"erased": [each.id for each in chosen] if as_json else len(chosen)}, as_json=as_json)


def read_identity(path: Path) -> str:
    """Return the age secret key in a file as age-keygen writes it.

    Raises:
        BadInput: there is none in it.
    """
    lines = read_small(path, LARGEST_KEY_FILE).decode("ascii", "replace").splitlines()
    keys = [line.strip() for line in lines if line.startswith("AGE-SECRET-KEY-")]
    if len(keys) != 1:
        raise BadInput(f"{path} holds no age secret key.", next_step="It has a line that begins with AGE-SECRET-KEY-1.")
    return keys[0]


def _shown(each: Copy) -> dict[str, object]:
    return {
        "id": each.id,
        "kind": each.kind,
        "size": each.size,
        "week": Moment(each.kept_week_at, day=True),
        "expires": Moment(each.expires_at, day=True),
    }
