"""Recordings for a demonstration: a folder with ``labels.jsonl``."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earwitness.kernel.audio import read_clip
from earwitness.kernel.errors import BadInput

WAKE = "wake_alexa"
COMMANDS = ("commands_home_real", "commands_home_tts")
TALK = ("speech_libri", "speech_ljs", "speech_misc")


@dataclass(frozen=True, slots=True)
class Recordings:
    """A folder of labelled recordings, drawn from in an order that depends on the names only."""

    folder: Path
    rows: Sequence[Mapping[str, Any]]

    @classmethod
    def open(cls, folder: Path) -> "Recordings":
        """Read the labels.

        Raises:
            BadInput: there are none.
        """
        try:
            lines = (folder / "labels.jsonl").read_text("utf-8").splitlines()
            rows = [json.loads(line) for line in lines if line]
        except (OSError, ValueError) as error:
            raise BadInput(
                "The folder has no labels.jsonl that can be read.",
                next_step="Give a folder of recordings with --data, or leave it out for spoken voices.",
            ) from error
        rows.sort(key=lambda row: hashlib.sha256(str(row["path"]).encode()).digest())
        return cls(folder, rows)

    def of(self, *sets: str) -> list[Mapping[str, Any]]:
        """The rows of some sets."""
        return [row for row in self.rows if row["set"] in sets]

    def sound(self, row: Mapping[str, Any]) -> bytes:
        """The sound of a row, 16 kHz mono s16le."""
        return read_clip(self.folder / str(row["path"])).pcm
