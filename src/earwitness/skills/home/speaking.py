"""Words for devices and lists of them in replies: "the kitchen light and the fan in the bedroom"."""

from collections.abc import Sequence

from earwitness.skills.home.model import Entity, Home
from earwitness.skills.home.places import name_words

MOST_NAMED = 4
"""More devices than this are counted, not named."""

PLURALS = {
    "light": "lights", "switch": "switches", "cover": "blinds", "lock": "locks", "fan": "fans",
    "climate": "thermostats",
    "media_player": "players", "valve": "valves", "vacuum": "vacuums",
}  # fmt: skip


def listed(words: Sequence[str], last: str = "and") -> str:
    """Join words as they are spoken: "a, b and c"."""
    if len(words) < 2:  # noqa: PLR2004 - nothing to join
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def the(entity: Entity, home: Home | None = None) -> str:
    """Say "the kitchen light", with its room where another one is called the same."""
    name = entity.name
    lowered = (
        name if _is_proper(entity) else " ".join(word.lower() if word[1:].islower() else word for word in name.split())
    )
    article = "" if _is_proper(entity) or lowered.startswith(("the ", "my ")) else "the "
    return article + lowered + (_where(entity, home) if home else "")


def _is_proper(entity: Entity) -> bool:
    """A vacuum called Rosie, a television called TV, a scene."""
    first = entity.name.split(" ")[0]
    return entity.domain in {"person", "vacuum", "scene", "script"} or (
        len(first) > 1 and first.isupper() and " " not in entity.name and entity.domain != "media_player"
    )


def _where(entity: Entity, home: Home) -> str:
    area = home.area(entity.area)
    if area is None or set(name_words(area.name)) <= set(name_words(entity.name)):
        return ""
    twins = [
        each
        for each in home.entities
        if each.name == entity.name and each.id != entity.id and each.domain == entity.domain
    ]
    return f" in the {area.name.lower()}" if twins else ""


def devices(entities: Sequence[Entity], home: Home) -> str:
    """Name a few devices, count many."""
    if len(entities) <= MOST_NAMED:
        return listed([the(each, home) for each in entities])
    domains = {each.domain for each in entities}
    kind = PLURALS.get(next(iter(domains)), "devices") if len(domains) == 1 else "devices"
    return f"{len(entities)} {kind}"


def be(entities: Sequence[Entity]) -> str:
    """Say "is" or "are": blinds are, a light is."""
    name = entities[0].name.lower() if len(entities) == 1 else "s"
    return "are" if name.endswith("s") and not name.endswith("ss") else "is"


def sentence(text: str) -> str:
    """Start with a capital, end with a full stop."""
    text = text.strip()
    return (text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")) if text else ""


def count(number: float) -> str:
    """A number without a needless fraction."""
    return f"{number:g}"
