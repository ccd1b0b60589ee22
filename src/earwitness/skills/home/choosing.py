"""What a person chose when asked "the bedroom light or the bed light?"."""

import re
from dataclasses import replace

from earwitness.skills.home.model import Home
from earwitness.skills.home.orders import Choice, Reading
from earwitness.skills.home.targets import Search, find
from earwitness.skills.home.wording import singular, uniform


def choose(question: Choice, answer: str) -> Reading:
    """Take what the person chose: a name, a place, "the first one", "both".

    The question comes back if the answer decides nothing.
    """
    words = re.sub(r"\b(?:ones?|1|please|i mean|i meant|thanks)\b", " ", uniform(answer)).strip()
    said = {singular(word) for word in words.split()} - {"the", "one", "please", "in", "i", "mean"}
    if said & {"both", "all", "every"}:
        return replace(question.order, found=replace(question.order.found, several=True))
    ordinals = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": len(question.options) - 1}
    for word, at in ordinals.items():
        if word in said and at < len(question.options):
            return replace(question.order, entities=(question.options[at],))
    ids = {each.id for each in question.options}
    found = find(words, Search(Home(entities=question.options), lambda entity: entity.id in ids))
    narrowed = found.entities if found.entities and not found.bare else ()
    if len(narrowed) == 1:
        return replace(question.order, entities=narrowed)
    return question
