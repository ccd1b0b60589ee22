"""The two processes beside the hub: there with it, back when they are killed, gone when it is gone."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from earwitness.testing.runlog import RunLog
from earwitness.testing.waiting import wait_until

COMMAND = [sys.executable, "-c", "from earwitness.cli.app import main; main()"]
SOON = 60.0


@pytest.fixture
def hub(tmp_path: Path, run_log: RunLog) -> Iterator[subprocess.Popen[str]]:
    arguments = ["up", "--data", str(tmp_path / "data"), "--port", "0", "--workbench-port", "0", "--no-voice"]
    with run_log.file(f"hub-{tmp_path.name}").open("ab") as log:
        running = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=log, text=True)
    assert running.stdout is not None
    assert running.stdout.readline().startswith("ready ")
    yield running
    running.kill()
    running.communicate()


def workbench(tmp_path: Path) -> tuple[int, str]:
    """Process and address of the workbench that runs now; 0 if none does."""
    try:
        note = json.loads((tmp_path / "data" / "run" / "workbench.json").read_bytes())
        httpx.get(f"{note['url']}/healthz").raise_for_status()
    except (OSError, ValueError, httpx.HTTPError):
        return 0, ""
    return note["pid"], note["url"]


def children(of: int) -> set[int]:
    return {int(each) for each in Path(f"/proc/{of}/task/{of}/children").read_text().split()} | {
        int(each) for task in Path(f"/proc/{of}/task").iterdir() for each in (task / "children").read_text().split()
    }


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_both_run_beside_the_hub_and_come_back(hub: subprocess.Popen[str], tmp_path: Path) -> None:
    wait_until(lambda: workbench(tmp_path)[0])
    first, url = workbench(tmp_path)
    assert httpx.get(f"{url}/api/session").status_code == 401  # the desk answered: nobody is signed in
    both = children(hub.pid)
    assert first in both
    assert len(both) == 2
    for each in both:
        os.kill(each, signal.SIGKILL)
    wait_until(lambda: workbench(tmp_path)[0] not in {0, first})
    wait_until(lambda: len(children(hub.pid)) == 2)
    assert httpx.get(f"{workbench(tmp_path)[1]}/api/session").status_code == 401
    later = children(hub.pid)
    hub.send_signal(signal.SIGTERM)
    assert hub.wait(SOON) == 0
    assert not [each for each in later if is_alive(each)]


def test_they_end_with_a_hub_that_was_killed(hub: subprocess.Popen[str], tmp_path: Path) -> None:
    wait_until(lambda: workbench(tmp_path)[0])
    both = children(hub.pid)
    assert len(both) == 2
    hub.kill()
    wait_until(lambda: not any(map(is_alive, both)))
    assert workbench(tmp_path) == (0, "")
