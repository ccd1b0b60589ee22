"""The command line as a test drives it: in this process, with what it printed and what it changed.

Its output is kept from the run's log, for what a command shows a person is personal; a command that
fails must show nothing personal, and :meth:`CommandLine.fails` holds every failure to that.
"""

import hashlib
import io
import json
import sqlite3
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from earwitness.cli.app import run
from earwitness.testing.canary import traces


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did: its exit code, and the bytes it wrote to both outputs, as text."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)

    @property
    def rows(self) -> list[dict[str, str]]:
        """Standard output as a piped table: a dictionary a row, by heading."""
        headings, *lines = (line.split("\t") for line in self.out.splitlines())
        return [dict(zip(headings, line, strict=True)) for line in lines]


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Runs commands on one data folder, as somebody without a terminal."""

    data: Path

    def __call__(self, *words: str, where: bool = True) -> Outcome:
        """Run a command; ``where`` adds ``--data``."""
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", write_through=True)
        err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", write_through=True)
        with redirect_stdout(out), redirect_stderr(err), patch("sys.stdin", io.StringIO()):
            code = run([*words, "--data", str(self.data)] if where else words)
        return Outcome(code, *(stream.buffer.getvalue().decode(errors="replace") for stream in (out, err)))

    def does(self, *words: str, where: bool = True) -> Outcome:
        """Run a command that must succeed."""
        outcome = self(*words, where=where)
        if outcome.code != 0:
            raise AssertionError(f"exit code {outcome.code}: {outcome.err}")
        return outcome

    def fails(self, *words: str, code: int = 2, where: bool = True, changes: bool = False) -> str:
        """Run a command that must fail: with this code, one clear line, nothing personal, and nothing changed.

        Returns:
            The line, without ``error: ``.

        Raises:
            AssertionError: it did otherwise.
        """
        before = fingerprint(self.data)
        outcome = self(*words, where=where)
        require_one_clear_line(outcome, code)
        if not changes and fingerprint(self.data) != before:
            raise AssertionError("The command failed, and changed something all the same.")
        return outcome.err.removeprefix("error: ").rstrip("\n")


def require_one_clear_line(outcome: Outcome, code: int) -> None:
    """Check how a command failed.

    Raises:
        AssertionError: another code, other than one line, a line about a bug, or one with personal data in it.
    """
    lines = outcome.err.splitlines()
    if outcome.code != code or outcome.out or len(lines) != 1 or not lines[0].startswith("error: "):
        raise AssertionError(f"exit code {outcome.code}, {len(outcome.out)} letters of output, and: {outcome.err}")
    if "went wrong inside" in lines[0] or "\x1b" in lines[0]:
        raise AssertionError(lines[0])
    if traces(outcome.err.encode(), "standard error"):
        raise AssertionError("The error holds personal data.")


def fingerprint(data: Path) -> dict[str, str]:
    """Return a hash of every file below a data folder, of databases the hash of their rows."""
    if not data.is_dir():
        return {"": str(data.exists())}
    files = [each for each in sorted(data.rglob("*")) if each.is_file() and not _is_passing(each)]
    return {str(each.relative_to(data)): _hash(each) for each in files}


def _is_passing(path: Path) -> bool:
    """Locks, and what SQLite keeps beside an open database."""
    return path.name.endswith((".lock", "-wal", "-shm", ".pid")) or path.parent.name == "run"


def _hash(path: Path) -> str:
    if path.suffix == ".db" and path.read_bytes()[:15] == b"SQLite format 3":
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as rows:
                return hashlib.sha256("\n".join(rows.iterdump()).encode()).hexdigest()
        except sqlite3.DatabaseError:  # damaged on purpose
            pass
    return hashlib.sha256(path.read_bytes()).hexdigest()
