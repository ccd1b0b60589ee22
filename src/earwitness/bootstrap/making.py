"""Making an installation and opening one."""

import shutil
from contextlib import ExitStack
from pathlib import Path

from earwitness import settings as settings_file
from earwitness.bootstrap.house import House, compose
from earwitness.bootstrap.stores import AskPassphrase, open_keyring
from earwitness.kernel.clock import Clock, SystemClock
from earwitness.kernel.errors import BadInput
from earwitness.kernel.ids import new_id
from earwitness.settings import Settings
from earwitness.storage.database import Database
from earwitness.storage.files import make_folder, remove_durably, write_durably
from earwitness.vault import epochs
from earwitness.vault.deidentified import SUBJECT as DEIDENTIFIED

CREATING = ".creating"
FOLDERS = ("keys", "blobs", "log", "run")


def create_house(
    data: Path,
    chosen: Settings | None = None,
    *,
    clock: Clock | None = None,
    passphrase: AskPassphrase | None = None,
) -> None:
    """Make a new installation in ``data``: settings, keys, database, and the log's first checkpoint.

    Raises:
        BadInput: there is one already, or the folder holds other things.
    """
    if (data / settings_file.FILE).exists():
        raise BadInput(f"{data} already holds an installation.", next_step="Use it, or give another --data.")
    if data.exists() and not data.is_dir():
        raise BadInput(f"{data} is not a folder.", next_step="Give a new folder with --data.")
    _clear_interrupted(data)
    if data.exists() and any(data.iterdir()):
        raise BadInput(f"{data} is not empty.", next_step="Give a new folder with --data.")
    make_folder(data)
    write_durably(data / CREATING, b"An installation is being made here.\n")
    for name in FOLDERS:
        make_folder(data / name)
    chosen = chosen or default_settings()
    with ExitStack() as closing:
        keys = open_keyring(data, chosen, clock or SystemClock(), passphrase, closing, create=True)
        keys.create_subject(DEIDENTIFIED)
    settings_file.store(data, chosen)  # last: a folder without settings is no installation
    remove_durably(data / CREATING)
    with open_house(data, clock=clock, passphrase=passphrase) as house:
        house.log.publish()


def _clear_interrupted(data: Path) -> None:
    """Remove what an interrupted making left; the marker is there only until the settings are."""
    if (data / CREATING).exists():
        for name in FOLDERS:
            shutil.rmtree(data / name, ignore_errors=True)
        remove_durably(data / CREATING)


def default_settings() -> Settings:
    """Return the settings of a new installation."""
    return Settings(installation=new_id("inst"))


def open_house(data: Path, *, clock: Clock | None = None, passphrase: AskPassphrase | None = None) -> House:
    """Open an installation.

    Raises:
        NotFound: there is none in ``data``.
        SchemaTooNew: its database was written by a newer version.
        KeyringError: its root key does not open.
    """
    return assemble_house(data, settings_file.load(data), clock=clock, passphrase=passphrase)


def assemble_house(
    data: Path, chosen: Settings, *, clock: Clock | None = None, passphrase: AskPassphrase | None = None
) -> House:
    """Put an installation together in a folder that has its keys but, as while it is restored, no settings yet.

    Raises:
        SchemaTooNew: its database was written by a newer version.
        KeyringError: its root key does not open.
    """
    clock = clock or SystemClock()
    with ExitStack() as opening:
        database = Database.open(chosen.database(data))
        opening.callback(database.close)
        keys = open_keyring(data, chosen, clock, passphrase, opening)
        epochs.settle(database, keys, clock)
        return compose(data, chosen, clock, database, keys, opening.pop_all())
