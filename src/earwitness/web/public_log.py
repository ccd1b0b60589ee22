"""The public part of the log over HTTP, as C2SP tlog-tiles lays it out.

Only names of that layout are looked up (and ``tombstones/``, ours): there is no way to spell any
other file, ``sealed/`` of a second copy included.
"""

import re
from dataclasses import dataclass
from pathlib import Path

NUMBER = r"(?:x[0-9]{3}/)*[0-9]{3}"
WIDTH = r"(?:\.p/(?:[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?"
LEVEL = r"(?:[0-9]|[1-5][0-9]|6[0-3])"
LIVE = re.compile(r"checkpoint|tombstones/head")
PUBLISHED = re.compile(rf"tile/(?:{LEVEL}|entries)/{NUMBER}{WIDTH}|tombstones/{NUMBER}{WIDTH}")

LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class LogFile:
    """One file of the published log and how it is to be sent."""

    data: bytes
    media_type: str
    cache_control: str


def read_log_file(folder: Path, name: str) -> LogFile | None:
    """Return the file of that name in the log's folder; None if there is none, or never could be."""
    if len(name) > LONGEST_NAME:
        return None
    if LIVE.fullmatch(name):
        media_type, cache_control = "text/plain; charset=utf-8", "no-cache"
    elif PUBLISHED.fullmatch(name):
        media_type, cache_control = "application/octet-stream", "public, max-age=31536000, immutable"
    else:
        return None
    try:
        return LogFile((folder / name).read_bytes(), media_type, cache_control)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
