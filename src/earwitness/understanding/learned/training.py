"""Train the learned matcher from sentences with intents and marked slots.

A training folder holds ``*.jsonl`` files, one sentence a line:
``{"text": "...", "intent": "...", "slots": [{"slot": "...", "start": 0, "end": 4}]}``; ``out_of_scope`` is the
intent of what belongs to none. Corrections of a household's own have the same form.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from earwitness.kernel.errors import BadInput
from earwitness.understanding.learned.features import spans
from earwitness.understanding.learned.fitting import fit_intents
from earwitness.understanding.learned.intents import OUT_OF_SCOPE
from earwitness.understanding.learned.lexicon import Names, word_classes
from earwitness.understanding.learned.model import Class, LearnedModel
from earwitness.understanding.learned.tagger import NONE, Tagged, fit_tags

FEWEST = 4  # of each intent: one for every part of the cross-validation


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence, its intent (or the name of a class) and its slots: name, begin, end in characters."""

    text: str
    intent: str
    slots: tuple[tuple[str, int, int], ...] = ()
    group: str = ""  # the wording it was made from; its own text otherwise


@dataclass(frozen=True, slots=True)
class Material:
    """Everything to train on; ``classes`` says what an intent's label stands for where it is not itself."""

    examples: Sequence[Example]
    classes: Mapping[str, Class] = field(default_factory=dict)
    names: Names = field(default_factory=dict)


def train(folder: Path) -> LearnedModel:
    """Train on every ``*.jsonl`` of ``folder``.

    Raises:
        BadInput: no sentences, too few of an intent, or a line that is none; file and line are named.
    """
    return fit(Material([each for path in sorted(folder.glob("*.jsonl")) for each in _read(path)]))


def _read(path: Path) -> Iterator[Example]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
                slots = tuple(
                    (str(each["slot"]), int(each["start"]), int(each["end"])) for each in row.get("slots", ())
                )
                yield Example(str(row["text"]), str(row["intent"]), slots)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                msg = f"{path.name}, line {number}: not a training sentence."
                raise BadInput(msg, next_step="docs/understanding.md shows one.") from error


def fit(material: Material, *, rarest: int = 1) -> LearnedModel:
    """Train classifier and tagger.

    Raises:
        BadInput: there are fewer than two intents, or fewer than four sentences of one.
    """
    labels = [each.intent for each in material.examples]
    _check(labels)
    groups = [each.group or each.text for each in material.examples]
    intents = fit_intents([each.text for each in material.examples], labels, groups, rarest=rarest)
    tags = fit_tags(tagged(each, material.names) for each in material.examples if each.intent != OUT_OF_SCOPE)
    classes = {label: material.classes.get(label, Class(label, {})) for label in intents.intents}
    return LearnedModel(intents, tags, classes)


def _check(labels: Sequence[str]) -> None:
    counts = {label: labels.count(label) for label in set(labels)}
    if len(counts) < 2:  # noqa: PLR2004 - one intent needs no classifier
        msg = "There is nothing to tell apart: training needs at least two intents."
        raise BadInput(msg, next_step="Add sentences of another intent, or of none (out_of_scope).")
    label, count = min(counts.items(), key=lambda pair: (pair[1], pair[0]))
    if count < FEWEST:
        msg = f"Only {count} sentences are of the intent '{label}'; it takes {FEWEST}."
        raise BadInput(msg, next_step="Write some more, or leave it out.")


def tagged(example: Example, names: Names) -> Tagged:
    """The sentence as words with labels, as the tagger learns it."""
    places = spans(example.text)
    labels = [
        next((slot for slot, start, end in example.slots if begin >= start and finish <= end), NONE)
        for _, begin, finish in places
    ]
    said = tuple(word for word, _, _ in places)
    return Tagged(said, tuple(labels), tuple(word_classes(said, names)), example.intent)
