"""The command line's frame: versions, help, exit codes, and errors that say one thing on one line."""

import json

import pytest

from earwitness import __version__
from earwitness.cli import failures
from earwitness.cli.app import COMMANDS, make_app, run
from earwitness.kernel.bugs import describe_bug
from earwitness.kernel.errors import AccessDenied, BadInput, StorageBusy

SECRET = "a sentence somebody spoke"


def failing() -> None:
    raise KeyError(SECRET)


def bug() -> Exception:
    try:
        failing()
    except KeyError as error:
        return error
    raise AssertionError


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"earwitness {__version__}\n"


def names_of(module: str) -> list[str]:
    app = make_app([module])
    return [str(one.name) for one in (*app.registered_commands, *app.registered_groups)]


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_names_every_command(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 0
    shown = capsys.readouterr().out
    assert [name for module in COMMANDS for name in names_of(module) if f" {name} " not in shown] == []


def test_a_command_with_a_modules_name_is_in_that_module() -> None:
    """Only that module is loaded for it."""
    for module in COMMANDS:
        assert names_of(module)
        assert not set(names_of(module)) & (set(COMMANDS) - {module})


@pytest.mark.parametrize("arguments", [["nothing"], ["up", "--nothing"], ["up", "--port", "many"], ["--nothing"]])
def test_wrong_words_are_one_line_and_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: ")
    assert "--help." in shown.err
    assert len(shown.err.splitlines()) == 1


def test_a_near_miss_is_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["upp"]) == 2
    assert "'up'" in capsys.readouterr().err


def test_with_json_an_error_is_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["up", "--port", "many", "--json"]) == 2
    shown = json.loads(capsys.readouterr().err)
    assert set(shown) == {"error", "next_step"}
    assert "--port" in shown["error"]


@pytest.mark.parametrize(("error", "code"), [(BadInput("No."), 2), (AccessDenied("No."), 3), (StorageBusy("No."), 1)])
def test_expected_errors_carry_their_exit_code(error: BadInput, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    error.next_step = "Do\nthis."
    assert failures.report_expected(error, as_json=False) == code
    assert capsys.readouterr().err == "error: No. Do this.\n"


def test_a_bug_is_named_and_not_quoted(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(failures.DEBUG, raising=False)
    assert failures.report_bug(bug(), as_json=False) == 1
    shown = capsys.readouterr().err
    assert "KeyError at test_app.py:" in shown
    assert SECRET not in shown
    assert len(shown.splitlines()) == 1


def test_a_bug_is_shown_whole_to_who_asks(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(failures.DEBUG, "1")
    failures.report_bug(bug(), as_json=True)
    trace, _, last = capsys.readouterr().err.rstrip("\n").rpartition("\n")
    assert SECRET in trace
    assert SECRET not in json.loads(last)["error"]


def test_a_bug_has_the_same_number_each_time() -> None:
    assert describe_bug(bug()) == describe_bug(bug())
    assert describe_bug(bug()) != describe_bug(KeyError(SECRET))
