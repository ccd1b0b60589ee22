"""The command line's frame: versions, help, exit codes, and errors that say one thing on one line."""

import json
import subprocess
import sys
from typing import Any

import pytest

from earwitness import __version__
from earwitness.cli import failures, nextsteps
from earwitness.cli.app import run
from earwitness.cli.commands import COMMANDS, HIDDEN, SECTIONS
from earwitness.cli.root import load
from earwitness.kernel.bugs import describe_bug
from earwitness.kernel.errors import AccessDenied, BadInput, StorageBusy

SECRET = "a sentence somebody spoke"
HEAVY = {"alembic", "fastapi", "httpx", "numpy", "procrastinate", "psycopg", "rich", "uvicorn"}
WITHOUT_DATABASE = HEAVY | {"sqlalchemy", "cedarpy"}


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
    assert run(["--version", "--help"]) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_names_every_command_by_section(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 0
    shown = capsys.readouterr().out
    wide = max(len(name) for name in COMMANDS)
    assert [name for name, listed in COMMANDS.items() if f"  {name:<{wide}}  {listed.summary}\n" not in shown] == []
    assert [title for title in SECTIONS if f"\n{title}:\n" not in shown] == []
    assert max(len(line) for line in shown.splitlines()) <= 80


def test_the_table_names_what_the_modules_have() -> None:
    every = COMMANDS | HIDDEN
    for module in {listed.module for listed in every.values()}:
        assert set(load(module)) == {name for name, listed in every.items() if listed.module == module}


@pytest.mark.parametrize("arguments", [["nothing"], ["up", "--nothing"], ["up", "--port", "many"], ["--nothing"]])
def test_wrong_words_are_one_line_and_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: ")
    assert "--help." in shown.err
    assert len(shown.err.splitlines()) == 1


def test_a_group_without_a_command_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["consent"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "withdraw" in shown.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["history", "--limit", "0"], "it should be greater than or equal to 1. See earwitness history --help."),
        (["--data", "d", "history"], "Options come after the command"),
        (["consent", "keep", "forever"], "'HOW-LONG': it is not one of 'nothing'"),
        (["jobs", "one", "two"], "2 word(s) too many"),
        (["keep", "--data", "d"], "Missing"),
    ],
)
def test_wrong_words_are_named_in_plain_ones(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert says in capsys.readouterr().err


def test_a_near_miss_is_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["upp"]) == 2
    assert "'up'" in capsys.readouterr().err


def test_with_json_an_error_is_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["up", "--port", "many", "--json"]) == 2
    shown = json.loads(capsys.readouterr().err)
    assert set(shown) == {"error", "kind", "next_step"}
    assert "--port" in shown["error"]
    assert shown["kind"] == "BadInput"


@pytest.mark.parametrize(("error", "code"), [(BadInput("No."), 2), (AccessDenied("No."), 3), (StorageBusy("No."), 1)])
def test_expected_errors_carry_their_exit_code(error: BadInput, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    nextsteps.remember([])
    error.next_step = "Do\nthis."
    assert failures.report_expected(error, as_json=False) == code
    assert capsys.readouterr().err == "error: No. Do this.\n"


def test_an_error_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    failures.report_expected(BadInput("a\x1b[31mfile\u202e"), as_json=False)
    assert capsys.readouterr().err == "error: a�[31mfile�\n"


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


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--version"], {"typer", "pydantic", *WITHOUT_DATABASE}),
        (["--help"], WITHOUT_DATABASE),
        (["verify", "nowhere"], WITHOUT_DATABASE),
        (["history", "--help"], HEAVY),
        (["history", "--data", "nowhere"], HEAVY),
        (["who", "--data", "nowhere"], HEAVY),
        (["keep", "nowhere.wav"], HEAVY),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_loads_only_what_it_needs(arguments: list[str], unwanted: set[str]) -> None:
    """The time to start, held by what is loaded: a clock would measure the machine."""
    program = f"""
import sys
from earwitness.cli.app import run
run({arguments!r})
print("loaded", *sorted({unwanted!r} & set(sys.modules)))
"""
    done: Any = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "loaded"
