"""Fills a scratch house with many recordings, quickly but truly: real keys, sealed texts, blobs and rows.

Only the group size differs from intake, and that no consent is asked and no log entry written for each.
"""

import os
from collections.abc import Callable

from sqlalchemy import insert

from earwitness.bench.house import Bench
from earwitness.kernel.clock import DAY
from earwitness.kernel.ids import new_id
from earwitness.policy.retention import IDENTITY_LIMIT_MS
from earwitness.storage.blobs import batch_names
from earwitness.storage.schema import artefact, recording
from earwitness.vault import envelope
from earwitness.vault.intake import AUDIO
from earwitness.vault.kinds import TRANSCRIPT
from earwitness.vault.sealing import seal_artefact

GROUP = 2_000
FILES_AT_ONCE = 250
SPACING_MS = 10

Progress = Callable[[int, int], None]


def fill(bench: Bench, count: int, *, audio_bytes: int = 0, progress: Progress = lambda _done, _all: None) -> None:
    """Keep ``count`` recordings with a transcript each, and audio of so many bytes if any."""
    for start in range(0, count, GROUP):
        _fill_group(bench, start, min(GROUP, count - start), audio_bytes)
        progress(start, count)


def _fill_group(bench: Bench, start: int, count: int, audio_bytes: int) -> None:
    house, now = bench.house, bench.house.clock.now_ms()
    keys, rows, texts, blobs = [], [], [], []
    for number in range(count):
        name, key = new_id("rec"), os.urandom(32)
        keys.append((bench.person, name, key))
        rows.append(_row(bench, name, now, start + number))
        plaintexts = {TRANSCRIPT: b"turn on the light in the kitchen"}
        if audio_bytes:
            plaintexts[AUDIO] = os.urandom(audio_bytes)
        for kind, plaintext in plaintexts.items():
            sealed = seal_artefact(key, envelope.Context(bench.person, name, kind, 1), plaintext, now, os.urandom)
            texts.append(sealed[0])
            if sealed[1]:
                blobs.append(sealed)
    for at in range(0, len(blobs), FILES_AT_ONCE):
        part = blobs[at : at + FILES_AT_ONCE]
        names = batch_names(len(part))
        for (row, _), name in zip(part, names, strict=True):
            row["blob"] = name
        house.blobs.put_many([(name, blob) for name, (_, blob) in zip(names, part, strict=True)])
    house.keyring.add_keys(keys)
    with house.database.write() as tx:
        tx.execute(insert(recording), rows)
        tx.execute(insert(artefact), texts)


def _row(bench: Bench, name: str, now: int, number: int) -> dict[str, object]:
    return {
        "id": name,
        "subject_id": bench.person,
        "household_id": bench.household,
        "device_id": None,
        "started_at": now - number * SPACING_MS,
        "kept_at": now,
        "expires_at": now + 90 * DAY,
        "identity_until": now + IDENTITY_LIMIT_MS,
        "duration_ms": 2_000,
        "state": "kept",
        "tombstone": os.urandom(16),
    }
