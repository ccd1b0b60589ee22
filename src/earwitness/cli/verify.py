"""``earwitness verify``: check a log, or a receipt, with no database and no network beyond it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from earwitness.cli.files import read_small
from earwitness.cli.options import DEFAULT_DATA, DataFolder, JsonFlag, examples
from earwitness.cli.output import note, progress, show_record
from earwitness.kernel.errors import BadInput, NoteInvalid
from earwitness.ledger.commitments import SALT_SIZE
from earwitness.ledger.notes import VerifierKey, parse_verifier_key
from earwitness.ledger.proof import verify_receipt
from earwitness.ledger.signer import load_signer
from earwitness.ledger.tiles import CHECKPOINT
from earwitness.ledger.verify import verify as verify_log

LARGEST_RECEIPT = 16 * 1024 * 1024
EXAMPLES = examples(
    "earwitness verify",
    "earwitness verify http://localhost:8710/log/ --key earwitness.local/inst_…",
    "earwitness verify receipts/rct_….tlog-proof --key earwitness.local/inst_…",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify", epilog=EXAMPLES)(verify)


def verify(  # noqa: PLR0917 - options
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="A folder or URL of a log, or a receipt; this log if left out."),
    ] = "",
    data: DataFolder = DEFAULT_DATA,
    key: Annotated[str, typer.Option(metavar="KEY", help="The log's verifier key, as init printed it.")] = "",
    witness: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="A witness's verifier key; may be given again.")
    ] = None,
    quorum: Annotated[
        int | None, typer.Option(min=0, help="How many witnesses must have cosigned; all if left out.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Check every hash and signature of a log or of a receipt, and name the first thing that is wrong."""
    for each in filter(None, (key, *(witness or []))):
        read_key(each)
    target = source or str(data / "log")
    key = key or _own_key(data, Path(target), Path(target).parent)
    is_url = target.startswith(("http://", "https://"))
    if not is_url and Path(target).is_file():
        _verify_receipt(Path(target), key, witness or [], quorum, as_json=as_json)
        return
    with progress("verifying", quiet=as_json) as advance:
        try:
            report = verify_log(
                target if is_url else _log_in(Path(target)),
                key or None,
                witnesses=witness or [],
                quorum=quorum,
                progress=advance,
            )
        except NoteInvalid as error:
            raise _of_the_checkpoint(error) from error
    shown: dict[str, object] = {
        "result": "whole",
        "origin": report.origin,
        "entries": report.size,
        "root": report.root.hex(),
        "signature": "valid" if report.signed else "not checked: give --key",
        "cosigned_by": list(report.cosigners) if as_json else ", ".join(report.cosigners) or "nobody",
        "tombstones": report.tombstones,
    }
    show_record(shown, as_json=as_json)


def read_key(text: str) -> VerifierKey:
    """Read a verifier key that somebody typed.

    Raises:
        BadInput: it is none.
    """
    try:
        return parse_verifier_key(text)
    except NoteInvalid as error:
        raise BadInput(
            "That is no verifier key.", next_step="It looks like name+1a2b3c4d+base64, as init prints it."
        ) from error


def _of_the_checkpoint(error: NoteInvalid) -> NoteInvalid:
    """Name the file of a note that is not valid: every log has one checkpoint, and notes do not know their file."""
    if error.file:
        return error
    return NoteInvalid(f"{CHECKPOINT}: {error.what}", reason=error.reason, file=CHECKPOINT, next_step=error.next_step)


def _log_in(folder: Path) -> Path:
    """Return the folder of the log; a data folder has it below."""
    below = folder / "log"
    return below if not (folder / "checkpoint").exists() and (below / "checkpoint").is_file() else folder


def _verify_receipt(path: Path, key: str, witnesses: list[str], quorum: int | None, *, as_json: bool) -> None:
    if not key:
        raise BadInput("A receipt is checked against its log's key.", next_step="Give --key, as init printed it.")
    keys = [parse_verifier_key(each) for each in witnesses]
    found = verify_receipt(read_small(path, LARGEST_RECEIPT), parse_verifier_key(key), witnesses=keys, quorum=quorum)
    opened = found.opened[SALT_SIZE:] if found.opened else b""
    body = json.loads(opened) if opened.startswith(b"{") else {}
    shown: dict[str, object] = {"result": "valid", "log_entry": found.index, "log_size": found.checkpoint.size}
    show_record(shown | body, as_json=as_json)
    if not as_json:
        note("This file proves by itself that the log contains this receipt.")


def _own_key(*folders: Path) -> str:
    """Return the key of the first of these that is an installation; a log elsewhere needs --key."""
    paths = [folder / "keys" / "log.key" for folder in folders]
    return next((load_signer(path).vkey for path in paths if path.is_file()), "")
