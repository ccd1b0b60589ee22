"""Moments and spans as people write them on the command line: dates, times, or ``3d`` for three days ago.

What is written without a zone is the local time of this machine, as it is shown.
"""

import re
from datetime import datetime

from earwitness.kernel.clock import DAY, HOUR, MINUTE, SECOND
from earwitness.kernel.errors import BadInput

FORMS = "a date (2026-11-21), a time (2026-11-21T09:30), or so long ago (90m, 3d)"
LATEST = 253_402_300_799_999
"""The end of the year 9999, in ms since the epoch."""
_AGO = re.compile(r"([0-9]{1,6})([smhdw])")
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}


def parse_moment(text: str, now: int) -> int:
    """Read a moment (ms): RFC 3339, a local date or time, ``now``, or e.g. ``90m``, ``3d``: so long before ``now``.

    Raises:
        BadInput: it is none of these, or lies before 1970 or after 9999; the text is not repeated.
    """
    if text == "now":
        return now
    match = _AGO.fullmatch(text)
    moment = now - int(match[1]) * _UNITS[match[2]] if match else _read(text)
    if not 0 <= moment <= LATEST:
        raise BadInput("That moment lies before 1970 or after 9999.", next_step=f"Write {FORMS}.")
    return moment


def parse_span(start: str, end: str, now: int) -> tuple[int, int]:
    """Read a half-open span (ms); an empty ``start`` is the beginning of time, an empty ``end`` is just after now.

    Raises:
        BadInput: one is no moment, or the span holds no time.
    """
    since = parse_moment(start, now) if start else 0
    until = parse_moment(end, now) if end else now + 1
    if since >= until:
        raise BadInput("That span holds no time.", next_step="--from is before --to.")
    return since, until


def _read(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError, OSError) as error:
        raise BadInput("That is not a moment.", next_step=f"Write {FORMS}.") from error
