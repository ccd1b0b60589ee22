"""The slot tagger: a chain CRF over words (python-crfsuite; its model file is data, read with bounds by it).

One label a word, the slot's name or ``O``; neighbours with one label are one slot. Trained by averaged
perceptron: as good here as L-BFGS and ten times as fast (docs/understanding.md has the figures).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pycrfsuite

from earwitness.understanding.learned.features import tagging

NONE = "O"
ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Tagged:
    """A sentence to learn from: words, their labels, the classes of words, the intent."""

    words: tuple[str, ...]
    labels: tuple[str, ...]
    classes: tuple[str, ...]
    intent: str


@dataclass(frozen=True, slots=True)
class TagModel:
    """The trained tagger; ``data`` is CRFsuite's model file."""

    data: bytes
    _tagger: pycrfsuite.Tagger = field(default_factory=pycrfsuite.Tagger)

    def __post_init__(self) -> None:
        """Open the model in memory."""
        self._tagger.open_inmemory(self.data)

    def spans(self, said: Sequence[str], intent: str, classes: Sequence[str]) -> list[tuple[str, int, int]]:
        """The slots found: name, first word, word behind the last."""
        if not said:
            return []
        return joined(self._tagger.tag(tagging(said, intent, classes)))


def joined(labels: Sequence[str]) -> list[tuple[str, int, int]]:
    """Neighbouring words of one label as one span."""
    found: list[tuple[str, int, int]] = []
    for at, label in enumerate(labels):
        if label == NONE:
            continue
        if found and found[-1][0] == label and found[-1][2] == at:
            found[-1] = (label, found[-1][1], at + 1)
        else:
            found.append((label, at, at + 1))
    return found


def fit_tags(sentences: Iterable[Tagged]) -> TagModel:
    """Train on tagged sentences."""
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.select("ap")
    trainer.set_params({"max_iterations": ROUNDS})
    for each in sentences:
        trainer.append(tagging(each.words, each.intent, each.classes), list(each.labels))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "slots.crfsuite"
        trainer.train(str(file))
        return TagModel(file.read_bytes())
