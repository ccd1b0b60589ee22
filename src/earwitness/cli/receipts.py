"""``earwitness receipts``: what was erased, signed; and ``copies``: what is left after the identity limit."""

from pathlib import Path
from typing import Annotated

import typer

from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, JsonFlag, examples
from earwitness.cli.output import note, say, show_rows
from earwitness.cli.session import asking, opened
from earwitness.kernel.clock import rfc3339
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.storage.files import make_folder, write_durably
from earwitness.vault.deidentified import Copy

COLUMNS = {"at": "when", "kind": "kind", "scope": "scope", "final_by": "final by", "index": "log entry", "id": "id"}
COPIES = {"week": "week of", "kind": "kind", "size": "bytes", "expires": "until", "id": "id"}
KeyOption = Annotated[Path, typer.Option("--key-file", help="The file with your age secret key.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("receipts", epilog=examples("earwitness receipts --as Ana --save receipts/"))(receipts)
    copies = typer.Typer(help="De-identified copies, which only the holder of an age key finds.", no_args_is_help=True)
    copies.command("list")(list_copies)
    copies.command("erase")(erase_copy)
    app.add_typer(copies, name="copies")


def receipts(
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    subject: Annotated[str, typer.Option(help="The id of a person who was erased.")] = "",
    save: Annotated[Path | None, typer.Option(help="Write each as a file that verifies anywhere.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """List the signed receipts of what was erased; save them with --save."""
    with opened(data) as house:
        found = house.receipts.of(subject or asking(house, as_person).id)
        if save is not None:
            make_folder(save)
            for each in found:
                write_durably(save / f"{each.id}.tlog-proof", house.receipts.file(each.id))
    rows = [
        {
            "at": rfc3339(each.at),
            "kind": each.kind,
            "scope": each.body["scope"],
            "final_by": each.body["final_by"],
            "index": each.index,
            "id": each.id,
            "body": dict(each.body),
        }
        for each in found
    ]
    show_rows(rows, COLUMNS, as_json=as_json)
    if save is not None and not as_json:
        note(f"{len(found)} file(s) in {save}; earwitness verify FILE --key KEY checks one anywhere")


def list_copies(key_file: KeyOption, data: DataFolder = DEFAULT_DATA, as_json: JsonFlag = False) -> None:
    """List the de-identified copies whose handles your age key opens."""
    with opened(data) as house:
        found = list(house.deidentified.of_holder(read_identity(key_file)))
    show_rows([_copy(each) for each in found], COPIES, as_json=as_json)


def erase_copy(
    copy: Annotated[str, typer.Argument(help="A copy's id, or 'all'.")],
    key_file: KeyOption,
    data: DataFolder = DEFAULT_DATA,
) -> None:
    """Erase de-identified copies of yours."""
    with opened(data) as house:
        mine = list(house.deidentified.of_holder(read_identity(key_file)))
        chosen = [each for each in mine if copy in {each.id, "all"}]
        if not chosen:
            raise NotFound("Your key finds no such copy.", next_step="earwitness copies list --key-file FILE")
        for each in chosen:
            house.deidentified.erase(each.handle)
    say(f"{len(chosen)} erased")


def read_identity(path: Path) -> str:
    """Return the age secret key in a file as age-keygen writes it.

    Raises:
        BadInput: there is none in it.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read.") from error
    keys = [line.strip() for line in lines if line.startswith("AGE-SECRET-KEY-")]
    if len(keys) != 1:
        raise BadInput(f"{path} holds no age secret key.", next_step="It has a line that begins with AGE-SECRET-KEY-1.")
    return keys[0]


def _copy(each: Copy) -> dict[str, object]:
    return {
        "id": each.id,
        "kind": each.kind,
        "size": each.size,
        "week": rfc3339(each.kept_week_at)[:10],
        "expires": rfc3339(each.expires_at)[:10],
    }
