"""Lists by voice: add several, read, take off, tick off, clear (asked first), make and delete lists.

Where the home has a to-do list of the same name as a built-in one, the home's is used.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from earwitness.assistant.skill import Ending, Names, Reply, Request
from earwitness.kernel.errors import HomeError
from earwitness.skills.asking import Open, says_no, says_yes
from earwitness.skills.lists.port import Item, Listed, Shelf
from earwitness.skills.lists.shelves import Homes, HomeShelf, OwnShelf
from earwitness.skills.lists.splitting import split
from earwitness.skills.lists.store import BUILT_IN, SHOPPING, Lists
from earwitness.skills.saying import capital, counted, joined
from earwitness.understanding.context import Context, Named
from earwitness.understanding.names import bare, nearest
from earwitness.understanding.wording import plain

MOST_READ = 12
LEFT = Reply("All right, I leave it.", Ending.NOTHING)
NO_LIST = Reply("There is no such list.", Ending.NOTHING)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What waits for a yes: clearing a list, or deleting it."""

    which: Listed
    delete: bool


class ListSkill:
    """Serves lists."""

    name = "lists"

    def __init__(self, store: Lists, homes: Homes) -> None:
        """The household's own lists, and those of its home where one is connected."""
        self._store = store
        self._own: Shelf = OwnShelf(store)
        self._home: Shelf = HomeShelf(homes)
        self._open: Open[_Asked] = Open()
        self._seen: dict[str, list[Listed]] = {}
        self._acts: dict[str, Callable[[Request, Listed], Awaitable[Reply]]] = {
            "HassListAddItem": self._add,
            "HassShoppingListAddItem": self._add,
            "HassListRemoveItem": self._remove,
            "HassListCompleteItem": self._complete,
            "HassShoppingListCompleteItem": self._complete,
            "ReadList": self._read,
            "ClearList": self._clear,
            "DeleteList": self._delete,
        }
        self.intents = frozenset({*self._acts, "CreateList", "ListLists"})

    async def names(self, household: str) -> Names:
        """The lists that may be named."""
        return Names(Context(lists=tuple(Named(each.id, each.name, each.variants)
                                         for each in await self._all(household))))  # fmt: skip

    async def hear(self, request: Request) -> Reply:
        """Do what is meant."""
        self._open.take(request)
        if request.meant is None:
            return NO_LIST
        name = request.meant.intent.name
        if name == "CreateList":
            return await self._create(request)
        lists = await self._all(request.here.household)
        if name == "ListLists":
            return Reply(f"You have the {joined([each.name for each in lists])}.", Ending.TOLD)
        which = _which(request, lists)
        return NO_LIST if which is None else await self._acts[name](request, which)

    async def answered(self, request: Request) -> Reply | None:
        """Take a yes or a no to clearing."""
        asked = self._open.take(request)
        if asked is None:
            return None
        if says_no(request):
            return LEFT
        if not says_yes(request):
            return None
        household = request.here.household
        if asked.delete:
            await asyncio.to_thread(self._store.delete, household, asked.which.id)
            return Reply(f"The {asked.which.name} is deleted.")
        shelf = self._shelf(asked.which)
        items = await shelf.items(household, asked.which.id)
        await shelf.remove(household, asked.which.id, items)
        return Reply(f"The {asked.which.name} is empty now.")

    async def _all(self, household: str) -> list[Listed]:
        """The home's lists first; a built-in one of the same name is hidden by them.

        Raises:
            HomeError: the home does not answer, and never has.
        """
        own = list(await self._own.lists(household))
        try:
            home = self._seen[household] = list(await self._home.lists(household))
        except HomeError:
            if household not in self._seen:
                raise
            home = self._seen[household]  # their names stand: using one says that the home does not answer
        built_in = {each.id for each in BUILT_IN}
        kept = [each for each in own if each.id not in built_in or not any(_same(each, other) for other in home)]
        return [*home, *kept]

    def _shelf(self, which: Listed) -> Shelf:
        return self._home if which.id.startswith("todo.") else self._own

    async def _add(self, request: Request, which: Listed) -> Reply:
        texts = split(_item(request), request.heard)
        if not texts:
            return Reply("Add what?", Ending.NOTHING)
        there = {plain(each.text) for each in await self._items(request, which)}
        new = [each for each in texts if plain(each) not in there]
        old = [each for each in texts if plain(each) in there]
        said = f"{capital(joined(old))} {'is' if len(old) == 1 else 'are'} on the {which.name} already."
        if not new:
            return Reply(said, Ending.TOLD)
        caused = await self._shelf(which).add(request.here.household, which, new)
        put = f"I put {joined(new)} on the {which.name}."
        return Reply(f"{put} {said}" if old else put, caused=tuple(caused))

    async def _read(self, request: Request, which: Listed) -> Reply:
        items = await self._items(request, which)
        if _item(request):
            return _there(items, split(_item(request), request.heard), which)
        if not items:
            return Reply(f"The {which.name} is empty.", Ending.TOLD)
        said = [each.text for each in items[:MOST_READ]]
        more = f", and {len(items) - MOST_READ} more" if len(items) > MOST_READ else ""
        count = counted(len(items), "thing")
        named = ", ".join(said) if more else joined(said)
        return Reply(f"On the {which.name} {'is' if len(items) == 1 else 'are'} {count}: {named}{more}.", Ending.TOLD)

    async def _remove(self, request: Request, which: Listed) -> Reply:
        found, missing = _found(await self._items(request, which), split(_item(request), request.heard))
        if found:
            await self._shelf(which).remove(request.here.household, which.id, found)
        return _said(found, missing, f"I took {{}} off the {which.name}.", which)

    async def _complete(self, request: Request, which: Listed) -> Reply:
        found, missing = _found(await self._items(request, which), split(_item(request), request.heard))
        if found:
            await self._shelf(which).complete(request.here.household, which.id, found)
        return _said(found, missing, f"I ticked off {{}} on the {which.name}.", which)

    async def _clear(self, request: Request, which: Listed) -> Reply:
        items = await self._items(request, which)
        if not items:
            return Reply(f"The {which.name} is empty already.", Ending.TOLD)
        self._open.ask(request, _Asked(which, delete=False))
        count = counted(len(items), "thing is", "things are")
        return Reply(f"{count} on the {which.name}. Shall I take everything off?", Ending.ASKED)

    async def _delete(self, request: Request, which: Listed) -> Reply:
        if which.id.startswith("todo.") or which.id in {each.id for each in BUILT_IN}:
            return Reply(f"The {which.name} stays; I can only clear it.", Ending.NOTHING)
        self._open.ask(request, _Asked(which, delete=True))
        return Reply(f"Shall I delete the {which.name} with everything on it?", Ending.ASKED)

    async def _create(self, request: Request) -> Reply:
        name = bare(_item(request)).removesuffix(" list")
        if not name:
            return Reply("What shall it be called?", Ending.NOTHING)
        for each in await self._all(request.here.household):
            if name in {bare(form).removesuffix(" list") for form in (each.name, *each.variants)}:
                return Reply(f"There is a {each.name} already.", Ending.TOLD)
        await asyncio.to_thread(self._store.create, request.here.household, f"{name} list")
        return Reply(f"There is a {name} list now.")

    async def _items(self, request: Request, which: Listed) -> Sequence[Item]:
        return await self._shelf(which).items(request.here.household, which.id)


def _item(request: Request) -> str:
    slots = request.meant.intent.slots if request.meant else {}
    return slots["item"].text if "item" in slots else ""


def _which(request: Request, lists: Sequence[Listed]) -> Listed | None:
    """The list that was named; the shopping list where none was."""
    meant = request.meant
    slots = meant.intent.slots if meant else {}
    if "name" not in slots:
        return next((each for each in lists if each.id == SHOPPING.id or _same(SHOPPING, each)), None)
    by_id = next((each for each in lists if each.id == slots["name"].value), None)
    return by_id or _nearest(slots["name"].text, lists)


def _nearest(said: str, lists: Sequence[Listed]) -> Listed | None:
    near = nearest(said, [Named(each.id, each.name, each.variants) for each in lists])
    return next((each for each in lists if near and each.id == near[0][0].id), None)


def _same(one: Listed, other: Listed) -> bool:
    forms = ({bare(form).removesuffix(" list") for form in (each.name, *each.variants)} for each in (one, other))
    return not next(forms).isdisjoint(next(forms))


def _found(items: Sequence[Item], texts: Sequence[str]) -> tuple[list[Item], list[str]]:
    """The lines that were named, each by the nearest text; and what is not there."""
    found: list[Item] = []
    missing: list[str] = []
    for text in texts:
        near = nearest(text, [Named(each.id, each.text) for each in items])
        item = next((each for each in items if near and each.id == near[0][0].id), None)
        if item is None:
            missing.append(text)
        elif item not in found:
            found.append(item)
    return found, missing


def _there(items: Sequence[Item], texts: Sequence[str], which: Listed) -> Reply:
    """Say whether things are on a list."""
    found, missing = _found(items, texts)
    if not missing:
        return Reply(f"Yes, {joined([each.text for each in found])}.", Ending.TOLD)
    return Reply(f"No, there is no {joined(missing, 'or')} on the {which.name}.", Ending.TOLD)


def _said(found: Sequence[Item], missing: Sequence[str], done: str, which: Listed) -> Reply:
    told = [done.format(joined([each.text for each in found]))] if found else []
    if missing:
        told.append(f"There is no {joined(missing, 'or')} on the {which.name}.")
    if not told:
        return Reply("Which thing?", Ending.NOTHING)
    return Reply(" ".join(told), Ending.DONE if found else Ending.NOTHING)
