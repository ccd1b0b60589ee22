import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earwitness.kernel.errors import BadInput, NotFound
from earwitness.speech.wake.microwakeword import MicroWakeDetector
from earwitness.speech.wake.models import SHIPPED, read_model, shipped_model

GOOD: dict[str, Any] = {
    "type": "micro",
    "wake_word": "Hey House",
    "model": "house.tflite",
    "micro": {"probability_cutoff": 0.8, "sliding_window_size": 5, "feature_step_size": 10},
}


def write(folder: Path, content: Any, model: bytes = b"\0\0\0\0TFL3\0\0") -> Path:
    (folder / "house.tflite").write_bytes(model)
    path = folder / "house.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_all_shipped_words_have_their_models() -> None:
    for word in SHIPPED:
        model = shipped_model(word.title())
        assert model.word == word
        assert model.tflite.exists()


def test_a_description_beside_its_model_is_read(tmp_path: Path) -> None:
    model = read_model(write(tmp_path, GOOD))
    assert (model.word, model.cutoff, model.window) == ("hey house", 0.8, 5)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "[" * 5_000,
        "\x00",
        {**GOOD, "type": "other"},
        {**GOOD, "micro": 5},
        {**GOOD, "wake_word": ""},
        {**GOOD, "wake_word": "x" * 61},
        {**GOOD, "model": "../house.tflite"},
        {**GOOD, "model": "missing.tflite"},
        {**GOOD, "micro": {"probability_cutoff": 2, "sliding_window_size": 5}},
        {**GOOD, "micro": {"probability_cutoff": 0.5, "sliding_window_size": 0}},
        {**GOOD, "micro": {"probability_cutoff": 0.5, "sliding_window_size": 5, "feature_step_size": 20}},
    ],
)
def test_what_is_no_description_is_refused_by_file_name(tmp_path: Path, content: Any) -> None:
    with pytest.raises(BadInput) as refused:
        read_model(write(tmp_path, content))
    assert str(tmp_path) not in str(refused.value)
    assert refused.value.next_step


def test_a_model_that_is_no_tensorflow_file_never_reaches_the_library(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        read_model(write(tmp_path, GOOD, b"MZ not a model"))
    with pytest.raises(BadInput):
        read_model(tmp_path / "missing.json")


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda x: st.dictionaries(st.text(max_size=9), x)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_any_json_is_read_or_refused(tmp_path: Path, content: Any) -> None:
    with pytest.raises(BadInput):
        read_model(write(tmp_path, {**GOOD, "micro": content}))


def test_unknown_words_name_the_known_ones() -> None:
    with pytest.raises(NotFound, match="okay nabu"):
        shipped_model("hey house")
    with pytest.raises(NotFound, match="alexa"):
        MicroWakeDetector.shipped("alexa").open(("hey jarvis",))


@pytest.mark.parametrize("cutoff", [0.0, 1.0, -1.0])
def test_a_cutoff_is_a_probability(cutoff: float) -> None:
    with pytest.raises(BadInput):
        MicroWakeDetector.shipped("alexa", cutoff=cutoff)
