"""The laboratory itself: it catches what is wrong and passes what is right."""

import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from earwitness.testing.crash.facts import Fact, acknowledged_of, tried_of
from earwitness.testing.crash.image import read_image
from earwitness.testing.crash.power_cut import Left, Plan, PromiseBroken, check_every_cut, crash_states
from earwitness.testing.crash.record import Recording, WorkerFailed, record

WORKERS = Path(__file__).parent / "workers"


def recorded(tmp_path: Path, worker: str, *arguments: str) -> Recording:
    folder = tmp_path / "data"
    folder.mkdir()
    return record([sys.executable, WORKERS / f"{worker}.py", folder, *arguments], folder)


def small_files_are_kept(folder: Path, facts: Sequence[Fact]) -> None:
    for name, content in acknowledged_of(facts, "file"):
        assert (folder / name).read_text() == content
    same = acknowledged_of(facts, "same")
    if same:
        now = (folder / "same").read_text()
        assert len(now) == 1500
        assert now == now[0] * 1500
        assert now[0] >= same[-1][0][0]


def test_a_file_written_right_survives_every_cut(tmp_path: Path) -> None:
    recording = recorded(tmp_path, "small_files", "right")
    tally = check_every_cut(recording, small_files_are_kept, tmp_path, Plan(partial=10))
    assert tally.boundaries > 30
    assert min(tally.checked.values()) >= 3


@pytest.mark.parametrize("how", ["no_sync", "no_folder_sync", "sync_after_rename", "sync_too_early", "in_place"])
def test_a_file_written_wrong_is_caught(tmp_path: Path, how: str) -> None:
    recording = recorded(tmp_path, "small_files", how)
    with pytest.raises(PromiseBroken, match="power cut after call"):
        check_every_cut(recording, small_files_are_kept, tmp_path)
    assert (tmp_path / "broken").is_dir()


def test_a_torn_overwrite_is_caught_by_partial_states_alone(tmp_path: Path) -> None:
    recording = recorded(tmp_path, "small_files", "overwrite")
    check_every_cut(recording, small_files_are_kept, tmp_path, Plan(partial=0))
    with pytest.raises(PromiseBroken, match="left: partial"):
        check_every_cut(recording, small_files_are_kept, tmp_path, Plan(partial=10))


def rows_are_kept(folder: Path, facts: Sequence[Fact]) -> None:
    if not acknowledged_of(facts, "row"):
        return
    connection = sqlite3.connect(folder / "rows.db")
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = {str(number) for (number,) in connection.execute("SELECT number FROM row")}
    finally:
        connection.close()
    kept, removed = ({number for (number,) in acknowledged_of(facts, what)} for what in ("row", "remove"))
    in_doubt = {number for (number,) in tried_of(facts, "row") + tried_of(facts, "remove")} - (kept | removed)
    going = {number for (number,) in tried_of(facts, "remove")}
    assert kept - going <= rows
    assert not removed & rows
    assert rows <= kept | in_doubt


def test_sqlite_at_full_survives_every_cut(tmp_path: Path) -> None:
    recording = recorded(tmp_path, "sqlite_rows", "FULL")
    tally = check_every_cut(recording, rows_are_kept, tmp_path, Plan(partial=4))
    assert tally.checked[Left.SYNCED] > 20
    assert tally.checked[Left.PARTIAL] > 50


@pytest.mark.parametrize("level", ["OFF", "NORMAL"])
def test_sqlite_below_full_is_caught(tmp_path: Path, level: str) -> None:
    recording = recorded(tmp_path, "sqlite_rows", level)
    with pytest.raises(PromiseBroken):
        check_every_cut(recording, rows_are_kept, tmp_path)


def test_the_model_ends_where_the_folder_ended(tmp_path: Path) -> None:
    # record() itself compares; what was synced at the end must equal the folder too.
    recording = recorded(tmp_path, "every_call")
    *_, last = [state for state in crash_states(recording, Plan(partial=0)) if state.left is Left.SYNCED]
    assert last.image == read_image(tmp_path / "data")
    assert {"renamed0", "linked", "by_child", "sub/deep/moved", "from_outside"} <= last.image.keys()


def test_a_synchronous_open_needs_no_sync_of_its_own(tmp_path: Path) -> None:
    recording = recorded(tmp_path, "every_call")
    moments = [moment for moment in recording.play() if acknowledged_of(moment.facts, "synced")]
    file = moments[0].disk.find("synced")
    assert file is not None
    assert not file.pending


def test_the_same_plan_draws_the_same_states(tmp_path: Path) -> None:
    recording = recorded(tmp_path, "small_files", "no_sync")
    first, second = (
        [(state.moment, state.left, dict(state.image)) for state in crash_states(recording, Plan(seed=3))]
        for _ in range(2)
    )
    assert first == second
    assert any(left is Left.PARTIAL for _, left, _ in first)


def test_a_plan_can_bound_how_many_states_are_checked(tmp_path: Path) -> None:
    seen: list[Path] = []
    recording = recorded(tmp_path, "small_files", "right")
    tally = check_every_cut(recording, lambda folder, _: seen.append(folder), tmp_path, Plan(most=4))
    assert max(tally.checked.values()) <= 4
    assert len(seen) == sum(tally.checked.values())


def test_a_worker_that_fails_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(WorkerFailed, match="ended with"):
        recorded(tmp_path, "sqlite_rows", "no such level;")
