"""The two places where lists are: the household's own rows, and the to-do lists of its home."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from earwitness.assistant.skill import Caused
from earwitness.skills.home.model import Call, Entity
from earwitness.skills.home.port import HomeControl
from earwitness.skills.house.taking_back import EFFECT as HOME_EFFECT
from earwitness.skills.house.taking_back import undo_of
from earwitness.skills.lists.port import Item, Listed
from earwitness.skills.lists.store import Lists

ITEM_EFFECT = "list_item"
Homes = Callable[[str], HomeControl | None]
"""The home of a household, None where none is connected."""


@dataclass(frozen=True, slots=True)
class OwnShelf:
    """Lists in the database."""

    store: Lists

    async def lists(self, household: str) -> Sequence[Listed]:
        """The built-in ones and the household's own."""
        return await asyncio.to_thread(self.store.lists, household)

    async def items(self, household: str, list_id: str) -> Sequence[Item]:
        """The open lines."""
        return await asyncio.to_thread(self.store.items, household, list_id)

    async def add(self, household: str, which: Listed, texts: Sequence[str]) -> Sequence[Caused]:
        """Add lines; each is one effect."""
        made = await asyncio.to_thread(self.store.add, household, which.id, texts)
        return [Caused(ITEM_EFFECT, f"put {each.text} on the {which.name}", {"item": each.id}) for each in made]

    async def remove(self, household: str, list_id: str, items: Sequence[Item]) -> None:  # noqa: ARG002 - the port's
        """Delete lines."""
        await asyncio.to_thread(self.store.remove, [each.id for each in items], household)

    async def complete(self, household: str, list_id: str, items: Sequence[Item]) -> None:  # noqa: ARG002 - the port's
        """Mark lines as done."""
        await asyncio.to_thread(self.store.complete, household, [each.id for each in items])


@dataclass(frozen=True, slots=True)
class HomeShelf:
    """The to-do lists of a household's home; a line is known by its text there."""

    homes: Homes

    async def lists(self, household: str) -> Sequence[Listed]:
        """The to-do lists that answer."""
        return [Listed(each.id, _as_list(each.name), (each.name, *each.aliases)) for each in await self._all(household)]

    async def items(self, household: str, list_id: str) -> Sequence[Item]:
        """The open lines."""
        found = next((each for each in await self._all(household) if each.id == list_id), None)
        items = [_item(each) for each in (found.attributes.get("items") or ())] if found else []
        return [each for each in items if not each.done]

    async def add(self, household: str, which: Listed, texts: Sequence[str]) -> Sequence[Caused]:
        """Add lines; each is one effect, of the kind that the home takes back."""
        caused = []
        for text in texts:
            await self._call(household, Call("todo.add_item", (which.id,), {"item": text}))
            back = Call("todo.remove_item", (which.id,), {"item": text})
            caused.append(Caused(HOME_EFFECT, f"put {text} on the {which.name}", undo_of([back])))
        return caused

    async def remove(self, household: str, list_id: str, items: Sequence[Item]) -> None:
        """Take lines off."""
        for each in items:
            await self._call(household, Call("todo.remove_item", (list_id,), {"item": each.id}))

    async def complete(self, household: str, list_id: str, items: Sequence[Item]) -> None:
        """Mark lines as done."""
        for each in items:
            await self._call(household, Call("todo.update_item", (list_id,), {"item": each.id, "status": "completed"}))

    async def _all(self, household: str) -> list[Entity]:
        control = self.homes(household)
        if control is None:
            return []
        home = await control.read()
        return [each for each in home.entities if each.domain == "todo" and each.answers]

    async def _call(self, household: str, call: Call) -> None:
        control = self.homes(household)
        if control is not None:
            await control.call(call)


def _as_list(name: str) -> str:
    """Say "Chores" as "chores list"."""
    plain = name.lower()
    return plain if plain.endswith("list") else f"{plain} list"


def _item(found: Mapping[str, Any] | str) -> Item:
    if isinstance(found, str):
        return Item(found, found)
    text = str(found.get("summary", ""))
    return Item(text, text, found.get("status") == "completed")
