"""The fixtures of every test: virtual time, real databases and stores, no network, no leaks."""

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import httpx
import pytest

from earwitness.settings import Settings
from earwitness.storage.database import Database, sqlite_url
from earwitness.testing.clock import VirtualClock
from earwitness.testing.loopback import loopback_only
from earwitness.testing.runlog import FOLDER_VARIABLE, RunLog, findings
from earwitness.testing.servers import PostgresMissingError, PostgresServer, S3Server

if TYPE_CHECKING:
    from earwitness.bootstrap import House
    from earwitness.testing.house import Family

MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes folders of its own in it; an fsync costs nothing there
ENOUGH = 4 * 2**30  # bytes free; a whole run needs less than one
RUN_LOG = pytest.StashKey[RunLog]()
LEAKS = pytest.StashKey[list[str]]()
OWNS_FOLDER = pytest.StashKey[bool]()


# --- the whole run: what it says is collected and searched for canaries at the end -------------


def pytest_configure(config: pytest.Config) -> None:
    if not config.option.basetemp and "TMPDIR" not in os.environ and _has_room(MEMORY):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    config.stash[OWNS_FOLDER] = FOLDER_VARIABLE not in os.environ
    if config.stash[OWNS_FOLDER]:
        os.environ[FOLDER_VARIABLE] = tempfile.mkdtemp(prefix="earwitness-run-logs-")
    config.stash[RUN_LOG] = RunLog(Path(os.environ[FOLDER_VARIABLE]))
    config.stash[RUN_LOG].start()


def _has_room(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free >= ENOUGH


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "teardown":  # it carries the output of all three phases
        for section, text in report.sections:
            item.config.stash[RUN_LOG].note(f"{item.nodeid} {section}", text)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    config.stash[RUN_LOG].stop()
    if not config.stash[OWNS_FOLDER]:
        return
    folder = Path(os.environ.pop(FOLDER_VARIABLE))
    config.stash[LEAKS] = findings(folder)
    if config.stash[LEAKS]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    shutil.rmtree(folder)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    leaks = config.stash.get(LEAKS, [])
    if leaks:
        terminalreporter.section("personal data in logs or errors", red=True)
        for leak in leaks[:50]:
            terminalreporter.write_line(leak)
        terminalreporter.write_line(f"{len(leaks)} lines of this run's output show personal data.", red=True)


@pytest.fixture(scope="session")
def run_log(request: pytest.FixtureRequest) -> RunLog:
    """Where the output of started programs belongs: ``run_log.file("hub")``."""
    return request.config.stash[RUN_LOG]


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    with loopback_only():
        yield


# --- time -----------------------------------------------------------------------------------------


@pytest.fixture
def virtual_clock() -> VirtualClock:
    return VirtualClock()


# --- databases ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgresql_server(run_log: RunLog) -> Iterator[PostgresServer]:
    try:
        server = PostgresServer(run_log.file("postgresql"))
    except PostgresMissingError as error:
        pytest.exit(str(error), returncode=1)  # a missing server fails the run, it never skips it
    yield server
    server.stop()


@pytest.fixture
def postgresql_url(postgresql_server: PostgresServer) -> Iterator[str]:
    """A database of this test's own, at the current schema."""
    url = postgresql_server.fresh()
    yield url
    postgresql_server.drop(url)


@pytest.fixture
def empty_postgresql_url(postgresql_server: PostgresServer) -> Iterator[str]:
    """A database of this test's own with nothing in it."""
    url = postgresql_server.empty()
    yield url
    postgresql_server.drop(url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh database in a file that was made once, for copying."""
    path = tmp_path_factory.mktemp("sqlite") / "data.db"
    Database.open(sqlite_url(path)).close()
    return path


@pytest.fixture
def fresh_sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    return sqlite_url(shutil.copy(sqlite_template, tmp_path / "data.db"))


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh database, once on each dialect."""
    return request.getfixturevalue("postgresql_url" if request.param == "postgresql" else "fresh_sqlite_url")


@pytest.fixture
def fresh_database(fresh_url: str) -> Iterator[Database]:
    """A fresh database, once on each dialect."""
    database = Database.open(fresh_url)
    yield database
    database.close()


@pytest.fixture
def sqlite_database(fresh_sqlite_url: str) -> Iterator[Database]:
    """A fresh database on SQLite alone, for what does not touch SQL differences."""
    database = Database.open(fresh_sqlite_url)
    yield database
    database.close()


@pytest.fixture
def postgresql_database(postgresql_url: str) -> Iterator[Database]:
    database = Database.open(postgresql_url)
    yield database
    database.close()


# --- blob stores ----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    server = S3Server()
    yield server
    server.stop()


# --- houses: every test of one ends with the check that it is whole -------------------------------


@pytest.fixture(scope="session")
def small() -> ModuleType:
    """What makes houses; loaded by those tests alone that need one, for it loads the whole product."""
    from earwitness.testing import house  # noqa: PLC0415 - see above

    return house


@pytest.fixture(scope="session")
def house_template(tmp_path_factory: pytest.TempPathFactory, small: ModuleType) -> Path:
    """A house on files that was made once, for copying."""
    return small.make_template(tmp_path_factory.mktemp("template") / "data")


@pytest.fixture
def server_settings(
    postgresql_server: PostgresServer, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """Settings of a house on servers: a database, a keys database and a bucket of this test's own."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
    data, keys = postgresql_server.fresh(), postgresql_server.empty()
    bucket = data.partition("@/")[2].partition("?")[0].replace("_", "-")
    httpx.put(f"{s3_server.endpoint}/{bucket}").raise_for_status()
    yield Settings(
        installation="inst_served",
        database_url=data,
        keys_url=keys,
        s3_bucket=bucket,
        s3_endpoint=s3_server.endpoint,
    )
    for url in (data, keys):
        postgresql_server.drop(url)


@pytest.fixture
def small_house(
    house_template: Path, tmp_path: Path, virtual_clock: VirtualClock, small: ModuleType
) -> "Iterator[House]":
    """A house on SQLite and files."""
    with small.copy_house(house_template, tmp_path / "data", virtual_clock) as house:
        yield house
        small.check_whole(house)


@pytest.fixture(params=["files", "servers"])
def house(
    request: pytest.FixtureRequest, tmp_path: Path, virtual_clock: VirtualClock, small: ModuleType
) -> "Iterator[House]":
    """A house once on SQLite and files, once on PostgreSQL and S3."""
    if request.param == "files":
        yield request.getfixturevalue("small_house")
        return
    with small.house_on_servers(tmp_path / "data", request.getfixturevalue("server_settings"), virtual_clock) as house:
        yield house
        small.check_whole(house)


@pytest.fixture
def small_family(small_house: "House", small: ModuleType) -> "Family":
    """Two adults in a house on files."""
    return small.Family.move_in(small_house)


@pytest.fixture
def family(house: "House", small: ModuleType) -> "Family":
    """Two adults, once on files and once on servers."""
    return small.Family.move_in(house)
