"""The guards of the test run bite: tried on runs of their own."""

import os
import subprocess
import sys
from pathlib import Path

from earwitness.testing.runlog import FOLDER_VARIABLE

TESTS = Path(__file__).parents[2]


def run(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Run one test file under this project's conftest, apart from the run that is going on."""
    (folder / "test_tried.py").write_text(program)
    environment = {name: value for name, value in os.environ.items() if name != FOLDER_VARIABLE}
    environment["PYTHONPATH"] = os.pathsep.join([str(TESTS), *sys.path])
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "conftest", "-p", "no:cacheprovider", "--rootdir", folder, folder],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )


LEAKS = """
import base64, logging
from earwitness.kernel.errors import NotFound

def test_print():
    print("print Zebra" + "finch")

def test_log():
    logging.getLogger("earwitness.vault").debug("log zebra" + "finch")

def test_error():
    NotFound("error zebra" + "finch")

def test_base64():
    print("base64", base64.b64encode(b"? feed the zebra" + b"finch").decode())

def test_program(run_log):
    run_log.file("hub").write_text("program ZEBRA" + "FINCH")
"""


def test_personal_data_in_the_output_fails_the_run(tmp_path: Path) -> None:
    done = run(tmp_path, LEAKS)
    assert done.returncode == 1
    assert "5 passed" in done.stdout
    _, _, told = done.stdout.partition("personal data in logs or errors")
    for kind in ("print Z", "log z", "error z", "base64 ", "program Z"):
        assert kind in told


def test_a_run_without_leaks_passes_and_leaves_no_logs(tmp_path: Path) -> None:
    done = run(tmp_path, f"import os\ndef test_tried():\n    print(os.environ[{FOLDER_VARIABLE!r}])\n    assert 0\n")
    folder = done.stdout.partition("Captured stdout call")[2].splitlines()[1]
    assert "personal data" not in done.stdout
    assert "earwitness-run-logs-" in folder
    assert not Path(folder).exists()


def test_a_missing_postgresql_fails_the_run_with_one_line(tmp_path: Path) -> None:
    program = """
from pathlib import Path
import pytest
from earwitness.testing import servers

servers.DEBIAN = Path("/nowhere")

def test_one(postgresql_url):
    pass

def test_two():
    pass
"""
    done = run(tmp_path, program)
    assert done.returncode == 1
    assert "apt-get install postgresql" in done.stdout
    assert "skipped" not in done.stdout
    assert "passed" not in done.stdout


REACHING = """
import socket
import httpx

def test_connect():
    socket.create_connection(("192.0.2.1", 80), timeout=1)

def test_lookup():
    socket.getaddrinfo("example.org", 80)

def test_http():
    httpx.get("http://192.0.2.1/", trust_env=False)
"""


def test_no_test_reaches_another_machine(tmp_path: Path) -> None:
    done = run(tmp_path, REACHING)
    assert "3 failed" in done.stdout
    assert done.stdout.count(" - earwitness.testing.loopback.Beyond") == 3
