"""The virtual home: a :class:`~..port.HomeControl` in memory, loaded from a home file."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from earwitness.kernel.clock import Clock, SystemClock, rfc3339
from earwitness.kernel.errors import BadInput, DeviceCannot, DeviceSilent
from earwitness.skills.home.model import Call, Entity, Home
from earwitness.skills.home.virtual.behaviour import act
from earwitness.skills.home.virtual.file import load_home

DEEPEST = 5
"""Scripts that call scripts: how many levels are followed."""


class VirtualHome:
    """A home whose devices exist in memory only."""

    def __init__(self, home: Home, clock: Clock | None = None) -> None:
        """Start with this home."""
        self._home = home
        self._clock = clock or SystemClock()
        self._lock = asyncio.Lock()

    @classmethod
    def load(cls, path: Path) -> "VirtualHome":
        """Start with the home in a file.

        Raises:
            BadInput: the file does not describe a home.
        """
        return cls(load_home(path))

    async def read(self) -> Home:
        """Return the present home."""
        return self._home

    async def call(self, call: Call) -> None:
        """Carry out a call on all its entities, or on none."""
        async with self._lock:
            self._home = self._after(self._home, call, DEEPEST)

    async def close(self) -> None:
        """Nothing is held."""

    def _after(self, home: Home, call: Call, depth: int) -> Home:
        service = call.service.partition(".")[2]
        targets = [_known(home, each) for each in call.entities]
        silent = tuple(each.id for each in targets if not each.answers)
        if silent:
            raise DeviceSilent(f"{len(silent)} device(s) did not answer.", entities=silent)
        for each in targets:
            home = self._on_one(home, each, service, call.data, depth)
        return home

    def _on_one(self, home: Home, entity: Entity, service: str, data: Mapping[str, Any], depth: int) -> Home:
        if entity.domain == "scene" and service == "turn_on":
            return self._stamped(_scene(home, entity), entity)
        if entity.domain == "script" and service in {"turn_on", "toggle"}:
            return self._script(home, entity, depth)
        if entity.domain in {"button", "input_button"} and service == "press":
            return self._stamped(home, entity)
        return _put(home, act(entity, service, data))

    def _script(self, home: Home, entity: Entity, depth: int) -> Home:
        if not depth:
            raise DeviceCannot("A script of the home file calls itself.")
        for step in entity.attributes.get("sequence") or ():
            home = self._after(home, _step(step), depth - 1)
        return _put(home, replace(entity, attributes={**entity.attributes, "last_triggered": self._now()}))

    def _stamped(self, home: Home, entity: Entity) -> Home:
        return _put(home, replace(entity, state=self._now()))

    def _now(self) -> str:
        return rfc3339(self._clock.now_ms())


def _known(home: Home, entity_id: str) -> Entity:
    found = home.entity(entity_id)
    if found is None:
        raise DeviceCannot("There is no such device in the home.")
    return found


def _put(home: Home, entity: Entity) -> Home:
    return replace(home, entities=tuple(entity if each.id == entity.id else each for each in home.entities))


def _scene(home: Home, scene: Entity) -> Home:
    """Set what the scene's ``entities`` attribute says: a state, or a mapping with one and attributes."""
    wanted = scene.attributes.get("entities")
    for entity_id, setting in (wanted if isinstance(wanted, Mapping) else {}).items():
        entity = home.entity(str(entity_id))
        if entity is None or not entity.answers:
            continue
        values = dict(setting) if isinstance(setting, Mapping) else {"state": setting}
        state = values.pop("state", entity.state)
        text = ("on" if state else "off") if isinstance(state, bool) else str(state)
        home = _put(home, replace(entity, state=text, attributes={**entity.attributes, **values}))
    return home


def _step(step: object) -> Call:
    if not isinstance(step, Mapping):
        raise BadInput("A step of a script of the home file is no mapping.")
    target = step.get("target") or step
    entities = target.get("entity_id", ()) if isinstance(target, Mapping) else ()
    listed = [entities] if isinstance(entities, str) else list(entities)
    return Call(str(step.get("action") or step.get("service")), tuple(map(str, listed)), dict(step.get("data") or {}))
