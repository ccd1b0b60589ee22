"""Real servers for tests, on this machine only: PostgreSQL from Debian's packages and an S3 API.

PostgreSQL listens on a socket in a private folder and nowhere else, so no port can clash. It runs
unprivileged (as ``postgres`` or ``nobody`` when the tests run as root) and ends with its starter,
even one that is killed.
"""

import itertools
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import threading
import warnings
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql

from earwitness.kernel.errors import StorageError
from earwitness.storage.database import Database

DEBIAN = Path("/usr/lib/postgresql")
USER = "earwitness"
TEMPLATE = "earwitness_template"
FAST = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "autovacuum": "off",
    "jit": "off",
}


class PostgresMissingError(StorageError):
    """PostgreSQL is needed by the tests and is not installed."""


def postgresql_programs() -> Path:
    """Return the folder of the newest installed PostgreSQL server.

    Raises:
        PostgresMissingError: none is installed.
    """
    folders = [path.parent for path in DEBIAN.glob("*/bin/initdb")]
    if not folders:
        raise PostgresMissingError("The tests need a PostgreSQL server.", next_step="apt-get install postgresql")
    return max(folders, key=lambda folder: [int(part) for part in re.findall(r"\d+", folder.parent.name)])


class PostgresServer:
    """One cluster in a temporary folder.

    ``durable`` keeps fsync on, for tests that cut the power.
    """

    def __init__(self, log: Path, *, durable: bool = False) -> None:
        """Make the cluster, start it and wait until it answers.

        Raises:
            PostgresMissingError: not installed.
        """
        self._programs = postgresql_programs()
        self.folder = Path(tempfile.mkdtemp(prefix="earwitness-postgresql-"))
        self._numbers = itertools.count(1)
        self._as_user: list[str] = []
        if os.geteuid() == 0:
            user = _unprivileged()
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as_user = ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
        self._initialise()
        self._process, self._drain = self._start(log, {**FAST, "fsync": "on"} if durable else FAST)
        self._template_ready = False

    def _initialise(self) -> None:
        make = [str(self._programs / "initdb"), "-D", str(self.folder / "data"), "-U", USER, "-A", "trust"]
        options = ["-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        subprocess.run(  # noqa: S603 - a program of the system, no input of others
            ["setpriv", *self._as_user, *make, *options],  # noqa: S607 - util-linux, on every Debian
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
        )

    def _start(self, log: Path, settings: dict[str, str]) -> tuple[subprocess.Popen[str], threading.Thread]:
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        postgres = [str(self._programs / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder)]
        process = subprocess.Popen(  # noqa: S603 - as above
            ["setpriv", "--pdeathsig", "INT", *self._as_user, *postgres, *options],  # noqa: S607 - likewise
            cwd=self.folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        ready = threading.Event()
        drain = threading.Thread(target=_drain, args=(process.stderr, log, ready), daemon=True)
        drain.start()
        if not ready.wait(60) or process.poll() is not None:
            raise StorageError("The test's PostgreSQL server did not start.", next_step=f"Read {log}.")
        return process, drain

    def url(self, database: str) -> str:
        """Return the URL of a database of this cluster."""
        return f"postgresql+psycopg://{USER}@/{database}?host={self.folder}"

    def empty(self) -> str:
        """Make a database with nothing in it and return its URL."""
        return self._create("template0")

    def fresh(self) -> str:
        """Make a database at the current schema and return its URL; cheap, as it copies one that was migrated."""
        if not self._template_ready:
            self._run("CREATE DATABASE {}", TEMPLATE)
            Database.open(self.url(TEMPLATE)).close()
            self._template_ready = True
        return self._create(TEMPLATE)

    def drop(self, url: str) -> None:
        """Remove a database that :meth:`empty` or :meth:`fresh` made, and end whoever still uses it."""
        self._run("DROP DATABASE {} WITH (FORCE)", url.partition("@/")[2].partition("?")[0])

    def stop(self) -> None:
        """End the server and remove its files."""
        self._process.terminate()
        self._run_quietly_down()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run_quietly_down(self) -> None:
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.send_signal(3)  # SIGQUIT: PostgreSQL's immediate shutdown
            self._process.wait(10)
        self._drain.join(10)
        if self._process.stderr:
            self._process.stderr.close()

    def _create(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        self._run("CREATE DATABASE {} TEMPLATE {}", name, template)
        return self.url(name)

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(host=str(self.folder), user=USER, dbname="postgres", autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresMissingError("There is no user postgres or nobody to run the server as.")


def _drain(stream: IO[str], log: Path, ready: threading.Event) -> None:
    with log.open("a", encoding="utf-8") as out:
        for line in stream:
            out.write(line)
            out.flush()
            if "ready to accept connections" in line:
                ready.set()
    ready.set()


class S3Server:
    """Moto's S3 API on a free loopback port, in this process."""

    access_key = "testing"
    secret_key = "testing"  # noqa: S105 - moto takes any

    def __init__(self) -> None:
        """Start it and wait until it listens."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # moto and what it imports warn about themselves
            from moto.server import ThreadedMotoServer  # noqa: PLC0415 - takes a second to load

            self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
            self._server.start()
        host, port = self._server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"

    def stop(self) -> None:
        """End the server; its objects are gone."""
        self._server.stop()
