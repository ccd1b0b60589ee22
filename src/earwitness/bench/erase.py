"""Erasing a person with many recordings: how soon unreadable, how fast removed, in how much memory.

The peer removes the same number of files and rows with the bare library calls: unlink, one fsync of each
folder for every 1,000 files, and one SQLite transaction at synchronous=FULL for every 1,000 rows.
"""

import os
import sqlite3
import time
from pathlib import Path

from earwitness.bench.filling import Progress, fill
from earwitness.bench.house import scratch_house
from earwitness.vault.scope import Scope, ScopeKind

AUDIO_BYTES = 9_000  # more than rests in a row, so that each recording has a file
BATCH = 1_000
PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024


def run_erase(
    recordings: int = 100_000, folder: Path | None = None, progress: Progress = lambda _done, _all: None
) -> dict[str, float]:
    """Measure; return milliseconds until unreadable, recordings removed a second, and memory growth (MB)."""
    with scratch_house(folder) as bench:
        fill(bench, recordings, audio_bytes=AUDIO_BYTES, progress=progress)
        os.sync()  # or the disk would still be busy with the filling
        bare = _bare(bench.house.data.parent / "bare", recordings // 10)
        scope = Scope(ScopeKind.PERSON, bench.person, bench.household)
        accepted = bench.house.erasure.erase(bench.actor, scope)
        before, peak = _resident_mb(), 0.0
        started = time.perf_counter()

        def sample(_done: int) -> None:
            nonlocal peak
            peak = max(peak, _resident_mb())

        removed = bench.house.removal.remove(accepted.erasure, sample)
        seconds = time.perf_counter() - started
    return {
        "recordings": recordings,
        "unreadable_ms": accepted.unreadable_ms,
        "removed_per_s": removed / seconds,
        "removal_growth_mb": max(0.0, peak - before),
        "bare_per_s": bare,
    }


def _bare(folder: Path, count: int) -> float:
    folder.mkdir()
    database = sqlite3.connect(folder / "bare.db")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE recording (id INTEGER PRIMARY KEY, sealed BLOB)")
    with database:
        database.executemany("INSERT INTO recording VALUES (?, ?)", ((n, os.urandom(60)) for n in range(count)))
    for number in range(count):
        (folder / f"{number}.bin").write_bytes(bytes(AUDIO_BYTES))
    os.sync()
    started = time.perf_counter()
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        for number in numbers:
            (folder / f"{number}.bin").unlink()
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
        with database:
            database.executemany("DELETE FROM recording WHERE id = ?", ((n,) for n in numbers))
    rate = count / (time.perf_counter() - started)
    database.close()
    return rate


def _resident_mb() -> float:
    """Return this process's resident memory in MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * PAGE_KIB / 1024
