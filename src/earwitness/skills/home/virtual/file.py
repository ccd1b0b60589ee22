"""Read a home from YAML (``docs/skills/home.md`` has the shape).

Three lists, ``floors``, ``areas`` and ``entities``; the last two are also understood as mappings, and
``devices`` as a list that groups entities. The inventories of Home Assistant's intent tests and of
synthetic homes have this shape too. Bare YAML words that mean something else in YAML 1.1
(``state: on``) are taken as they were meant.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from earwitness.kernel.errors import BadInput
from earwitness.skills.home.model import Area, Entity, Floor, Home
from earwitness.skills.home.virtual.behaviour import with_items
from earwitness.skills.home.virtual.kinds import domain_of_kind

LARGEST = 4 * 1024 * 1024
"""Bytes of the largest home file that is read."""

Row = Mapping[str, Any]


def load_home(path: Path) -> Home:
    """Read a home file.

    Raises:
        BadInput: the file is not there, is too large, is no YAML or does not describe a home.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput(f"{path} is larger than a home can be.")
        return parse_home(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read.", next_step="Name a YAML file with --home.") from error


def parse_home(text: str) -> Home:
    """Read a home from YAML text.

    Raises:
        BadInput: it is no YAML or does not describe a home.
    """
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadInput("The home file is no YAML.", next_step="docs/skills/home.md shows one.") from error
    if not isinstance(found, Mapping):
        raise BadInput("The home file lists no areas and entities.", next_step="docs/skills/home.md shows one.")
    return _home(found)


def _home(found: Row) -> Home:
    floors = tuple(_floor(row) for row in _rows(found, "floors"))
    areas = tuple(_area(row, floors) for row in _rows(found, "areas"))
    entities = list(_entities(found, areas))
    areas += tuple(
        Area(each, _title(each))
        for each in _unlisted((entity.area for entity in entities), {area.id for area in areas})
    )
    floors += tuple(
        Floor(each, _title(each)) for each in _unlisted((area.floor for area in areas), {floor.id for floor in floors})
    )
    _refuse_doubles([each.id for each in entities])
    here = found.get("here")
    return Home(floors, areas, tuple(entities), _area_id(here, areas) if here else None)


def _rows(found: Row, key: str) -> Iterator[Row]:
    """Each row of a list; of a mapping each value with its key as ``id``; a bare text is a name."""
    listed = found.get(key) or ()
    if isinstance(listed, Mapping):
        listed = [{"id": name, **(row if isinstance(row, Mapping) else {"state": row})} for name, row in listed.items()]
    if not isinstance(listed, list | tuple):
        raise BadInput(f"'{key}' of the home file is no list.", next_step="docs/skills/home.md shows one.")
    for row in listed:
        if isinstance(row, Mapping):
            yield row
        elif isinstance(row, str):
            yield {"name": row}
        else:
            raise BadInput(f"A row of '{key}' of the home file has no keys.", next_step="docs/skills/home.md")


def _floor(row: Row) -> Floor:
    name = _name(row, "floors")
    level = row.get("level")
    return Floor(
        _text(row.get("id")) or _slug(name), name, _texts(row.get("aliases")), level if _is_int(level) else None
    )


def _area(row: Row, floors: tuple[Floor, ...]) -> Area:
    name = _name(row, "areas")
    floor = _text(row.get("floor"))
    known = next((each.id for each in floors if floor and floor.lower() in {each.id.lower(), each.name.lower()}), floor)
    return Area(_text(row.get("id")) or _slug(name), name, known, _texts(row.get("aliases")))


def _entities(found: Row, areas: tuple[Area, ...]) -> Iterator[Entity]:
    devices = list(_devices(found))
    by_id = {_text(row.get("id")) or _slug(_text(row.get("name")) or ""): row for row in devices}
    for row in _rows(found, "entities"):
        yield _entity(row, by_id.get(_text(row.get("device")) or ""), areas)
    for device in devices:
        for row in _rows(device, "entities"):
            yield _entity(row, device, areas)
        if "entities" not in device and ("state" in device or domain_of_kind(_kind(device))):
            yield _entity(device, None, areas)


def _devices(found: Row) -> Iterator[Row]:
    """The rows of ``devices``, also where they are grouped by the name of their area."""
    listed = found.get("devices")
    if not isinstance(listed, Mapping) or not all(isinstance(each, list) for each in listed.values()):
        yield from _rows(found, "devices")
        return
    for area, rows in listed.items():
        for row in _rows({"devices": rows}, "devices"):
            yield {"area": area, **row}


def _entity(row: Row, device: Row | None, areas: tuple[Area, ...]) -> Entity:
    entity_id = _entity_id(row)
    about: Row = device or {}
    attributes = {str(key): value for key, value in _attributes(row).items()}
    name = _text(row.get("name")) or _text(attributes.pop("friendly_name", None)) or _text(about.get("name"))
    area = _text(row.get("area")) or _text(about.get("area"))
    domain = entity_id.partition(".")[0]
    entity = Entity(
        id=entity_id,
        name=name or _title(entity_id.partition(".")[2]),
        area=_area_id(area, areas) if area else None,
        aliases=_texts(row.get("aliases")),
        state=_state(row.get("state"), domain),
        attributes=attributes,
        critical=row.get("critical") is True or attributes.pop("critical", False) is True,
    )
    return with_items(entity) if domain == "todo" else entity


def _entity_id(row: Row) -> str:
    found = _text(row.get("id")) or _text(row.get("entity_id"))
    if found and re.fullmatch(r"[a-z_]+\.[^.\s]+(?: [^.\s]+)*", found):
        return found
    domain = _text(row.get("domain")) or domain_of_kind(_kind(row))
    name = found or _slug(" ".join(filter(None, (_text(row.get("area")), _text(row.get("name"))))))
    if domain and name:
        return f"{domain}.{name}"
    raise BadInput(
        "An entity of the home file has no id like light.kitchen_ceiling.", next_step="docs/skills/home.md shows one."
    )


def _kind(row: Row) -> str:
    return _text(row.get("device_type")) or _text(row.get("type")) or ""


def _attributes(row: Row) -> Row:
    found = row.get("attributes") or {}
    if isinstance(found, list) and all(isinstance(each, Mapping) for each in found):
        found = {key: value for each in found for key, value in each.items()}
    if not isinstance(found, Mapping):
        raise BadInput("The attributes of an entity of the home file are no mapping.", next_step="docs/skills/home.md")
    return found


def _state(value: object, domain: str) -> str:
    if isinstance(value, Mapping):  # the intent tests write {in: "closed", out: "off"}
        value = value.get("out")
    if isinstance(value, bool):
        return "on" if value else "off"
    if value is None:
        return DEFAULT_STATES.get(domain, "unknown")
    return str(value)


DEFAULT_STATES = {
    "light": "off",
    "switch": "off",
    "fan": "off",
    "input_boolean": "off",
    "cover": "closed",
    "lock": "locked",
    "valve": "closed",
    "climate": "off",
    "media_player": "idle",
    "vacuum": "docked",
    "todo": "0",
}
"""The state of an entity whose row has none."""


def _area_id(name: object, areas: tuple[Area, ...]) -> str:
    wanted = str(name)
    lowered = wanted.lower()
    return next((each.id for each in areas if lowered in {each.id.lower(), each.name.lower()}), wanted)


def _unlisted(named: Iterator[str | None], listed: set[str]) -> list[str]:
    return sorted({each for each in named if each} - listed)


def _refuse_doubles(ids: list[str]) -> None:
    if len(ids) != len(set(ids)):
        raise BadInput("Two entities of the home file have the same id.")


def _name(row: Row, key: str) -> str:
    found = _text(row.get("name")) or _title(_text(row.get("id")) or "")
    if not found:
        raise BadInput(f"A row of '{key}' of the home file has no name.", next_step="docs/skills/home.md shows one.")
    return found


def _text(value: object) -> str | None:
    return str(value).strip() or None if isinstance(value, str | int) and not isinstance(value, bool) else None


def _texts(value: object) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    return tuple(str(each) for each in listed) if isinstance(listed, list) else ()


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _slug(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower()).strip("_")


def _title(identifier: str) -> str:
    return identifier.replace("_", " ").replace("-", " ").strip().title()
