"""Reading the small files that a person names on the command line."""

import stat
from pathlib import Path

from earwitness.kernel.errors import BadInput


def read_small(path: Path, largest: int) -> bytes:
    """Return the whole of a file of at most ``largest`` bytes.

    Raises:
        BadInput: it is none, is larger, or cannot be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BadInput(f"{path} is not a file.", next_step="Give the path of a file.")
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no such path"
        raise BadInput(f"{path} cannot be read: {why}.", next_step="Check the path and its permissions.") from error
    if len(data) > largest:
        raise BadInput(f"{path} is larger than {largest // 1024} KB.", next_step="Give the right file.")
    return data
