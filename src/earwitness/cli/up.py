"""``earwitness up``: open the installation (make one in an empty place) and serve it until stopped."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, asynccontextmanager, closing, nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from fastapi import FastAPI

from earwitness.bootstrap import House, create_house, open_house
from earwitness.bootstrap.devices import serving_devices
from earwitness.bootstrap.sample import give_sample_home
from earwitness.bootstrap.voice import time_zone
from earwitness.cli.companions import companions
from earwitness.cli.options import DEFAULT_DATA, DataFolder, JsonFlag, examples
from earwitness.cli.output import note, say
from earwitness.cli.passphrase import ask_passphrase
from earwitness.kernel.errors import EngineError, HomeError, NotFound
from earwitness.settings import load
from earwitness.web import logs
from earwitness.web.front import Front
from earwitness.web.hub import LOCAL_NAMES, create_app
from earwitness.web.hub_lock import HubLock
from earwitness.web.listening import USUAL_PORT, Listening, listen
from earwitness.web.serving import ended_by_signals, serve


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("up", epilog=examples("earwitness up", "earwitness up --port 8720 --data /srv/earwitness"))(up)


def up(
    data: DataFolder = DEFAULT_DATA,
    port: Annotated[int | None, typer.Option(help="Listen here or not at all; 0 is any free port.")] = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Another address than this machine's own; there is no TLS.")
    ] = "localhost",
    *,
    voice: Annotated[bool, typer.Option("--voice/--no-voice", help="Listen to devices, or only serve pages.")] = True,
    review: Annotated[bool, typer.Option("--review/--no-review", help="Run deidentifier and workbench beside.")] = True,
    workbench_port: Annotated[int | None, typer.Option(help="Where the workbench listens; 0 is any free port.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Run the hub until stopped: devices, the promises, the health and the public log, and all background work.

    Makes an installation where there is none.
    """
    logs.configure()
    with ended_by_signals(), ExitStack() as held:
        usual = _usual_port(data)
        if usual is None:  # nothing is made before the wish for a port is known to be possible
            listening = held.enter_context(closing(listen(host, port)))
            create_house(data, passphrase=ask_passphrase)
            note(f"made a new installation in {data}")
            note(f"{give_sample_home(data)} is a home to try; docs/skills/home.md says how to connect your own")
            lock = held.enter_context(HubLock(data))
        else:  # a hub that runs already is named before its port is found taken
            lock = held.enter_context(HubLock(data))
            listening = held.enter_context(closing(listen(host, port, usual)))
        beside = partial(companions, port=workbench_port) if review else _alone
        ready = partial(_tell, listening, lock, usual or USUAL_PORT, as_json=as_json)
        _run(data, listening, ready, beside, voice=voice)


def _usual_port(data: Path) -> int | None:
    """Return the port in the settings; None where there is no installation."""
    try:
        return load(data).port
    except NotFound:
        return None


Companions = Callable[[House, Front], AbstractContextManager[None]]


def _alone(_house: House, _front: Front) -> AbstractContextManager[None]:
    return nullcontext()


def _run(data: Path, listening: Listening, ready: Callable[[], None], beside: Companions, *, voice: bool) -> None:
    with open_house(data, passphrase=ask_passphrase) as house:
        names = LOCAL_NAMES if listening.is_local else ("*",)
        front = Front.of(house, time_zone(house))
        app = create_app(house, names=names, clock=house.clock, front=front)
        house.start()
        try:
            with beside(house, front):
                serve(app, listening.sockets, ready, partial(_voice, house, app) if voice else nullcontext)
        finally:
            house.stop()


@asynccontextmanager
async def _voice(house: House, app: FastAPI) -> AsyncIterator[None]:
    """The voice loop beside the pages; without its engines the pages are served all the same."""
    async with AsyncExitStack() as held:
        try:
            await held.enter_async_context(serving_devices(house, app))
        except (EngineError, HomeError) as error:
            note(f"voice is off: {error.what} {error.next_step}".strip())
        yield


def _tell(listening: Listening, lock: HubLock, usual: int, *, as_json: bool) -> None:
    lock.announce(listening.url)
    if listening.gave_way:
        note(f"port {usual} is taken by another program; listening on {listening.port} instead")
    if not listening.is_local:
        note("other machines can reach this address, and what they send is not encrypted")
    say(json.dumps({"ready": listening.url}) if as_json else f"ready {listening.url}")
