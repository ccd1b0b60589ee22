"""``earwitness deidentifier``: the process that makes reviewers' copies; ``earwitness up`` starts it by itself."""

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, Final

import structlog
import typer

from earwitness.bootstrap.deidentifier import open_deidentifier
from earwitness.cli.options import DEFAULT_DATA, DataFolder, JsonFlag, examples
from earwitness.cli.output import say, show_record
from earwitness.cli.passphrase import ask_passphrase
from earwitness.cli.supervision import Supervised, end_with_parent
from earwitness.kernel.errors import EarwitnessError
from earwitness.web import logs

PAUSE_SECONDS: Final = 1.0
AFTER_TROUBLE_SECONDS: Final = 5.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    epilog = examples("earwitness deidentifier", "earwitness deidentifier --once --data /srv/earwitness")
    app.command("deidentifier", epilog=epilog)(deidentifier)


def deidentifier(
    data: DataFolder = DEFAULT_DATA,
    once: Annotated[bool, typer.Option("--once", help="Do what is to be done now, and end.")] = False,
    supervised: Supervised = False,
    as_json: JsonFlag = False,
) -> None:
    """Make the copies that reviewers hear, from drawn clips: voice changed, details masked, or withheld.

    It opens originals and the names a household uses, and nothing of anybody's sign-in.
    """
    logs.configure()
    log = structlog.get_logger("earwitness.deidentifier")
    end_with_parent(supervised)
    with (
        _until_stopped() as stopping,
        open_deidentifier(
            data, passphrase=ask_passphrase, note=lambda why: log.warning("clip_not_copied", error=why)
        ) as (worker, keyring),
    ):
        if once:
            show_record({"clips": worker.work()}, as_json=as_json)
            return
        say(json.dumps({"ready": True}) if as_json else "ready")
        while not stopping.is_set():
            try:
                keyring.refresh()
                pause = 0.0 if worker.step() else PAUSE_SECONDS
            except EarwitnessError as error:
                log.warning("deidentifier_waits", error=type(error).__name__)
                pause = AFTER_TROUBLE_SECONDS
            stopping.wait(pause)


@contextmanager
def _until_stopped() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, so that the clip under work is finished."""
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    before = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopping
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
