"""Logs: one JSON object a line on standard error, without personal data.

What may appear is decided by a list, not by care: a field that is not in ``FIELDS`` is written as
``(withheld)``, and of other libraries' records only the logger, the level and the unformatted
message template are kept, because their arguments and exceptions may quote what people said.
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
    root.handlers = [_Foreign()]
    root.setLevel(logging.WARNING)


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


class _Foreign(logging.Handler):
    """Brings the records of other libraries in, without their arguments."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        template = record.msg if isinstance(record.msg, str) and record.args else type(record.msg).__name__
        structlog.get_logger().log(
            record.levelno, "other_library", logger=record.name, kind=template, **({"exc_info": error} if error else {})
        )
