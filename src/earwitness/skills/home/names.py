"""The names of a home as understanding wants them: rooms, floors, devices, lists and people, with their variants."""

from earwitness.skills.home.model import Home
from earwitness.understanding.context import Context, Named


def context_of(home: Home) -> Context:
    """Return what may be named in a home right now."""
    devices = [each for each in home.entities if each.domain not in {"todo", "person"}]
    return Context(
        areas=tuple(Named(each.id, each.name, each.aliases) for each in home.areas),
        floors=tuple(Named(each.id, each.name, each.aliases) for each in home.floors),
        devices=tuple(Named(each.id, each.name, each.aliases, each.domain, each.area or "") for each in devices),
        lists=tuple(Named(each.id, each.name, each.aliases) for each in home.entities if each.domain == "todo"),
        people=tuple(Named(each.id, each.name, each.aliases) for each in home.entities if each.domain == "person"),
        area=home.here,
    )
