"""Write small files in one of several ways, of which only `right` survives a power cut."""

import os
import sys
from pathlib import Path

from earwitness.testing.crash.facts import acknowledged

HOW = sys.argv[2]
FOLDER = Path(sys.argv[1])


def sync_folder() -> None:
    if HOW == "no_folder_sync":
        return
    descriptor = os.open(FOLDER, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def overwrite(path: Path, data: bytes) -> None:
    with path.open("r+b") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write(name: str, data: bytes) -> None:
    if HOW == "overwrite" and (FOLDER / name).exists():
        overwrite(FOLDER / name, data)
        return
    beside = FOLDER / f"{name}.tmp"
    with beside.open("wb") as file:
        if HOW == "sync_too_early":
            os.fsync(file.fileno())
        file.write(data)
        file.flush()
        if HOW not in {"no_sync", "sync_after_rename", "sync_too_early"}:
            os.fsync(file.fileno())
        if HOW == "sync_after_rename":
            os.rename(beside, FOLDER / name)  # noqa: PTH104 - the call that is meant
            sync_folder()
            os.fsync(file.fileno())
            return
    if HOW == "in_place":
        (FOLDER / name).write_bytes(data)
    beside.replace(FOLDER / name)
    sync_folder()


for number in range(3):
    content = bytes([65 + number]) * 1500
    write("same", content)
    acknowledged("same", content.decode())
    write(f"file{number}", content)
    acknowledged("file", f"file{number}", content.decode())
