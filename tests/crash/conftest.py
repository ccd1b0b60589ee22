"""Where crash states are laid out: in memory if the machine has a place for it, since an fsync is free there."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")  # noqa: S108 - a fresh folder is made in it


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    if not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK)):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="earwitness-crash-") as folder:
        yield Path(folder)
