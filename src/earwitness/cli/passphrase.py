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
    given = os.environ.get(VARIABLE) or _from_terminal()
    if not given:
        raise BadInput("The passphrase is empty.", next_step=f"Type it, or set {VARIABLE}.")
    return given


def _from_terminal() -> str:
    if not sys.stdin.isatty():
        raise BadInput("This installation needs its passphrase.", next_step=f"Set {VARIABLE}, or run it in a terminal.")
    return getpass.getpass("Passphrase of this installation: ")
