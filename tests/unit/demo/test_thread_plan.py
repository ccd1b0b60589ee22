"""The thread's plan: who speaks and who is only measured, who chooses what, and the keys of what was found."""

import json
from collections import Counter
from pathlib import Path

import pytest

from earwitness.demo.recordings import Recordings
from earwitness.demo.thread.cast import AGREED, OTHERWISE, Choice, choices
from earwitness.demo.thread.report import Report, Teller
from earwitness.demo.thread.speakers import ORDERS, choose, in_rounds
from earwitness.kernel.errors import BadInput
from earwitness.policy.purposes import Purpose


def labels(folder: Path, speakers: int) -> Recordings:
    """Orders of made-up speakers: the first has one, each has one more than the one before."""
    rows = [
        {"path": f"{ORDERS}/{speaker}-{number}.flac", "set": ORDERS, "speaker": f"s{speaker}"}
        for speaker in range(speakers)
        for number in range(speaker + 1)
    ]
    (folder / "labels.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return Recordings.open(folder)


def test_who_speaks_is_not_measured(tmp_path: Path) -> None:
    speakers = choose(labels(tmp_path, 30))
    assert len(speakers.speak) == len(speakers.measured) == 15
    assert not set(speakers.speak) & set(speakers.measured)
    counts = [len(rows) for rows in speakers.speak.values()]
    assert counts == sorted(counts, reverse=True)


def test_too_few_speakers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        choose(labels(tmp_path, 20))


def test_everybody_has_a_turn_before_anybody_has_two(tmp_path: Path) -> None:
    speakers = choose(labels(tmp_path, 30))
    first = [name for name, _ in in_rounds(speakers.speak, 15)]
    assert Counter(first) == Counter(list(speakers.speak))
    rows = [row["path"] for _, row in in_rounds(speakers.speak, 1_000)]
    assert len(rows) == len(set(rows)) == sum(map(len, speakers.speak.values()))


def test_consents_differ() -> None:
    chosen = dict(choices([f"s{number}" for number in range(15)]))
    counts = Counter(chosen.values())
    assert [counts[each] for each in OTHERWISE] == [1] * len(OTHERWISE)
    assert chosen["s14"] is OTHERWISE[0]
    assert counts[Choice.PUTS_RIGHT] >= 3
    assert Purpose.REVIEW not in AGREED[Choice.NO_REVIEW]
    assert Purpose.TRAINING not in AGREED[Choice.NO_TRAINING]
    assert not AGREED[Choice.NOTHING_KEPT]


def test_what_was_not_measured_has_no_figure() -> None:
    found = Report().to_json()
    assert list(found) == [
        "promises", "clips", "drawn", "withheld", "annotated", "accept_before", "accept_after", "forgot", "seconds"
    ]  # fmt: skip
    assert found["accept_before"] == {"clean": None, "noise_mean": None}
    assert found["accept_after"] == {"clean": None, "noise_mean": None, "ci_low": None, "ci_high": None}
    assert found["forgot"] is False


def test_a_step_is_told_with_its_time() -> None:
    told: list[str] = []
    Teller(told.append).tell("done")
    assert told[0].endswith(" s  done")
