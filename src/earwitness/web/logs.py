"""Logs: one JSON object a line on standard error, without personal data.

What may appear is decided by a list, not by care: a field that is not in ``FIELDS`` is written as
``(withheld)``, and of other libraries' records only the logger, the level and the unformatted
message template are kept, because their arguments and exceptions may quote what people said. Our
own sentences hold ids and counts only (kernel.errors) and are kept.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from earwitness.kernel.bugs import describe_bug

FIELDS = frozenset(
    {
        *("at", "level", "event", "logger", "error"),
        *("method", "route", "status", "ms", "port"),
        *("kind", "job", "attempts", "count", "size", "epoch", "version", "promise", "state"),
    }
)
"""Field names whose values are ours: numbers, ids, route templates, names of states."""

WITHHELD = "(withheld)"
OURS = "earwitness"


def configure(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send every log of this process, other libraries' included, to ``stream`` (standard error)."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _name_exception,
            withhold_unknown,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if not isinstance(one, _FromStandardLibrary)]
    root.addHandler(_FromStandardLibrary())
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(level)


def withhold_unknown(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the value of every field that is not in ``FIELDS``."""
    return {key: value if key in FIELDS else WITHHELD for key, value in event.items()}


def _name_exception(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exception()
    if isinstance(error, BaseException):
        event["error"] = describe_bug(error)
    return event


class _FromStandardLibrary(logging.Handler):
    """Brings in what was logged the standard way: our own text whole, others' without its arguments."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] == OURS:
            event = record.getMessage()
        elif record.args:
            event = str(record.msg)
        else:
            event = WITHHELD
        known = {"exc_info": record.exc_info[1]} if record.exc_info else {}
        structlog.get_logger().log(record.levelno, event, logger=record.name, **known)
