"""The servers that tests start are private, unprivileged and gone afterwards."""

import os
import select
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from earwitness.testing.runlog import RunLog
from earwitness.testing.servers import PostgresMissingError, PostgresServer, postgresql_programs


def test_no_other_user_reaches_the_database(postgresql_server: PostgresServer) -> None:
    assert stat.S_IMODE(postgresql_server.folder.stat().st_mode) == 0o700
    engine = create_engine(postgresql_server.url("postgres"))
    with engine.connect() as tx:
        assert tx.execute(text("SHOW listen_addresses")).scalar_one() == ""
    engine.dispose()
    assert postgresql_server.folder.stat().st_uid != 0


def test_each_fresh_database_is_another(postgresql_server: PostgresServer) -> None:
    one, two = postgresql_server.fresh(), postgresql_server.fresh()
    assert one != two
    postgresql_server.drop(one)
    postgresql_server.drop(two)


def test_a_server_that_was_stopped_leaves_nothing(run_log: RunLog) -> None:
    server = PostgresServer(run_log.file("postgresql-stopped"))
    assert server.folder.is_dir()
    server.stop()
    assert not server.folder.exists()


def test_a_server_ends_with_a_starter_that_is_killed(run_log: RunLog) -> None:
    program = (
        "import sys, pathlib\n"
        "from earwitness.testing.servers import PostgresServer\n"
        f"server = PostgresServer(pathlib.Path({str(run_log.file('postgresql-orphan'))!r}))\n"
        "print((server.folder / 'data/postmaster.pid').read_text().split()[0], server.folder, flush=True)\n"
        "sys.stdin.read()\n"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program], stdin=pipe, stdout=pipe, text=True) as starter:
        assert starter.stdout is not None
        process, folder = starter.stdout.readline().split()
        watched = os.pidfd_open(int(process))
        starter.send_signal(signal.SIGKILL)
    assert _ended(watched)
    os.close(watched)
    subprocess.run(["rm", "-r", folder], check=True)


def _ended(pidfd: int) -> bool:
    return bool(select.select([pidfd], [], [], 20)[0])


def test_a_machine_without_the_server_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earwitness.testing.servers.DEBIAN", tmp_path)
    with pytest.raises(PostgresMissingError, match="apt-get install postgresql"):
        postgresql_programs()


def test_the_newest_server_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earwitness.testing.servers.DEBIAN", tmp_path)
    for version in ("9.6", "15", "17"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin" / "initdb").touch()
    assert postgresql_programs() == tmp_path / "17" / "bin"
