"""Moments and spans as people write them on the command line: dates, times, or ``3d`` for three days ago."""

import re

from earwitness.kernel.clock import DAY, HOUR, MINUTE, SECOND, parse_rfc3339

_AGO = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}


def parse_moment(text: str, now: int) -> int:
    """Read a moment (ms): RFC 3339, a date (its midnight UTC), ``now``, or e.g. ``90m``, ``3d``: so long ago.

    Raises:
        BadInput: it is none of these.
    """
    if text == "now":
        return now
    match = _AGO.fullmatch(text)
    if match:
        return now - int(match[1]) * _UNITS[match[2]]
    return parse_rfc3339(text)
