"""``earwitness receipts``: what was erased, signed, in files that verify anywhere."""

from pathlib import Path
from typing import Annotated

import typer

from earwitness.bootstrap import House
from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, JsonFlag, examples
from earwitness.cli.output import Moment, note, show_rows
from earwitness.cli.session import asking, opened
from earwitness.kernel.clock import parse_rfc3339
from earwitness.kernel.errors import NotFound
from earwitness.storage.files import make_folder, write_durably
from earwitness.vault.receipts import COMPLETED, Receipt

COLUMNS = {"at": "when", "says": "says", "scope": "scope", "final_by": "final by", "index": "entry", "id": "id"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    lines = ("earwitness receipts --as Ana --save receipts/", "earwitness receipts --subject person_…")
    app.command("receipts", epilog=examples(*lines))(receipts)


def receipts(
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    subject: Annotated[str, typer.Option(metavar="ID", help="The whole id of a person who was erased.")] = "",
    save: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write each as a file that verifies anywhere.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """List the signed receipts of what was erased.

    The first says that it cannot be opened any more; the second, that it is final. --save writes them as
    files, which earwitness verify checks on any machine.
    """
    with opened(data) as house:
        found = house.receipts.of(subject or asking(house, as_person).id)
        if subject and not found:
            raise NotFound("There is no receipt for such an id.", next_step="Give the whole id: person_….")
        if save is not None:
            _save(house, found, save)
        key = house.log.signer.vkey
    rows = [_row(each) for each in found]
    show_rows(rows, COLUMNS, as_json=as_json, wraps=("scope",), empty="Nothing was erased yet.")
    if save is not None and not as_json:
        note(f"{len(found)} file(s) in {save}. On any machine: earwitness verify FILE --key {key}")


def _save(house: House, found: list[Receipt], folder: Path) -> None:
    make_folder(folder)
    for each in found:
        write_durably(folder / f"{each.id}.tlog-proof", house.receipts.file(each.id))


def _row(receipt: Receipt) -> dict[str, object]:
    final = receipt.body.get("final_by")
    return {
        "at": Moment(receipt.at),
        "kind": receipt.kind,
        "says": "final" if receipt.kind == COMPLETED else "unreadable",
        "scope": receipt.body["scope"],
        "final_by": Moment(parse_rfc3339(final)) if final else None,
        "index": receipt.index,
        "id": receipt.id,
        "body": dict(receipt.body),
    }
