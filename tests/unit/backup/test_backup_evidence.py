"""Every combination of sizes: what is accepted, and what the refusal says."""

from pathlib import Path

import pytest

from earwitness.backup.evidence import AtHand, weigh
from earwitness.kernel.errors import RestoreGap
from earwitness.ledger.checkpoint import Checkpoint
from earwitness.ledger.signer import NoteSigner

SIGNER = NoteSigner("earwitness.local/test", bytes(32))
OWN, HELD, MADE_AT = 10, 12, 1_795_000_000_000


def note(size: int) -> bytes:
    return SIGNER.sign(Checkpoint(SIGNER.name, size, bytes(32)).text).encode()


def weighed(tmp_path: Path, second: int | None, checkpoint: int | None, *, dangerous: bool = False) -> str:
    at_hand = AtHand(HELD, Checkpoint(SIGNER.name, OWN, bytes(32)), MADE_AT)
    if second is not None:
        (tmp_path / "checkpoint").write_bytes(note(second))
    folder = tmp_path if second is not None else None
    given = note(checkpoint) if checkpoint is not None else None
    return weigh(at_hand, folder, given, SIGNER.key, dangerous=dangerous).relied_on


@pytest.mark.parametrize(
    ("second", "checkpoint", "relied_on"),
    [
        (10, None, "second copy"),
        (11, None, "second copy"),
        (12, None, "second copy"),
        (30, None, "second copy"),
        (30, 30, "second copy"),
        (30, 5, "second copy"),
        (11, 12, "second copy"),
        (None, 10, "checkpoint"),
        (None, 12, "checkpoint"),
        (9, 10, "checkpoint"),
    ],
)
def test_enough(tmp_path: Path, second: int | None, checkpoint: int | None, relied_on: str) -> None:
    assert weighed(tmp_path, second, checkpoint) == relied_on


@pytest.mark.parametrize(
    ("second", "checkpoint", "why"),
    [
        (None, None, "10 entries is the newest"),
        (9, None, "the second copy ends at 9"),
        (None, 9, "the checkpoint that was given ends at 9"),
        (9, 8, "the second copy ends at 9 and the checkpoint that was given ends at 8"),
        (None, 13, "holds 12 entries, but one of 13 was seen: 1 entries, written since 2026-11-18T"),
        (20, 25, "holds 12 entries and the second copy 20, but one of 25 was seen: 5 entries"),
        (5, 25, "holds 12 entries and the second copy 5, but one of 25 was seen: 13 entries"),
    ],
)
def test_not_enough(tmp_path: Path, second: int | None, checkpoint: int | None, why: str) -> None:
    with pytest.raises(RestoreGap, match=why):
        weighed(tmp_path, second, checkpoint)


@pytest.mark.parametrize("second", [None, 9])
def test_the_danger_covers_what_nobody_knows_but_never_a_gap_that_was_seen(tmp_path: Path, second: int | None) -> None:
    assert weighed(tmp_path, second, None, dangerous=True) == "none"
    with pytest.raises(RestoreGap):
        weighed(tmp_path, second, 13, dangerous=True)
