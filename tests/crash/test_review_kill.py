"""``kill -9`` at random moments while clips are drawn, copied, heard, answered, withdrawn and erased."""

import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, select

from earwitness.bootstrap import create_house, open_house
from earwitness.storage.schema import artefact, recording
from earwitness.storage.schema import review as tables
from earwitness.testing.crash.facts import Fact, acknowledged_of
from earwitness.testing.crash.killing import Rounds, kill_again_and_again
from earwitness.testing.house import check_whole
from earwitness.vault.kinds import REVIEW_COPY, REVIEW_TEXT

WORKER = Path(__file__).parent / "workers" / "review.py"


def check(data: Path, facts: Sequence[Fact]) -> None:
    """Hold the house to what was acknowledged, and every clip to its state."""
    with open_house(data) as house:
        with house.database.read() as tx:
            clips_are_what_their_state_says(tx)
            acknowledged_is_there(tx, facts)
        for (mine,) in ((each,) for fact in acknowledged_of(facts, "erased") for each in fact):
            assert not house.keyring.keys([mine])
        check_whole(house)


def clips_are_what_their_state_says(tx: Connection) -> None:
    clips = {row.id: row for row in tx.execute(select(tables.review_clip))}
    kinds: dict[str, set[str]] = {}
    standing = set(tx.scalars(select(recording.c.id).where(recording.c.state == "kept")))
    for row in tx.execute(select(artefact.c.recording_id, artefact.c.kind)):
        kinds.setdefault(row.recording_id, set()).add(row.kind)
    answered = set(tx.scalars(select(tables.review_annotation.c.clip_id)))
    copies = {REVIEW_COPY, REVIEW_TEXT}
    for clip in clips.values():
        if clip.recording_id not in standing:
            continue
        has = kinds[clip.recording_id]
        assert (has & copies) in (set(), copies)
        assert ((has & copies) == copies) == (clip.state not in {"drawn", "copying", "withheld"})
        assert ("annotation" in has) == (clip.id in answered) == (clip.state == "done")
        assert ("escalation" in has) == (clip.state == "escalated")
    people = set(tx.scalars(select(tables.review_person.c.clip_id)))
    assert {clip.id for clip in clips.values() if clip.recording_id in standing} <= people


def acknowledged_is_there(tx: Connection, facts: Sequence[Fact]) -> None:
    rows = {row.id: row for row in tx.execute(select(tables.review_clip))}
    gone = {"withdrawn"}  # its person may have erased it since
    for what, states in (("answered", {"done"}), ("skipped", {"skipped"}), ("escalated", {"escalated"})):
        for (clip,) in acknowledged_of(facts, what):
            assert rows[clip].state in states | gone
    for (clip,) in acknowledged_of(facts, "withdraw"):
        assert (rows[clip].state, rows[clip].reason) == ("withdrawn", "child")
        standing = select(recording.c.id).where(recording.c.id == rows[clip].recording_id, recording.c.state == "kept")
        assert tx.execute(standing).first() is None
    heard = set(tx.scalars(select(tables.review_hearing.c.clip_id)))
    assert {clip for (clip,) in acknowledged_of(facts, "heard")} <= heard
    drawn = set(tx.scalars(select(tables.review_frame.c.recording_id)))
    standing = set(tx.scalars(select(recording.c.id).where(recording.c.state == "kept")))
    assert {each for kept in acknowledged_of(facts, "draw") for each in kept} & standing <= drawn


def test_review_survives_being_killed(scratch: Path) -> None:
    data = scratch / "data"
    create_house(data)
    tally = kill_again_and_again(
        lambda number: [sys.executable, WORKER, data, str(number)],
        data,
        check,
        Rounds(number=15, facts_first=25, delay_ms=30),
    )
    assert tally.killed == 15
    for what in ("draw", "heard", "answered", "withdraw", "skipped"):
        assert acknowledged_of(tally.facts, what)
