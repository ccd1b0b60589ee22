"""microWakeWord model files: a JSON description beside a .tflite file.

Four come with pymicro-wakeword; any other is given by the path of its JSON. The description is checked before
the native library sees anything of it, because that library takes what it is given.
"""

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from earwitness.kernel.errors import BadInput, EngineMissing, NotFound

SHIPPED = {
    "alexa": "alexa",
    "hey jarvis": "hey_jarvis",
    "hey mycroft": "hey_mycroft",
    "okay nabu": "okay_nabu",
}
LARGEST_DESCRIPTION = 64 * 1024
LARGEST_MODEL = 16 * 1024 * 1024
WIDEST_WINDOW = 50
FEATURE_STEP_MS = 10


@dataclass(frozen=True, slots=True)
class WakeModel:
    """A model on disk: ``cutoff`` is its author's, ``window`` how many probabilities are averaged."""

    word: str
    description: Path
    tflite: Path
    cutoff: float
    window: int


def shipped_model(word: str) -> WakeModel:
    """Return the shipped model of ``word``.

    Raises:
        NotFound: there is none.
        EngineMissing: pymicro-wakeword is not installed.
    """
    name = SHIPPED.get(word.strip().lower())
    if name is None:
        msg = f"There is no shipped wake word '{word}'."
        raise NotFound(msg, next_step=f"Choose one of {', '.join(SHIPPED)}, or give a microWakeWord JSON file.")
    spec = find_spec("pymicro_wakeword")
    if spec is None or spec.origin is None:
        msg = "The wake word engine is not installed."
        raise EngineMissing(msg, next_step="Install the package pymicro-wakeword.")
    return read_model(Path(spec.origin).parent / "models" / f"{name}.json")


def read_model(path: Path) -> WakeModel:
    """Read a microWakeWord description (version 2).

    Raises:
        BadInput: not such a description, or its model file is missing or is not a TensorFlow Lite file.
    """
    content = _json(path)
    micro = content.get("micro")
    word, file = content.get("wake_word"), content.get("model")
    if content.get("type") != "micro" or not isinstance(micro, dict):
        raise _wrong(path, "it is not of type 'micro'")
    if not isinstance(word, str) or not 0 < len(word.strip()) <= 60:  # noqa: PLR2004 - a phrase, not a text
        raise _wrong(path, "it names no wake word")
    if not isinstance(file, str) or Path(file).name != file:
        raise _wrong(path, "its model must be a file beside it")
    cutoff, window = micro.get("probability_cutoff"), micro.get("sliding_window_size")
    if not isinstance(cutoff, int | float) or not 0 < cutoff < 1:
        raise _wrong(path, "its probability_cutoff is not between 0 and 1")
    if not isinstance(window, int) or not 0 < window <= WIDEST_WINDOW:
        raise _wrong(path, f"its sliding_window_size is not between 1 and {WIDEST_WINDOW}")
    if micro.get("feature_step_size", FEATURE_STEP_MS) != FEATURE_STEP_MS:
        raise _wrong(path, f"its features are not {FEATURE_STEP_MS} ms apart")
    tflite = path.parent / file
    _check_tflite(tflite)
    return WakeModel(word.strip().lower(), path, tflite, float(cutoff), window)


def _json(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_DESCRIPTION + 1)
    except OSError as error:
        msg = f"{path.name} cannot be read: {error.strerror}."
        raise BadInput(msg, next_step="Give the JSON file of a microWakeWord model.") from error
    if len(data) > LARGEST_DESCRIPTION:
        raise _wrong(path, "it is too large")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _wrong(path, "it is not JSON") from error
    if not isinstance(content, dict):
        raise _wrong(path, "it is not a JSON object")
    return content


def _check_tflite(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(8)
        size = path.stat().st_size
    except OSError as error:
        msg = f"{path.name} cannot be read: {error.strerror}."
        raise BadInput(msg, next_step="Put the .tflite file beside its JSON file.") from error
    if head[4:] != b"TFL3" or size > LARGEST_MODEL:
        raise _wrong(path, "it is not a TensorFlow Lite model of a sensible size")


def _wrong(path: Path, why: str) -> BadInput:
    msg = f"{path.name} is not a microWakeWord model that can be used: {why}."
    return BadInput(msg, next_step="See https://github.com/kahrendt/microWakeWord for the format.")
