"""Where a passphrase comes from: ``EARWITNESS_PASSPHRASE``, or the terminal, unseen.

Never an option, which other users of the machine could read in the list of processes.
"""

import getpass
import os
import sys

from earwitness.kernel.errors import BadInput

VARIABLE = "EARWITNESS_PASSPHRASE"


def ask_passphrase() -> str:
    """Return the passphrase of the root key.

    Raises:
        BadInput: none was given, and there is nobody to ask.
    """
    return os.environ.get(VARIABLE) or _from_terminal("Passphrase of this installation: ")


def ask_new_passphrase() -> str:
    """Return the passphrase of a new installation, typed twice.

    Raises:
        BadInput: none was given, the two differ, or there is nobody to ask.
    """
    given = os.environ.get(VARIABLE)
    if given:
        return given
    given = _from_terminal("Passphrase for this installation: ")
    if _from_terminal("Once more: ") != given:
        raise BadInput("The two differ.", next_step="Run it again; nothing was made.")
    return given


def _from_terminal(question: str) -> str:
    if not sys.stdin.isatty():
        raise BadInput("This installation needs its passphrase.", next_step=f"Set {VARIABLE}, or run it in a terminal.")
    try:
        given = getpass.getpass(question)
    except UnicodeDecodeError as error:
        raise BadInput("The passphrase is not UTF-8.", next_step="Type it in a UTF-8 terminal.") from error
    if not given:
        raise BadInput("The passphrase is empty.", next_step=f"Type it, or set {VARIABLE}.")
    return given
