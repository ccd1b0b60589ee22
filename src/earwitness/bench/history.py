"""A page of 50 out of a long history: decided, logged durably, listed and decrypted.

The peer is the bare query for the same 50 rows and their sealed texts, with AES-GCM for each.
"""

import sqlite3
import statistics
import time
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from earwitness.bench.filling import Progress, fill
from earwitness.bench.house import Bench, scratch_house
from earwitness.vault.reading import Cursor

PAGE = 50
PAGES = 60
QUERY = """
SELECT recording.id, artefact.sealed FROM recording JOIN artefact ON artefact.recording_id = recording.id
WHERE subject_id = ? AND (started_at, recording.id) < (?, ?) ORDER BY started_at DESC, recording.id DESC LIMIT 50
"""


def run_history(
    recordings: int = 1_000_000, folder: Path | None = None, progress: Progress = lambda _done, _all: None
) -> dict[str, float]:
    """Measure; return the milliseconds of a page (median and 99th percentile) and of the bare query."""
    with scratch_house(folder) as bench:
        fill(bench, recordings, progress=progress)
        newest = bench.house.history.page(bench.actor, [bench.person], limit=1).lines[0].started_at
        cursors = [Cursor(newest - number * recordings // PAGES * 10, "~") for number in range(PAGES)]
        ours = sorted(_page_ms(bench, cursor) for cursor in cursors)
        bare = sorted(_bare_ms(bench, cursors))
    return {
        "recordings": recordings,
        "page_ms": statistics.median(ours),
        "page_p99_ms": ours[int(len(ours) * 0.99)],
        "bare_ms": statistics.median(bare),
    }


def _page_ms(bench: Bench, cursor: Cursor) -> float:
    started = time.perf_counter()
    bench.house.history.page(bench.actor, [bench.person], limit=PAGE, before=cursor)
    return (time.perf_counter() - started) * 1000


def _bare_ms(bench: Bench, cursors: list[Cursor]) -> list[float]:
    database = sqlite3.connect(f"file:{bench.house.data / 'data.db'}?mode=ro", uri=True)
    cipher, times = AESGCM(bytes(32)), []
    sealed = cipher.encrypt(bytes(12), bytes(64), None)
    for cursor in cursors:
        started = time.perf_counter()
        rows = database.execute(QUERY, (bench.person, cursor.started_at, cursor.id)).fetchall()
        for _ in rows:
            cipher.decrypt(bytes(12), sealed, None)
        times.append((time.perf_counter() - started) * 1000)
    database.close()
    return times
