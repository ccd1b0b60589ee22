"""``earwitness up`` as a program of its own: ready, answering, found by a second one, ended in good order."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from earwitness.bootstrap import create_house
from earwitness.settings import Settings
from earwitness.testing.commandline import CommandLine
from earwitness.testing.runlog import RunLog

COMMAND = [sys.executable, "-c", "from earwitness.cli.app import main; main()"]
SOON = 60

QUIET = ("--no-voice", "--no-review")  # what has nothing to do with either starts in a fraction of the time
Start = Callable[..., "Hub"]


class Hub:
    """A running hub; its log goes to the run's own folder, where it is searched for personal data."""

    def __init__(self, data: Path, log: Path, *options: str) -> None:
        self.log = log
        with log.open("ab") as stream:
            self.process = subprocess.Popen(
                [*COMMAND, "up", "--data", str(data), *options], stdout=subprocess.PIPE, stderr=stream, text=True
            )
        self.data = data
        assert self.process.stdout is not None
        self.ready = self.process.stdout.readline().rstrip("\n")
        self.url = self.ready.removeprefix("ready ")

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        self.process.communicate(timeout=SOON)
        return self.process.returncode


@pytest.fixture
def start(tmp_path: Path, run_log: RunLog) -> Iterator[Start]:
    running: list[Hub] = []

    def go(*options: str) -> Hub:
        options = (*QUIET, *(options or ("--port", "0")))
        running.append(Hub(tmp_path / "data", run_log.file(f"hub-{tmp_path.name}"), *options))
        return running[-1]

    yield go
    for hub in running:
        hub.process.kill()
        hub.process.communicate()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, run_log: RunLog) -> Iterator[Hub]:
    """A hub as a person starts it, for those tests that leave it running."""
    running = Hub(tmp_path_factory.mktemp("up") / "data", run_log.file("hub-whole"), "--port", "0")
    yield running
    assert running.end() == 0


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=SOON, check=False)


def test_ready_and_healthy(hub: Hub) -> None:
    assert hub.ready.startswith("ready http://localhost:")
    health = httpx.get(f"{hub.url}/healthz").json()
    assert health["status"] == "ok"
    assert health["epoch"] == 1
    page = httpx.get(f"{hub.url}/")
    assert page.status_code == 200
    assert "not tried yet" in page.text
    checkpoint = httpx.get(f"{hub.url}/log/checkpoint").content
    assert checkpoint == (hub.data / "log" / "checkpoint").read_bytes()


def test_a_second_hub_is_sent_to_the_first(hub: Hub) -> None:
    second = run("up", "--data", str(hub.data), "--port", "0")
    assert second.returncode == 1
    assert second.stdout == ""
    assert second.stderr.startswith("error: A hub already runs on this data folder")
    assert hub.url in second.stderr
    as_json = run("up", "--data", str(hub.data), "--port", "0", "--json")
    assert hub.url in json.loads(as_json.stderr)["error"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_good_order(start: Start, how: signal.Signals) -> None:
    hub = start()
    assert (hub.data / "run" / "hub.json").exists()
    assert hub.end(how) == 0
    assert not (hub.data / "run" / "hub.json").exists()


def test_after_a_kill_it_starts_again(start: Start) -> None:
    before = start()
    assert before.end(signal.SIGKILL) == -signal.SIGKILL
    again = start()
    assert httpx.get(f"{again.url}/healthz").json()["status"] == "ok"
    assert again.end() == 0


def test_the_usual_port_gives_way_and_says_so(start: Start, tmp_path: Path) -> None:
    create_house(tmp_path / "data", Settings(installation="inst_up"))
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        taken = other.getsockname()[1]
        with (tmp_path / "data" / "earwitness.toml").open("a") as settings:
            settings.write(f"port = {taken}\n")
        hub = start("--host", "localhost")
        assert hub.url.rpartition(":")[2] != str(taken)
        assert httpx.get(f"{hub.url}/healthz").status_code == 200
        assert hub.end() == 0
    assert f"port {taken} is taken by another program" in hub.log.read_text()


def test_a_port_that_was_asked_for_is_not_exchanged(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        line = CommandLine(tmp_path / "data").fails("up", "--port", str(other.getsockname()[1]), code=1)
    assert "is taken by another program" in line
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("options", [("--port", "70000"), ("--host", "nowhere.example"), ("--host", "203.0.113.7")])
def test_bad_input_changes_nothing(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert options[1] in CommandLine(tmp_path / "data").fails("up", *options)
    assert not (tmp_path / "data").exists()


def test_log_is_json_without_addresses_or_queries(start: Start) -> None:
    hub = start()
    httpx.get(f"{hub.url}/somewhere/odd?who=somebody")
    assert hub.end() == 0
    objects = [json.loads(line) for line in hub.log.read_text().splitlines() if line.startswith("{")]
    assert {"event", "level", "at"} <= set(objects[0])
    assert [one["status"] for one in objects if one["event"] == "request"] == [404]
    assert "somewhere" not in hub.log.read_text()
    assert "somebody" not in hub.log.read_text()


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert str(tmp_path) in CommandLine(tmp_path).fails("up", "--port", "0")
    assert [one.name for one in tmp_path.iterdir()] == ["notes.txt"]
