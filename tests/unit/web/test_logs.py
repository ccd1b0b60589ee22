"""The log format: what other people's code says never gets through as it is."""

import io
import json
import logging

import pytest
import structlog

from earwitness.web import logs

SECRET = "a sentence somebody spoke"


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    logs.configure(stream)
    return stream


def only_line(stream: io.StringIO) -> dict[str, object]:
    (line,) = stream.getvalue().splitlines()
    loaded: dict[str, object] = json.loads(line)
    return loaded


def test_known_fields_are_written(stream: io.StringIO) -> None:
    structlog.get_logger().info("request", route="/healthz", status=200, ms=3)
    line = only_line(stream)
    assert line["event"] == "request"
    assert line["level"] == "info"
    assert line["status"] == 200
    assert str(line["at"]).endswith("Z")


def test_an_unknown_field_is_withheld(stream: io.StringIO) -> None:
    structlog.get_logger().info("kept", transcript=SECRET)
    assert only_line(stream)["transcript"] == "(withheld)"


def test_an_exception_is_named_and_not_quoted(stream: io.StringIO) -> None:
    try:
        {}[SECRET]
    except KeyError:
        structlog.get_logger().exception("failed")
    line = only_line(stream)
    assert str(line["error"]).startswith("error ")
    assert "KeyError at test_logs.py:" in str(line["error"])
    assert SECRET not in stream.getvalue()


def test_other_libraries_keep_their_template_and_lose_their_arguments(stream: io.StringIO) -> None:
    logging.getLogger("some.library").warning("could not insert %s", SECRET)
    line = only_line(stream)
    assert line["logger"] == "some.library"
    assert line["event"] == "could not insert %s"
    assert SECRET not in stream.getvalue()


def test_other_libraries_cannot_smuggle_a_formatted_message(stream: io.StringIO) -> None:
    logging.getLogger("some.library").error(f"could not insert {SECRET}")  # noqa: G004 - that is the point
    assert only_line(stream)["event"] == "(withheld)"
    assert SECRET not in stream.getvalue()


def test_chatter_of_other_libraries_is_left_out(stream: io.StringIO) -> None:
    logging.getLogger("some.library").info("started")
    assert not stream.getvalue()


def test_our_own_sentences_are_kept_whole(stream: io.StringIO) -> None:
    logging.getLogger("earwitness.ledger.publisher").info("published %d leaves", 12)
    line = only_line(stream)
    assert line["event"] == "published 12 leaves"
    assert line["logger"] == "earwitness.ledger.publisher"
