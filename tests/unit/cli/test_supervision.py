"""A process beside the hub is started again, however it ended, and whatever it said."""

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from earwitness.cli import supervision
from earwitness.cli.supervision import Child

ENDS_AT_ONCE = "import os; os.write(1, b'up \\xff\\n'); os.kill(os.getpid(), 9)"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "PAUSES", (0.0,))
    monkeypatch.setattr(supervision, "COMMAND", (sys.executable, "-S", "-c", ENDS_AT_ONCE))


def runs_again() -> bool:
    """Whether a child came up three times."""
    said, thrice = [], threading.Event()

    def heard(line: str) -> None:
        said.append(line)
        if len(said) == 3:
            thrice.set()

    child = Child(["any"], heard)
    try:
        return thrice.wait(30)
    finally:
        child.stop()


def test_a_child_that_is_killed_and_says_what_is_no_text_comes_up_again() -> None:
    assert runs_again()


def test_a_system_without_room_for_it_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    original: Callable[..., object] = subprocess.Popen
    refused: list[int] = []

    def start(*arguments: object, **options: object) -> object:
        if len(refused) < 2:
            refused.append(1)
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return original(*arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", start)
    assert runs_again()
    assert len(refused) == 2
