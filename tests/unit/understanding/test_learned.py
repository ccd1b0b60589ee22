import json
from pathlib import Path

import numpy as np
import pytest

from earwitness.kernel.errors import BadInput
from earwitness.understanding.learned.features import spans, words
from earwitness.understanding.learned.model import LearnedModel, load
from earwitness.understanding.learned.naming import folder
from earwitness.understanding.learned.training import train

ROOMS = ["kitchen", "bedroom", "hall", "garage", "office", "attic", "cellar", "garden"]


def sentences() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for room in ROOMS:
        for text, intent in (
            (f"sweep the {room}", "Sweep"),
            (f"is the {room} dusty", "Ask"),
            (f"i like my {room}", "out_of_scope"),
        ):
            start = text.index(room)
            rows.append(
                {"text": text, "intent": intent, "slots": [{"slot": "room", "start": start, "end": start + len(room)}]}
            )
    return rows


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> LearnedModel:
    place = tmp_path_factory.mktemp("train")
    (place / "a.jsonl").write_text("\n".join(map(json.dumps, sentences())), encoding="utf-8")
    return train(place)


def test_it_learns_intents_and_slots(small: LearnedModel) -> None:
    assert small.guess("please sweep the pantry").ranked[0] == "Sweep"
    assert small.guess("is it dusty in there").ranked[0] == "Ask"
    found = small.slots("sweep the pantry", "Sweep", {})
    assert [(each.slot, each.text) for each in found] == [("room", "pantry")]


def test_a_model_is_the_same_after_saving(small: LearnedModel, tmp_path: Path) -> None:
    small.save(tmp_path)
    again = load(tmp_path)
    for row in sentences():
        text = str(row["text"])
        assert again.guess(text).ranked == small.guess(text).ranked
        assert abs(again.guess(text).probability - small.guess(text).probability) < 0.01
        assert again.slots(text, "Sweep", {}) == small.slots(text, "Sweep", {})


@pytest.mark.parametrize("file", ["model.json", "weights.npz"])
@pytest.mark.parametrize("damage", ["gone", "cut", "nonsense"])
def test_a_damaged_model_is_refused(small: LearnedModel, tmp_path: Path, file: str, damage: str) -> None:
    small.save(tmp_path)
    path = tmp_path / file
    whole = path.read_bytes()
    path.unlink()
    if damage != "gone":
        path.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"{}")
    with pytest.raises(BadInput, match=r"cannot be read|another version"):
        load(tmp_path)


def test_a_pickle_is_no_model(small: LearnedModel, tmp_path: Path) -> None:
    small.save(tmp_path)
    np.savez(tmp_path / "weights.npz", weights=np.array([{"a": 1}], dtype=object))
    with pytest.raises(BadInput):
        load(tmp_path)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("not json", "a.jsonl, line 1"),
        ('{"text": "x"}', "a.jsonl, line 1"),
        ("[]", "a.jsonl, line 1"),
        ('{"text": "x", "intent": "A"}', "at least two intents"),
        ('{"text": "x", "intent": "A"}\n{"text": "y", "intent": "B"}', "Only 1 sentences"),
    ],
)
def test_training_names_what_is_wrong(tmp_path: Path, line: str, complaint: str) -> None:
    (tmp_path / "a.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(BadInput, match=complaint):
        train(tmp_path)


def test_the_shipped_model_is_small_and_data() -> None:
    files = {path.name: path.stat().st_size for path in folder("models").iterdir()}
    assert set(files) == {"model.json", "weights.npz", "README.md"}
    assert sum(files.values()) < 1_100_000
    with np.load(folder("models") / "weights.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays.files)


def test_words_and_places_agree() -> None:
    text = "What's on   my list at 7:30?"
    assert [word for word, _, _ in spans(text)] == words(text)
    assert all(text[start:end].strip() for _, start, end in spans(text))
