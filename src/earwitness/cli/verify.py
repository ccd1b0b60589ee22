"""``earwitness verify``: check a log, or a receipt, with no database and no network beyond it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from earwitness.cli.options import DEFAULT_DATA, DataFolder, JsonFlag, examples
from earwitness.cli.output import note, progress, show_record
from earwitness.kernel.errors import BadInput
from earwitness.ledger.commitments import SALT_SIZE
from earwitness.ledger.notes import parse_verifier_key
from earwitness.ledger.proof import verify_receipt
from earwitness.ledger.signer import load_signer
from earwitness.ledger.verify import verify as verify_log

EXAMPLES = examples(
    "earwitness verify",
    "earwitness verify http://localhost:8710/log/ --key earwitness.local/inst_…+1a2b3c4d+…",
    "earwitness verify receipts/rct_….tlog-proof --key earwitness.local/inst_…+1a2b3c4d+…",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify", epilog=EXAMPLES)(verify)


def verify(  # noqa: PLR0917 - options
    source: Annotated[str, typer.Argument(help="A folder or URL of a log, or a receipt; this log if left out.")] = "",
    data: DataFolder = DEFAULT_DATA,
    key: Annotated[str, typer.Option(help="The log's verifier key, as init printed it.")] = "",
    witness: Annotated[list[str] | None, typer.Option(help="A witness's verifier key; may be given again.")] = None,
    quorum: Annotated[int | None, typer.Option(help="How many witnesses must have cosigned; all if left out.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Check every hash and signature, and name the first thing that is wrong."""
    key = key or _own_key(data)
    target = Path(source) if source else data / "log"
    if target.is_file():
        _verify_receipt(target, key, witness or [], quorum, as_json=as_json)
        return
    with progress("verifying", quiet=as_json) as advance:
        report = verify_log(
            source if source.startswith(("http://", "https://")) else target,
            key or None,
            witnesses=witness or [],
            quorum=quorum,
            progress=advance,
        )
    shown: dict[str, object] = {
        "result": "whole",
        "origin": report.origin,
        "entries": report.size,
        "root": report.root.hex(),
        "signature": "valid" if report.signed else "not checked: give --key",
        "cosigned_by": ", ".join(report.cosigners) or "nobody",
        "tombstones": report.tombstones,
    }
    show_record(shown, as_json=as_json)


def _verify_receipt(path: Path, key: str, witnesses: list[str], quorum: int | None, *, as_json: bool) -> None:
    if not key:
        raise BadInput("A receipt is checked against its log's key.", next_step="Give --key, as init printed it.")
    keys = [parse_verifier_key(each) for each in witnesses]
    found = verify_receipt(path.read_bytes(), parse_verifier_key(key), witnesses=keys, quorum=quorum)
    opened = found.opened[SALT_SIZE:] if found.opened else b""
    body = json.loads(opened) if opened.startswith(b"{") else {}
    shown: dict[str, object] = {"result": "valid", "log_entry": found.index, "log_size": found.checkpoint.size}
    show_record(shown | body, as_json=as_json)
    if not as_json:
        note("This file proves by itself that the log contains this receipt.")


def _own_key(data: Path) -> str:
    """Return the key of the installation at hand, if there is one; a folder elsewhere needs --key."""
    path = data / "keys" / "log.key"
    return load_signer(path).vkey if path.is_file() else ""
