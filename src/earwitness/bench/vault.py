"""Intake of 100 KB clips at 8 in flight, beside the bare library calls in the same run.

The peer does what no vault could do without: AES-256-GCM with a fresh key, a file written and fsynced,
one SQLite commit at synchronous=FULL for each batch of 8, in 8 threads. Rounds of both alternate, so that
both meet the same machine.
"""

import os
import sqlite3
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from earwitness.bench.house import Bench, scratch_house
from earwitness.kernel.audio import Clip
from earwitness.vault.intake import Incoming
from earwitness.vault.kinds import TRANSCRIPT

CLIP_BYTES = 100_000
IN_FLIGHT = 8
ROUNDS = 5
PERCENTILE = 0.99


def run_vault(clips: int = 4_000, folder: Path | None = None) -> dict[str, float]:
    """Measure; return rates (clips a second), their ratio and the latency of one intake (ms)."""
    each = max(IN_FLIGHT, clips // ROUNDS)
    ratios: list[float] = []
    ours: list[float] = []
    bare: list[float] = []
    latencies: list[float] = []
    with scratch_house(folder) as bench, ThreadPoolExecutor(IN_FLIGHT) as pool:
        peer = _Bare(bench.house.data.parent / "bare")
        _keep(bench, pool, IN_FLIGHT * 4, [])
        peer.run(pool, IN_FLIGHT * 4)
        for _ in range(ROUNDS):
            bare.append(peer.run(pool, each))
            ours.append(_keep(bench, pool, each, latencies))
            ratios.append(ours[-1] / bare[-1])
        peer.close()
    latencies.sort()
    return {
        "intake_ratio": statistics.median(ratios),
        "intake_p99_ms": latencies[int(len(latencies) * PERCENTILE)],
        "intake_p50_ms": statistics.median(latencies),
        "intake_per_s": statistics.median(ours),
        "bare_per_s": statistics.median(bare),
    }


def _keep(bench: Bench, pool: ThreadPoolExecutor, clips: int, latencies: list[float]) -> float:
    """Keep clips with 8 in flight; return how many a second and note each one's milliseconds."""
    pcm = os.urandom(CLIP_BYTES)

    def one(_: int) -> float:
        started = time.perf_counter()
        incoming = Incoming(
            Clip(pcm), bench.house.clock.now_ms(), bench.actor, person=bench.person, artefacts={TRANSCRIPT: b"x" * 40}
        )
        bench.house.intake.keep(incoming)
        return (time.perf_counter() - started) * 1000

    return _rate(clips, lambda: latencies.extend(pool.map(one, range(clips))))


class _Bare:
    """The bare library calls, in the same threads and batches."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._database = sqlite3.connect(folder / "bare.db", check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute("CREATE TABLE recording (id TEXT PRIMARY KEY, key BLOB)")
        self._made = 0

    def run(self, pool: ThreadPoolExecutor, clips: int) -> float:
        data = os.urandom(CLIP_BYTES)

        def one(number: int) -> tuple[str, bytes]:
            key = os.urandom(32)
            sealed = AESGCM(key).encrypt(bytes(12), data, None)
            path = self._folder / f"{number}.bin"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            os.write(descriptor, sealed)
            os.fsync(descriptor)
            os.close(descriptor)
            return path.name, key

        def batches() -> None:
            for _ in range(clips // IN_FLIGHT):
                rows = list(pool.map(one, range(self._made, self._made + IN_FLIGHT)))
                self._made += IN_FLIGHT
                with self._database:
                    self._database.executemany("INSERT INTO recording VALUES (?, ?)", rows)

        return _rate(clips, batches)

    def close(self) -> None:
        self._database.close()


def _rate(number: int, work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return number / (time.perf_counter() - started)
