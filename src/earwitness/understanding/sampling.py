"""Sentences that the templates allow, drawn at random with a seed: for near misses, training, questions.

A draw is a list of pieces: words, and slots with the list they are filled from. Walking the whole product
of a template's alternatives is out of the question (Home Assistant's run into the millions).
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import hassil

from earwitness.kernel.errors import BadInput

_OPEN, _CLOSE = "\x02", "\x03"
_MARKED = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
MAX_DEPTH = 60


@dataclass(frozen=True, slots=True)
class Piece:
    """Words, or what fills a slot: ``list_name`` is empty for plain words."""

    text: str
    list_name: str = ""
    slot: str = ""


@dataclass(frozen=True, slots=True)
class Draw:
    """One sentence of a block of templates, slots not yet filled."""

    intent: str
    fixed: Mapping[str, object]
    pieces: tuple[Piece, ...]
    metadata: Mapping[str, object]
    requires: Mapping[str, object]


def draws(intents: hassil.Intents, each: int, rng: random.Random) -> Iterator[Draw]:
    """For every template its shortest sentence and up to ``each`` random ones, without repetitions.

    What is drawn of a template depends on it alone: another sentence in the file changes nothing for the others.
    """
    seed = rng.getrandbits(32)
    for intent in intents.intents.values():
        for block in intent.data:
            rules = {**intents.expansion_rules, **block.expansion_rules}
            for sentence in block.sentences:
                own = random.Random(f"{seed} {sentence.text}")  # noqa: S311 - for variety, not for secrets
                seen: set[tuple[Piece, ...]] = set()
                for turn in range(each + 1):
                    pieces = _pieces(sentence.expression, rules, own, shortest=turn == 0)
                    if pieces and pieces not in seen:
                        seen.add(pieces)
                        yield Draw(intent.name, block.slots, pieces, block.metadata or {}, block.requires_context)


Rules = Mapping[str, hassil.Sentence]


def _pieces(expression: hassil.Expression, rules: Rules, rng: random.Random, *, shortest: bool) -> tuple[Piece, ...]:
    def choose(items: list[hassil.Expression]) -> hassil.Expression:
        return rng.choice(items)

    text = _walk(expression, rules, choose, shortest=shortest, depth=0)
    pieces: list[Piece] = []
    at = 0
    for found in _MARKED.finditer(text):
        _add_words(pieces, text[at : found.start()])
        list_name, _, slot = found.group(1).partition(":")
        pieces.append(Piece("", list_name, slot))
        at = found.end()
    _add_words(pieces, text[at:])
    return tuple(pieces)


def _add_words(pieces: list[Piece], text: str) -> None:
    words = " ".join(text.split())
    if words:
        pieces.append(Piece(words))


def _walk(
    expression: hassil.Expression,
    rules: Rules,
    choose: Callable[[list[hassil.Expression]], hassil.Expression],
    *,
    shortest: bool,
    depth: int,
) -> str:
    if depth > MAX_DEPTH:
        msg = "A sentence's rules lead too deep."
        raise BadInput(msg, next_step="Look for a rule that leads back to itself.")

    def walk(item: hassil.Expression) -> str:
        return _walk(item, rules, choose, shortest=shortest, depth=depth + 1)

    if isinstance(expression, hassil.TextChunk):
        return expression.original_text
    if isinstance(expression, hassil.Group):
        return _walk_group(expression, walk, choose, shortest=shortest)
    if isinstance(expression, hassil.ListReference):
        return f"{_OPEN}{expression.list_name}:{expression.slot_name}{_CLOSE}"
    return walk(rules[expression.rule_name].expression) if isinstance(expression, hassil.RuleReference) else ""


def _walk_group(
    group: hassil.Group,
    walk: Callable[[hassil.Expression], str],
    choose: Callable[[list[hassil.Expression]], hassil.Expression],
    *,
    shortest: bool,
) -> str:
    if isinstance(group, hassil.Alternative):
        if group.is_optional and shortest:
            return ""
        return walk(group.items[0] if shortest else choose(group.items))
    if isinstance(group, hassil.Permutation):
        left = list(group.items)
        order = []
        while left:
            order.append(left[0] if shortest else choose(left))
            left.remove(order[-1])
        return " ".join(walk(item) for item in order)
    return "".join(walk(item) for item in group.items)


def says_something(template: str, rules: Rules) -> bool:
    """Whether the shortest sentence of a template has words of its own besides its slots."""
    text = _walk(hassil.parse_sentence(template).expression, rules, lambda items: items[0], shortest=True, depth=0)
    return bool(_MARKED.sub("", text).strip())


def spell(expression: hassil.Expression, rng: random.Random, *, rules: Rules | None = None) -> str:
    """One way to say a value of a closed list, inner ranges filled with numbers."""
    text = _walk(expression, rules or {}, rng.choice, shortest=False, depth=0)
    return " ".join(_MARKED.sub(lambda found: _ranged(found.group(1), rng), text).split())


def _ranged(marked: str, rng: random.Random) -> str:
    bounds = re.match(r"(\d+)\.\.(\d+)", marked)
    return str(rng.randint(int(bounds.group(1)), min(int(bounds.group(2)), 99))) if bounds else ""
