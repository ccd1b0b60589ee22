"""Snapshots of the keys, for key backups: rows copied one by one into a keys folder of its own.

Copied by row and not by file, because a file's freed pages still hold keys that were destroyed. A
snapshot is a keys folder like any other (docs/formats/envelope.md, "Key backups").
"""

from dataclasses import replace
from pathlib import Path

from earwitness.kernel.errors import BadInput, NotFound
from earwitness.storage.files import os_errors, write_durably
from earwitness.vault.custodians import Custodian
from earwitness.vault.rings import Ring, RingFiles, RingStore

CHUNK = 20_000
BEYOND = 1 << 62


def take(store: RingStore, custodian: Custodian, folder: Path) -> int:
    """Copy the current ring and what its custodian lets out into ``folder``; return the epoch.

    Raises:
        BadInput: there are keys in that folder.
        StorageBusy: a rotation is running.
    """
    target = RingFiles(folder)
    try:
        with store.rotating():
            _claim(target)
            custodian.export(store.read(Ring.head).epoch, folder)
            return _copy(store, target)
    finally:
        target.close()


def restore(folder: Path, store: RingStore) -> int:
    """Copy the ring of a snapshot into an empty store; return its epoch. Root files are the caller's.

    Raises:
        BadInput: there are keys in the store.
        KeyCorrupt, NotFound: the snapshot is damaged, or is none.
    """
    if not (folder / "CURRENT").exists():
        raise NotFound(f"{folder} holds no keys.")
    source = RingFiles(folder)
    try:
        with store.rotating():
            _claim(store)
            return _copy(source, store)
    finally:
        source.close()


def restore_files(folder: Path, keys_folder: Path) -> int:
    """Copy a snapshot with its root files into an empty keys folder; return its epoch.

    Raises:
        BadInput: there are keys in ``keys_folder``.
        KeyCorrupt, NotFound: the snapshot is damaged, or is none.
    """
    target = RingFiles(keys_folder)
    try:
        _claim(target)
        for path in sorted(folder.glob("root-*")):
            with os_errors(path):
                data = path.read_bytes()
            write_durably(keys_folder / path.name, data, 0o600)
        return restore(folder, target)
    finally:
        target.close()


def _claim(store: RingStore) -> None:
    """Say in an empty store that its first ring is being made, so that a crash can be told from a loss."""
    current = store.current()
    if current or (current is None and store.epochs()):
        raise BadInput("There are keys in the place to copy to; nothing was changed.")
    store.switch(0)
    for epoch in store.epochs():
        store.drop(epoch)


def _copy(source: RingStore, target: RingStore) -> int:
    def body(ring: Ring) -> int:
        head = ring.head()
        with target.build(replace(head, next=None)) as builder:
            last = 0
            while subjects := ring.subjects_after(last, BEYOND, CHUNK):
                builder.fill(subjects, [])
                last = subjects[-1][0]
            last = 0
            while keys := ring.keys_after(last, BEYOND, CHUNK):
                builder.fill([], keys)
                last = keys[-1][0]
            builder.index()
            builder.finish()
        target.switch(head.epoch)
        return head.epoch

    return source.read(body)
