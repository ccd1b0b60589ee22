"""``earwitness up``: open the installation (make one in an empty place) and serve it until stopped."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from earwitness.bootstrap import create_house, open_house
from earwitness.cli.options import DEFAULT_DATA, DataFolder, JsonFlag
from earwitness.cli.output import note, say
from earwitness.cli.passphrase import ask_passphrase
from earwitness.kernel.errors import NotFound
from earwitness.settings import load
from earwitness.web import logs
from earwitness.web.hub import LOCAL_NAMES, create_app
from earwitness.web.hub_lock import HubLock
from earwitness.web.listening import Listening, listen
from earwitness.web.serving import ended_by_signals, serve
from earwitness.web.view import View


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("up")(up)


def up(
    data: DataFolder = DEFAULT_DATA,
    port: Annotated[int | None, typer.Option(help="Listen here or not at all; 0 is any free port.")] = None,
    host: Annotated[str, typer.Option(help="Another address than this machine's own; there is no TLS.")] = "localhost",
    *,
    as_json: JsonFlag = False,
) -> None:
    """Run the hub: the promises, the health and the public log, and all background work."""
    logs.configure()
    usual = _settle(data)
    with ended_by_signals(), HubLock(data) as lock:
        listening = listen(host, port, usual)
        try:
            _run(data, listening, lambda: _tell(listening, lock, usual, as_json=as_json))
        finally:
            listening.close()


def _settle(data: Path) -> int:
    """Make the installation if there is none; return its usual port."""
    try:
        return load(data).port
    except NotFound:
        create_house(data, passphrase=ask_passphrase)
        note(f"made a new installation in {data}")
        return load(data).port


def _run(data: Path, listening: Listening, ready: Callable[[], None]) -> None:
    with open_house(data, passphrase=ask_passphrase) as house:
        view = View(house.data, house.database, house.log, house.keyring)
        app = create_app(view, names=LOCAL_NAMES if listening.is_local else ("*",), clock=house.clock)
        house.start()
        try:
            serve(app, listening.sockets, ready)
        finally:
            house.stop()


def _tell(listening: Listening, lock: HubLock, usual: int, *, as_json: bool) -> None:
    lock.announce(listening.url)
    if listening.gave_way:
        note(f"port {usual} is taken by another program; listening on {listening.port} instead")
    if not listening.is_local:
        note("other machines can reach this address, and what they send is not encrypted")
    say(json.dumps({"ready": listening.url}) if as_json else f"ready {listening.url}")
