"""The learned matcher as one thing: guess the intent, tag the slots, keep it in a folder of data files.

Files: ``model.json`` (intents, vocabularies, calibration) and ``weights.npz`` (arrays; the tagger's CRFsuite file
is one of them, as bytes). Nothing is pickled.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from earwitness.kernel.errors import BadInput
from earwitness.understanding.learned.features import BLOCKS, FEATURES, spans
from earwitness.understanding.learned.intents import Calibration, Guess, IntentModel
from earwitness.understanding.learned.lexicon import Names, word_classes
from earwitness.understanding.learned.tagger import TagModel

VERSION = 1
_AGAIN = "Train it again: docs/understanding.md says how."


@dataclass(frozen=True, slots=True)
class Found:
    """A slot found in a text: from ``start`` to ``end`` (characters)."""

    slot: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Class:
    """What an answer of the classifier stands for: an intent and the slots its templates fix."""

    intent: str
    fixed: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class LearnedModel:
    """Classifier, tagger, and what each class of the classifier means."""

    intents: IntentModel
    tags: TagModel
    classes: Mapping[str, Class]

    def guess(self, text: str) -> Guess:
        """The intents of ``text`` in order, with the probability of the first."""
        return self.intents.guess(text)

    def slots(self, text: str, intent: str, names: Names) -> list[Found]:
        """The slots of ``text`` if it means ``intent``."""
        places = spans(text)
        said = [word for word, _, _ in places]
        found = self.tags.spans(said, intent, word_classes(said, names))
        return [
            Found(slot, places[first][1], places[last - 1][2], text[places[first][1] : places[last - 1][2]])
            for slot, first, last in found
        ]

    def save(self, folder: Path) -> None:
        """Write the two files."""
        folder.mkdir(parents=True, exist_ok=True)
        terms = [sorted(each, key=each.__getitem__) for each in self.intents.vocabularies]
        calibration = self.intents.calibration
        about = {
            "version": VERSION,
            "features": FEATURES,
            "intents": list(self.intents.intents),
            "classes": {
                name: {"intent": each.intent, "fixed": dict(each.fixed)} for name, each in self.classes.items()
            },
            "vocabularies": terms,
            "calibration": {
                "weights": calibration.weights,
                "bias": calibration.bias,
                "least": calibration.least,
            },
        }
        text = json.dumps(about, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        (folder / "model.json").write_text(text + "\n", encoding="utf-8")
        arrays = {"idf": self.intents.idf, "weights": self.intents.weights, "bias": self.intents.bias}
        small = {name: array.astype(np.float16) for name, array in arrays.items()}
        tagger = np.frombuffer(self.tags.data, np.uint8)
        np.savez_compressed(folder / "weights.npz", slots=tagger, **small)  # type: ignore[arg-type]


def load(folder: Path) -> LearnedModel:
    """Read a model that :meth:`LearnedModel.save` wrote.

    Raises:
        BadInput: it is incomplete, damaged, or made for other features.
    """
    try:
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        with (folder / "weights.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            idf, weights, bias = (arrays[name].astype(np.float32) for name in ("idf", "weights", "bias"))
            data = arrays["slots"].astype(np.uint8).tobytes()
        if about["version"] != VERSION or about["features"] != FEATURES:
            msg = "The learned model was made for another version."
            raise BadInput(msg, next_step=_AGAIN)
        intents = tuple(map(str, about["intents"]))
        vocabularies = _numbered(about["vocabularies"])
        classes = {name: Class(each["intent"], each["fixed"]) for name, each in about["classes"].items()}
        curve = about["calibration"]
        calibration = Calibration(tuple(map(float, curve["weights"])), float(curve["bias"]), float(curve["least"]))  # type: ignore[arg-type]
        _check(intents, vocabularies, idf.shape, weights.shape, bias.shape)
        tags = TagModel(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, BadZipFile) as error:
        msg = f"The learned model cannot be read ({type(error).__name__})."
        raise BadInput(msg, next_step=_AGAIN) from error
    return LearnedModel(IntentModel(intents, vocabularies, idf, weights, bias, calibration), tags, classes)


def _numbered(terms: Sequence[Sequence[str]]) -> tuple[dict[str, int], ...]:
    start, found = 0, []
    for block in terms:
        found.append({str(term): start + at for at, term in enumerate(block)})
        start += len(block)
    return tuple(found)


def _check(intents: Sequence[str], vocabularies: Sequence[Mapping[str, int]], *shapes: tuple[int, ...]) -> None:
    rows = sum(map(len, vocabularies))
    if len(vocabularies) != len(BLOCKS) or shapes != ((rows,), (rows, len(intents)), (len(intents),)) or not intents:
        msg = "arrays and vocabulary disagree"
        raise ValueError(msg)
