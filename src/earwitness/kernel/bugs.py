"""Naming an unexpected exception without repeating what it says.

The message of a foreign exception may hold a name or a transcript (a database error quotes its
parameters), so logs and error lines carry only this: class, place and a number that stays the same
for the same bug.
"""

import hashlib
import traceback
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def describe_bug(error: BaseException) -> str:
    """Return e.g. ``error 1f0c22ab: KeyError at storage/database.py:120``."""
    what = f"{type(error).__name__} at {place_of(error)}"
    return f"error {hashlib.sha256(what.encode()).hexdigest()[:8]}: {what}"


def place_of(error: BaseException) -> str:
    """Return file and line of the innermost frame of our own, else of whatever ran."""
    frames = traceback.extract_tb(error.__traceback__)
    for frame in reversed(frames):
        if Path(frame.filename).is_relative_to(PACKAGE):
            return f"{Path(frame.filename).relative_to(PACKAGE)}:{frame.lineno}"
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "an unknown place"
