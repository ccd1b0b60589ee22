"""Real recordings beside the project (``../shared/eval``): tests that need them are skipped where they are absent."""

import json
from functools import cache
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[4] / "shared" / "eval"


def recordings(name: str, most: int, *, skip: int = 0) -> list[Path]:
    """Return ``most`` files of a set, a speaker each as far as there are so many, in a fixed order."""
    if not (FOLDER / "labels.jsonl").exists():
        pytest.skip("no real recordings beside the project (../shared/eval)")
    chosen: dict[str, Path] = {}
    for row in _labels():
        if row["set"] == name:
            chosen.setdefault(row.get("speaker") or row["path"], FOLDER / row["path"])
    return sorted(chosen.values())[skip : skip + most]


@cache
def _labels() -> list[dict[str, str]]:
    with (FOLDER / "labels.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
