"""Logs of the hub, read back as objects; the settings of the whole run are put back afterwards."""

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog

from earwitness.web import logs

LogLines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def log_lines() -> Iterator[LogLines]:
    root, ours = logging.getLogger(), logging.getLogger(logs.OURS)
    before = list(root.handlers), root.level, ours.level
    stream = io.StringIO()
    logs.configure(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers, root.level, ours.level = before
    structlog.reset_defaults()
