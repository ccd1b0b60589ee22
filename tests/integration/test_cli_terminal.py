"""The program itself: in a terminal of 80 columns, in pipes that end early, and with nobody there."""

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from earwitness.bootstrap import create_house
from earwitness.kernel.audio import Clip
from earwitness.settings import Settings
from earwitness.testing.canary import AUDIO, HOUSEHOLD, NAME, TRANSCRIPT
from earwitness.testing.commandline import CommandLine

COMMAND = [sys.executable, "-c", "from earwitness.cli.app import main; main()"]
SOON = 60
STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

Typed = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    data = tmp_path_factory.mktemp("lived-in") / "data"
    create_house(data, Settings(installation="inst_cli"))
    cli = CommandLine(data)
    cli.does("household", "add", HOUSEHOLD)
    cli.does("person", "add", NAME, "--owner")
    cli.does("consent", "give", "assist", "history")
    (data.parent / "clip.wav").write_bytes(Clip(AUDIO).to_wav())
    for at in range(1, 4):
        cli.does("keep", str(data.parent / "clip.wav"), "--at", f"{at}d", "--transcript", f"{TRANSCRIPT} " * at)
    return cli


@pytest.fixture
def typed(lived_in: CommandLine) -> Typed:
    """Runs a command in a pseudo terminal of 80 columns and types the answer."""

    def run(*words: str, answer: str = "") -> tuple[int, str]:
        ours, theirs = pty.openpty()
        environment = os.environ | {"COLUMNS": "80", "TERM": "xterm", "TZ": "UTC"}
        command = [*COMMAND, *words, "--data", str(lived_in.data)]
        with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
            os.close(theirs)
            os.write(ours, answer.encode())
            shown = everything(ours)
            os.close(ours)
            return process.wait(SOON), STYLE.sub("", shown)

    return run


def everything(descriptor: int) -> str:
    """Read what a terminal shows until its last program has gone."""
    parts = []
    with suppress(OSError):  # Linux says EIO then
        while part := os.read(descriptor, 65_536):
            parts.append(part)
    return b"".join(parts).decode()


def piped(words: Sequence[str], cli: CommandLine, **more: object) -> "subprocess.CompletedProcess[str]":
    command = [*COMMAND, *words, "--data", str(cli.data)]
    return subprocess.run(command, capture_output=True, text=True, timeout=SOON, check=False, **more)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize("words", [("history",), ("who",), ("person", "list"), ("consent", "show"), ("receipts",)])
def test_tables_fit_the_terminal(words: tuple[str, ...], typed: Typed) -> None:
    code, shown = typed(*words)
    assert code == 0
    lines = shown.splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 80
    assert not [line for line in lines if re.search(r"[a-z]+_[a-z2-7]{26}", line)]  # ids are shortened


def test_a_shortened_id_is_taken(typed: Typed, lived_in: CommandLine) -> None:
    _, shown = typed("history")
    short = re.findall(r"rec_[a-z2-7]{8}\b", shown)
    assert len(short) == 3
    assert lived_in.does("why", short[0]).out == lived_in.does("why", "last").out


@pytest.mark.parametrize(("answer", "code"), [("n\n", 1), ("\n", 1), ("maybe\nn\n", 1), ("\x04", 1)])
def test_a_question_that_is_not_answered_with_yes(answer: str, code: int, typed: Typed, lived_in: CommandLine) -> None:
    before = lived_in.does("history").rows
    found, shown = typed("erase", "last", answer=answer)
    assert found == code
    assert "Erase 1 recording?" in shown
    assert "Stopped; nothing was done." in shown
    assert lived_in.does("history").rows == before


def test_an_interrupted_question(lived_in: CommandLine) -> None:
    ours, theirs = pty.openpty()
    command = [*COMMAND, "erase", "last", "--data", str(lived_in.data)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while b"way back" not in shown:
            shown += os.read(ours, 1_000)
        process.send_signal(signal.SIGINT)
        rest = everything(ours)
        os.close(ours)
        assert process.wait(SOON) == 130
    assert "Traceback" not in rest


def test_a_question_that_is_answered_with_yes(typed: Typed, lived_in: CommandLine) -> None:
    lived_in.does("keep", str(lived_in.data.parent / "clip.wav"))
    before = lived_in.does("history").rows
    code, shown = typed("erase", "last", answer="y\n")
    assert code == 0
    assert "final by" in shown
    assert lived_in.does("history").rows == before[1:]


def test_long_work_shows_a_bar(typed: Typed) -> None:
    code, shown = typed("rotate")
    assert code == 0
    assert "re-wrapping" in shown
    assert "new epoch" in shown


def test_no_sound_into_a_terminal(typed: Typed) -> None:
    code, shown = typed("play", "last", "--to", "-")
    assert code == 2
    assert "A terminal shows no sound" in shown


def test_with_nobody_there_it_does_not_wait(lived_in: CommandLine) -> None:
    """Standard input is a pipe that stays open and says nothing."""
    reading, writing = os.pipe()
    try:
        done = piped(("erase", "last"), lived_in, stdin=reading)
    finally:
        os.close(reading)
        os.close(writing)
    assert done.returncode == 2
    assert done.stderr == "error: This asks before it does anything, and here is nobody to ask. Add --yes.\n"


def test_sound_through_a_pipe_is_the_sound(lived_in: CommandLine) -> None:
    command = [*COMMAND, "play", "last", "--to", "-", "--data", str(lived_in.data)]
    done = subprocess.run(command, capture_output=True, timeout=SOON, check=True)
    assert done.stdout == (lived_in.data.parent / "clip.wav").read_bytes()


def test_a_reader_that_leaves_early(tmp_path: Path) -> None:
    with (tmp_path / "errors").open("w+") as errors:
        command = [*COMMAND, "reference"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process:
            assert process.stdout is not None
            process.stdout.read(10)
            process.stdout.close()
            assert process.wait(SOON) == 1
        errors.seek(0)
        assert errors.read() == ""


def test_a_terminal_that_knows_no_letters(lived_in: CommandLine) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = piped(("why", "last"), lived_in, env=environment)
    assert done.returncode == 0
    assert "\\u201c" in done.stdout
