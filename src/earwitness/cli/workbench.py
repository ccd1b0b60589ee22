"""``earwitness workbench``: the reviewers' web application; ``earwitness up`` starts it by itself."""

import json
import os
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated, Final

import typer

from earwitness.cli.options import DEFAULT_DATA, DataFolder, JsonFlag, examples
from earwitness.cli.output import note, say
from earwitness.cli.supervision import Supervised, end_with_parent
from earwitness.settings import load
from earwitness.storage.files import remove_durably, write_durably
from earwitness.web import logs
from earwitness.web.hub import LOCAL_NAMES
from earwitness.web.listening import Listening, listen
from earwitness.web.serving import ended_by_signals, serve
from earwitness.web.workbench.app import create_workbench
from earwitness.web.workbench.desk_client import DeskClient
from earwitness.web.workbench.desk_socket import desk_socket

NOTE: Final = "workbench.json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    epilog = examples("earwitness workbench", "earwitness workbench --port 8720 --data /srv/earwitness")
    app.command("workbench", epilog=epilog)(workbench)


def workbench(
    data: DataFolder = DEFAULT_DATA,
    port: Annotated[int | None, typer.Option(help="Listen here or not at all; 0 is any free port.")] = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Another address than this machine's own; there is no TLS.")
    ] = "localhost",
    *,
    supervised: Supervised = False,
    as_json: JsonFlag = False,
) -> None:
    """Run the workbench until stopped.

    It has neither keys nor database: it asks the running hub over a socket, and waits where no hub runs.
    """
    logs.configure()
    usual = load(data).workbench_port
    with ended_by_signals(), ExitStack() as held:
        end_with_parent(supervised)
        listening = held.enter_context(closing(listen(host, port, usual)))
        names = LOCAL_NAMES if listening.is_local else ("*",)
        app = create_workbench(DeskClient(desk_socket(data)), names=names)
        held.callback(remove_durably, data / "run" / NOTE)
        serve(app, listening.sockets, lambda: _tell(data, listening, usual, as_json=as_json))


def _tell(data: Path, listening: Listening, usual: int, *, as_json: bool) -> None:
    write_durably(data / "run" / NOTE, json.dumps({"url": listening.url, "pid": os.getpid()}).encode())
    if listening.gave_way:
        note(f"port {usual} is taken by another program; the workbench listens on {listening.port} instead")
    say(json.dumps({"ready": listening.url}) if as_json else f"ready {listening.url}")
