"""The measuring itself, and that the figures on real sentences are real (a part of them, to be quick)."""

import json
from pathlib import Path

import pytest

from earwitness.bench.understanding import run_clinc150, run_hwu64, run_times, run_understanding, touching
from earwitness.kernel.errors import BadInput

DATA = Path(__file__).parents[4] / "shared" / "eval" / "text"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the evaluation sentences (../shared/eval/text) are not here")


def rows(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def test_entities_touch_when_type_and_a_word_agree() -> None:
    wanted = [("date", 0, 8), ("time", 10, 14)]
    assert touching([("date", 4, 8), ("time", 0, 3)], wanted) == 1
    assert touching([("date", 0, 3), ("date", 4, 8)], wanted) == 1


def test_missing_data_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no text/hwu64\.jsonl"):
        run_understanding(tmp_path)


@needs_data
def test_a_fold_of_hwu64_beats_the_plain_svm() -> None:
    figures = run_hwu64([row for row in rows("hwu64") if int(str(row["fold"])) in {1, 2, 3}], lambda _: None, folds=[1])
    assert float(str(figures["intent_f1"])) > float(str(figures["plain_svm_intent_f1"]))
    assert float(str(figures["entity_f1"])) > 0.7
    assert figures["folds"] == 1


@needs_data
def test_some_intents_of_clinc150() -> None:
    some = rows("clinc150")
    intents = sorted({str(row["intent"]) for row in some if row["intent"] != "oos"})[::6]
    figures = run_clinc150([row for row in some if row["intent"] in {*intents, "oos"}], lambda _: None)
    assert float(str(figures["in_scope"])) > 90
    assert float(str(figures["oos_recall"])) > 50


def test_times_are_measured_beside_hassil() -> None:
    figures = run_times(["what is the weather in rome"] * 3, lambda _: None)
    assert {"p50_ms", "p95_ms", "hassil_p50_ms", "beyond_p50_ms"} <= figures.keys()
