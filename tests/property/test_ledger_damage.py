"""Any single bit that changes in a published log is found, and a crash at any write is recovered from."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earwitness.kernel.errors import LogCorrupt, NoteInvalid
from earwitness.ledger.checkpoint import open_checkpoint
from earwitness.ledger.log import Log
from earwitness.ledger.notes import KeyType, SignedNote, parse_note
from earwitness.ledger.tombstones import open_head
from earwitness.ledger.verify import verify
from earwitness.storage.database import Database, sqlite_url
from earwitness.testing.clock import VirtualClock
from earwitness.testing.ledgers import append, fixed_signer, open_log, verify_everything

SIGNER = fixed_signer()
WITNESS = fixed_signer("witness.test/w", KeyType.COSIGNATURE)


def make_cosigned(folder: Path, batches: list[tuple[int, int]]) -> Path:
    database = Database.open(sqlite_url(folder / "data.db"))
    log = open_log(database, folder / "log", VirtualClock())
    for leaves, tombstones in batches:
        append(log, database, leaves, tombstones)
        log.publish()
    database.close()
    path = folder / "log" / "checkpoint"
    note = parse_note(path.read_bytes())
    path.write_bytes(SignedNote(note.text, (*note.signatures, WITNESS.cosign(note.text, 1_795_000_000))).encode())
    return folder / "log"


@pytest.fixture(scope="module")
def cosigned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of three publications, cosigned, with tombstones and with partial tiles left behind."""
    return make_cosigned(tmp_path_factory.mktemp("damage"), [(30, 5), (250, 260), (3, 2)])


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def found(folder: Path, path: Path, bit: int) -> str:
    """Change one bit, verify, put it back; return the reason, or nothing if it was not found."""
    good = path.read_bytes()
    bad = bytearray(good)
    bad[bit // 8] ^= 1 << bit % 8
    path.write_bytes(bad)
    try:
        verify(folder, SIGNER.vkey, witnesses=[WITNESS.vkey])
    except (LogCorrupt, NoteInvalid) as error:
        return error.reason
    finally:
        path.write_bytes(good)
    return ""


def test_the_log_is_whole_before_it_is_damaged(cosigned: Path) -> None:
    report = verify(cosigned, SIGNER.vkey, witnesses=[WITNESS.vkey])
    assert (report.size, report.tombstones, report.cosigners) == (550, 267, (WITNESS.name,))
    assert report.partials >= 6


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_changed_bit_anywhere_is_found(cosigned: Path, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(files(cosigned)))
    bit = data.draw(st.integers(0, path.stat().st_size * 8 - 1))
    assert found(cosigned, path, bit), (path, bit)


def refused(data: bytes, open_: Callable[[bytes], object]) -> bool:
    try:
        open_(data)
    except (LogCorrupt, NoteInvalid):
        return True
    return False


@pytest.mark.parametrize(
    ("name", "open_"),
    [
        ("checkpoint", lambda data: open_checkpoint(data, SIGNER.key, [WITNESS.key])),
        ("tombstones/head", lambda data: open_head(data, SIGNER.key)),
    ],
)
def test_every_single_bit_of_the_heads_is_covered(cosigned: Path, name: str, open_: Callable[[bytes], object]) -> None:
    good = (cosigned / name).read_bytes()
    number = int.from_bytes(good, "big")
    assert not refused(good, open_)
    for bit in range(len(good) * 8):
        assert refused((number ^ 1 << bit).to_bytes(len(good), "big"), open_), bit


def test_every_missing_file_is_named(cosigned: Path) -> None:
    missing = {}
    for path in files(cosigned):
        name = path.relative_to(cosigned).as_posix()
        aside = path.with_name("aside")
        path.rename(aside)
        try:
            verify(cosigned, SIGNER.vkey)
        except LogCorrupt as error:
            missing[name] = (error.reason, error.file)
        finally:
            aside.rename(path)
    assert missing == {name: ("file-missing", name) for name in missing}
    assert len(missing) == 2 + 2 * 3 + 1 + 2  # heads, level 0 and entries, level 1, tombstones


# --- a crash at every write -----------------------------------------------------------------------


class Crash(BaseException):
    """The machine stops here."""


FSYNC = os.fsync  # counted only: what a missing one costs, the power-cut tests find out
CALLS = ("open", "write", "fsync", "replace", "mkdir", "rmdir", "unlink")


NEVER = 1_000_000


class Crasher:
    """Counts the calls that change or sync a file, and stops at one of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        self.at, self.count = at, 0
        for name in CALLS:
            monkeypatch.setattr(os, name, self._counted(getattr(os, name)))

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            self.count += 1
            if self.count >= self.at:
                raise Crash
            return None if call is FSYNC else call(*arguments, **named)

        return counted


def tree(folder: Path) -> dict[str, bytes]:
    """The files that the newest checkpoint needs: older partial ones may or may not have survived."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in files(folder)
        if ".p/" not in path.as_posix() or int(path.name) == max(int(each.name) for each in path.parent.iterdir())
    }


def publish_until(log: Log, at: int) -> int:
    """Publish, crashing at the ``at``-th call; return how many calls were made if it came through."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        crasher = Crasher(monkeypatch, at)
        try:
            log.publish(require_second=True)
        except Crash:
            return 0
        return crasher.count


@pytest.mark.parametrize(("copies", "step"), [(("log",), 1), (("log", "second"), 5)])
def test_a_crash_at_any_call_is_recovered_from(tmp_path: Path, copies: tuple[str, ...], step: int) -> None:
    second = tmp_path / "second" if "second" in copies else None
    clock, database = VirtualClock(), Database.open(sqlite_url(tmp_path / "data.db"))
    log = open_log(database, tmp_path / "log", clock, second=second)
    append(log, database, 250, tombstones=3)
    log.publish(require_second=True)
    append(log, database, 20, tombstones=254)
    for each in copies:
        shutil.copytree(tmp_path / each, tmp_path / f"before-{each}")
    log.publish(require_second=True)
    expected = {each: tree(tmp_path / each) for each in copies}
    at, calls = 0, 0
    while not calls:
        at += step
        for each in copies:
            shutil.rmtree(tmp_path / each)
            shutil.copytree(tmp_path / f"before-{each}", tmp_path / each)
        calls = publish_until(log, at)
        for each in copies:
            assert verify(tmp_path / each, SIGNER.vkey).size in {253, 527}
        again = open_log(database, tmp_path / "log", clock, second=second)
        assert publish_until(again, NEVER) > 0
        assert verify_everything(again).size == 527
        assert {each: tree(tmp_path / each) for each in copies} == expected, at
    assert calls > 40
    database.close()
