"""The first five minutes of the README, command by command as they stand there, beside a hub that runs."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from earwitness.kernel.audio import Clip
from earwitness.testing.canary import AUDIO
from earwitness.testing.runlog import RunLog

ROOT = Path(__file__).parents[2]
SECTION = re.compile(r"^## The first five minutes\n.*?^```\n(.*?)^```", re.MULTILINE | re.DOTALL)
SOON = 120
REFUSED = 3


def lines() -> list[tuple[str, str]]:
    """Each command of the section with the comment behind it."""
    match = SECTION.search((ROOT / "README.md").read_text())
    assert match
    parts = [line.partition(" #") for line in match[1].splitlines() if line.strip()]
    return [(command.strip(), comment.strip()) for command, _, comment in parts]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what ``make up`` leaves in a checkout: the command in ``.venv/bin``."""
    program = tmp_path / ".venv" / "bin" / "earwitness"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!{sys.executable}\nfrom earwitness.cli.app import main\nmain()\n")
    program.chmod(0o755)
    (tmp_path / "hello.wav").write_bytes(Clip(AUDIO).to_wav())
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    for name in ("EARWITNESS_DATA", "EARWITNESS_AS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def _hub(checkout: Path, run_log: RunLog) -> Iterator[None]:
    with run_log.file("readme-hub").open("ab") as log:
        command = [str(checkout / ".venv" / "bin" / "earwitness"), "up", "--port", "0", "--no-voice"]
        with subprocess.Popen(command, cwd=checkout, stdout=subprocess.PIPE, stderr=log, text=True) as hub:
            assert hub.stdout is not None
            assert hub.stdout.readline().startswith("ready http://localhost:")
            yield
            hub.terminate()
            assert hub.wait(SOON) == 0


def type_in(command: str, folder: Path) -> tuple[int, str]:
    """Run a command line of bash in a terminal, and say yes to what it asks."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(["bash", "-c", command], stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder) as shell:
        os.close(theirs)
        os.write(ours, b"y\n")
        parts = []
        with suppress(OSError):  # Linux says EIO when the last program has gone
            while part := os.read(ours, 65_536):
                parts.append(part)
        os.close(ours)
        return shell.wait(SOON), b"".join(parts).decode()


@pytest.mark.usefixtures("_hub")
def test_the_first_five_minutes(checkout: Path) -> None:
    (first, _), *commands = lines()
    assert first.startswith("export PATH=")
    assert len(commands) > 10
    for command, comment in commands:
        code, shown = type_in(f"{first}; {command}", checkout)
        assert code == (REFUSED if comment.startswith("refused") else 0), f"{command}: {shown}"
    assert (checkout / "again.wav").read_bytes() == (checkout / "hello.wav").read_bytes()
    assert len(list((checkout / "exported").glob("*.tar.age"))) == 1
