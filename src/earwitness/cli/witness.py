"""``earwitness witness``: cosign another installation's log, best on a second machine."""

import json
from pathlib import Path
from typing import Annotated

import typer

from earwitness.cli.options import JsonFlag, examples
from earwitness.cli.output import say
from earwitness.cli.verify import read_key
from earwitness.kernel.errors import BadInput
from earwitness.ledger.notes import KeyType
from earwitness.ledger.signer import open_signer
from earwitness.ledger.witness_server import serve
from earwitness.storage.files import make_folder
from earwitness.web.serving import ended_by_signals

DEFAULT_PORT = 8711
DEFAULT_FOLDER = Path("witness")
EXAMPLES = examples(
    "earwitness witness --folder witness --log earwitness.local/inst_…+1a2b3c4d+…",
    "earwitness witness --folder witness --log … --host 192.0.2.7",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("witness", epilog=EXAMPLES)(witness)


def witness(  # noqa: PLR0917 - options
    log: Annotated[
        list[str], typer.Option(metavar="KEY", help="The verifier key of a log to cosign; may be given again.")
    ],
    folder: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where its key and what it has seen rest.")
    ] = DEFAULT_FOLDER,
    name: Annotated[
        str, typer.Option(metavar="NAME", help="The name of a new witness key.")
    ] = "earwitness.local/witness",
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Another address than this machine's own.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 is any free port.")] = DEFAULT_PORT,
    as_json: JsonFlag = False,
) -> None:
    """Run a witness until stopped.

    It signs only what extends what it has signed before.
    """
    if not log:
        raise BadInput("A witness needs at least one log.", next_step="Give --log VERIFIER-KEY.")
    keys = [read_key(each) for each in log]
    make_folder(folder)
    signer = open_signer(folder / "witness.key", name, KeyType.COSIGNATURE)

    def ready(url: str) -> None:
        say(json.dumps({"witness_key": signer.vkey, "ready": url}) if as_json else f"ready {url}")

    if not as_json:
        say(f"witness key: {signer.vkey}")
    with ended_by_signals():
        serve(folder, signer, keys, host=host, port=port, ready=ready)
