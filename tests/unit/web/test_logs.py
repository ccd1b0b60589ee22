"""The log format: what other people's code says never gets through as it is."""

import json
import logging
from collections.abc import Callable

import structlog

SECRET = "a sentence somebody spoke"


LogLines = Callable[[], list[dict[str, object]]]


def test_known_fields_are_written(log_lines: LogLines) -> None:
    structlog.get_logger().info("request", route="/healthz", status=200, ms=3)
    line = log_lines()[0]
    assert line["event"] == "request"
    assert line["level"] == "info"
    assert line["status"] == 200
    assert str(line["at"]).endswith("Z")


def test_an_unknown_field_is_withheld(log_lines: LogLines) -> None:
    structlog.get_logger().info("kept", transcript=SECRET)
    assert log_lines()[0]["transcript"] == "(withheld)"


def test_an_exception_is_named_and_not_quoted(log_lines: LogLines) -> None:
    try:
        {}[SECRET]
    except KeyError:
        structlog.get_logger().exception("failed")
    line = log_lines()[0]
    assert str(line["error"]).startswith("error ")
    assert "KeyError at test_logs.py:" in str(line["error"])
    assert SECRET not in json.dumps(log_lines())


def test_other_libraries_keep_their_template_and_lose_their_arguments(log_lines: LogLines) -> None:
    logging.getLogger("some.library").warning("could not insert %s", SECRET)
    line = log_lines()[0]
    assert line["logger"] == "some.library"
    assert line["event"] == "could not insert %s"
    assert SECRET not in json.dumps(log_lines())


def test_other_libraries_cannot_smuggle_a_formatted_message(log_lines: LogLines) -> None:
    logging.getLogger("some.library").error(f"could not insert {SECRET}")  # noqa: G004 - that is the point
    assert log_lines()[0]["event"] == "(withheld)"
    assert SECRET not in json.dumps(log_lines())


def test_chatter_of_other_libraries_is_left_out(log_lines: LogLines) -> None:
    logging.getLogger("some.library").info("started")
    assert not log_lines()


def test_our_own_sentences_are_kept_whole(log_lines: LogLines) -> None:
    logging.getLogger("earwitness.ledger.publisher").info("published %d leaves", 12)
    line = log_lines()[0]
    assert line["event"] == "published 12 leaves"
    assert line["logger"] == "earwitness.ledger.publisher"
