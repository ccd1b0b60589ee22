"""The sentences the shipped model learns from.

They are this project's natural wording, samples of its templates, and sentences that are for nobody. Everything
here was written for the project.

``python -c "from earwitness.understanding.learned.corpus import train_shipped; train_shipped()"`` trains it again
and writes it to ``understanding/models/en``.
"""

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import hassil

from earwitness.understanding.learned.household import FREE, household
from earwitness.understanding.learned.intents import OUT_OF_SCOPE
from earwitness.understanding.learned.model import Class, LearnedModel
from earwitness.understanding.learned.naming import folder, known_names, label
from earwitness.understanding.learned.training import Example, Material, fit
from earwitness.understanding.sampling import Draw, draws, spell
from earwitness.understanding.sentences import load, slot_lists

SEED = 20
OF_TEMPLATES = 3  # samples of each template, of each natural wording
OF_WORDINGS = 5
FILLINGS = 3  # of a sentence with slots
MOST_OF_CLASS = 220
OPENINGS = ("", "", "", "", "", "please ", "hey ", "could you ", "can you ", "okay ", "would you ")
ENDINGS = ("", "", "", "", "", "", " please", " now", " for me", " thanks")


def shipped_material() -> Material:
    """Everything the shipped model is trained on."""
    rng = random.Random(SEED)  # noqa: S311 - for variety, not for secrets
    context = household()
    shipped = load([folder("corpus")], home=False).sources[0].intents
    natural = {id(block) for name in shipped.intents for block in _corpus_blocks(shipped, name)}
    examples: dict[str, dict[str, Example]] = {}
    classes: dict[str, Class] = {}
    lists = {**shipped.slot_lists, **slot_lists(context)}
    for intents, each in _halves(shipped, natural):
        for draw in draws(intents, each, rng):
            name = label(draw.intent, draw.fixed)
            classes[name] = Class(draw.intent, draw.fixed)
            for _ in range(FILLINGS if any(piece.list_name for piece in draw.pieces) else 1):
                example = dressed(filled(draw, name, lists, shipped.expansion_rules, rng), rng)
                examples.setdefault(name, {})[example.text] = example
    chosen = [each for name in sorted(examples) for each in _some(list(examples[name].values()), rng)]
    outside = (folder("corpus") / "out_of_scope.txt").read_text(encoding="utf-8").splitlines()
    chosen += [
        Example(opening + text, OUT_OF_SCOPE, (), text)
        for text in outside
        if text
        for opening in ("", rng.choice(OPENINGS))
    ]
    return Material(chosen, classes, known_names(context))


def _corpus_blocks(intents: hassil.Intents, name: str) -> list[hassil.IntentData]:
    own = load([], home=False).sources[0].intents.intents
    return intents.intents[name].data[: len(intents.intents[name].data) - len(own[name].data)]


def _halves(intents: hassil.Intents, natural: set[int]) -> Iterator[tuple[hassil.Intents, int]]:
    """The natural wordings and the templates, each with how often to draw."""
    for is_natural, each in ((True, OF_WORDINGS), (False, OF_TEMPLATES)):
        chosen = {
            name: hassil.intents.Intent(name, [block for block in intent.data if (id(block) in natural) == is_natural])
            for name, intent in intents.intents.items()
        }
        yield hassil.Intents(intents.language, chosen, intents.slot_lists, intents.expansion_rules), each


def _some(examples: list[Example], rng: random.Random) -> list[Example]:
    return examples if len(examples) <= MOST_OF_CLASS else rng.sample(examples, MOST_OF_CLASS)


def filled(
    draw: Draw,
    name: str,
    lists: Mapping[str, hassil.SlotList],
    rules: Mapping[str, hassil.Sentence],
    rng: random.Random,
) -> Example:
    """A draw with its slots filled and marked."""
    text = ""
    slots: list[tuple[str, int, int]] = []
    for piece in draw.pieces:
        said = piece.text or _value(piece.list_name, lists, rules, rng, draw)
        if text and not text.endswith(" "):
            text += " "
        if piece.list_name:
            slots.append((piece.slot, len(text), len(text) + len(said)))
        text += said
    wording = " ".join(piece.text or f"{{{piece.list_name}}}" for piece in draw.pieces)
    return Example(text, name, tuple(slots), wording)


def dressed(example: Example, rng: random.Random) -> Example:
    """With the small words people put around an order."""
    opening, ending = rng.choice(OPENINGS), rng.choice(ENDINGS)
    moved = tuple((slot, start + len(opening), end + len(opening)) for slot, start, end in example.slots)
    return Example(opening + example.text + ending, example.intent, moved, example.group)


def _value(
    name: str,
    lists: Mapping[str, hassil.SlotList],
    rules: Mapping[str, hassil.Sentence],
    rng: random.Random,
    draw: Draw,
) -> str:
    if name in FREE:
        return rng.choice(FREE[name])
    values = lists.get(name)  # a range written in the sentence itself, like {1..120:minutes}, is in no list
    if not isinstance(values, hassil.TextSlotList):
        return str(rng.randint(1, 99))
    fitting = [value for value in values.values if _fits(value, draw)] or values.values
    return spell(rng.choice(fitting).text_in, rng, rules=rules)


def _fits(value: hassil.TextSlotValue, draw: Draw) -> bool:
    wanted = draw.requires.get("domain")
    said = (value.context or {}).get("domain")
    return wanted is None or said in (wanted if isinstance(wanted, list) else [wanted])


def train_shipped(target: Path | None = None) -> LearnedModel:
    """Train the shipped model and write it to ``target``, by default where it is read from."""
    model = fit(shipped_material(), rarest=4)
    model.save(target or folder("models"))
    return model
