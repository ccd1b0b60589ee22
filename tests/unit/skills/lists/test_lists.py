"""Lists: the household's own and those of its home, by voice."""

import asyncio

import pytest
from sqlalchemy import func, select

from earwitness.bootstrap.skills import open_skills
from earwitness.kernel.errors import BadInput, HomeUnreachable, NotFound
from earwitness.skills.home.model import Call, Entity, Home
from earwitness.skills.house.taking_back import take_back
from earwitness.skills.lists.splitting import split
from earwitness.skills.lists.store import MOST_ITEMS, MOST_LISTS, Lists
from earwitness.storage.database import Database
from earwitness.storage.schema.voice import list_item
from earwitness.testing.clock import VirtualClock
from earwitness.testing.house import Family
from earwitness.testing.sealer import MemorySealer
from earwitness.testing.talking import Talk, at_home
from earwitness.understanding.matcher import Matcher


def test_several_things_are_put_on_the_shopping_list(talk: Talk) -> None:
    reply = talk.say("add milk and eggs to the shopping list")
    assert reply.text == "I put milk and eggs on the shopping list."
    assert [(each.kind, each.what) for each in reply.caused] == [
        ("list_item", "put milk on the shopping list"),
        ("list_item", "put eggs on the shopping list"),
    ]
    assert talk.says("put bread and milk on my shopping list") == (
        "I put bread on the shopping list. Milk is on the shopping list already."
    )
    assert talk.says("what's on the shopping list") == "On the shopping list are 3 things: milk, eggs and bread."


def test_the_usual_ways_to_say_it(talk: Talk) -> None:
    assert talk.says("we're out of coffee") == "I put coffee on the shopping list."
    assert talk.says("add tea to the list") == "I put tea on the shopping list."
    assert talk.says("put call the plumber on my to-do list") == "I put call the plumber on the to do list."
    assert talk.says("read my to do list") == "On the to do list is 1 thing: call the plumber."
    assert talk.says("what do i need to buy") == "On the shopping list are 2 things: coffee and tea."


def test_things_are_taken_off_and_ticked_off(talk: Talk) -> None:
    talk.say("add milk, eggs and bread to the shopping list")
    assert talk.says("remove the milk from the shopping list") == "I took milk off the shopping list."
    assert talk.says("check off egg on the shopping list") == "I ticked off eggs on the shopping list."
    assert talk.says("remove wine and bread from the shopping list") == (
        "I took bread off the shopping list. There is no wine on the shopping list."
    )
    assert talk.says("what's on the shopping list") == "The shopping list is empty."
    assert talk.says("remove wine from the shopping list") == "There is no wine on the shopping list."


def test_clearing_is_asked_about_first(talk: Talk) -> None:
    assert talk.says("clear the shopping list") == "The shopping list is empty already."
    talk.say("add milk and eggs to the shopping list")
    asked = talk.say("clear the shopping list")
    assert asked.asks
    assert asked.text == "2 things are on the shopping list. Shall I take everything off?"
    assert talk.says("no") == "All right, I leave it."
    assert talk.says("yes") == "I did not ask anything."
    talk.say("clear the shopping list")
    assert talk.says("yes") == "The shopping list is empty now."
    assert talk.says("what's on the shopping list") == "The shopping list is empty."


def test_a_question_of_long_ago_takes_no_yes(talk: Talk) -> None:
    talk.say("add milk to the shopping list")
    talk.say("clear the shopping list")
    talk.clock.advance(61_000)
    talk.say("yes")
    assert talk.says("what's on the shopping list") == "On the shopping list is 1 thing: milk."


def test_lists_are_made_and_deleted(talk: Talk) -> None:
    assert talk.says("create a list called packing") == "There is a packing list now."
    assert talk.says("make a new packing list") == "There is a packing list already."
    talk.say("add socks to the packing list")
    assert talk.says("what lists do i have") == "You have the shopping list, to do list and packing list."
    assert talk.says("delete the packing list") == "Shall I delete the packing list with everything on it?"
    assert talk.says("yes") == "The packing list is deleted."
    assert talk.says("what lists do i have") == "You have the shopping list and to do list."
    assert talk.says("delete the shopping list") == "The shopping list stays; I can only clear it."


def test_another_household_has_lists_of_its_own(talk: Talk, small_family: Family) -> None:
    talk.say("add milk to the shopping list")
    other = small_family.house.directory.households.add("the neighbours").id
    assert talk.says("what's on the shopping list", at_home("device_there", other)) == "The shopping list is empty."


def test_a_long_list_is_not_read_to_the_end(talk: Talk) -> None:
    for number in range(14):
        talk.say(f"add thing {chr(97 + number)}{chr(98 + number)}c to the shopping list")
    assert talk.says("what's on the shopping list").endswith(", and 2 more.")


@pytest.mark.parametrize(
    ("item", "heard", "parts"),
    [
        ("milk", "", ["milk"]),
        ("milk and eggs", "", ["milk", "eggs"]),
        ("milk eggs and bread", "Add milk, eggs and bread to the list", ["milk", "eggs", "bread"]),
        ("milk eggs and bread", "add milk, eggs, and bread to the list", ["milk", "eggs", "bread"]),
        ("salt and pepper and oil", "", ["salt and pepper", "oil"]),
        ("some milk and a few apples", "", ["milk", "apples"]),
        ("milk and milk", "", ["milk"]),
        ("mac and cheese", "", ["mac and cheese"]),
        ("sandwiches", "", ["sandwiches"]),
        ("and", "", []),
        ("", "", []),
        ("the milk", "add the milk, please", ["milk"]),
    ],
)
def test_one_breath_is_several_things(item: str, heard: str, parts: list[str]) -> None:
    assert split(item, heard) == parts


# --- the store, on both databases -----------------------------------------------------------------


@pytest.fixture
def lists(fresh_database: Database, virtual_clock: VirtualClock) -> Lists:
    sealer = MemorySealer()
    sealer.create_subject("hh_one")
    sealer.create_subject("hh_two")
    return Lists(fresh_database, sealer, virtual_clock)


def test_lines_keep_their_order_and_belong_to_one_household(lists: Lists) -> None:
    made = lists.add("hh_one", "shopping", ["c", "a", "b"])
    assert [each.text for each in lists.items("hh_one", "shopping")] == ["c", "a", "b"]
    assert lists.items("hh_two", "shopping") == []
    assert lists.remove([made[0].id], "hh_two") == 0
    assert lists.complete("hh_two", [made[0].id]) == 0
    assert lists.complete("hh_one", [made[0].id]) == 1
    assert lists.complete("hh_one", [made[0].id]) == 0
    assert lists.remove([made[1].id]) == 1
    assert [each.text for each in lists.items("hh_one", "shopping")] == ["b"]


def test_a_list_goes_with_its_lines_and_only_for_its_household(lists: Lists) -> None:
    mine = lists.create("hh_one", "packing list")
    lists.add("hh_one", mine.id, ["socks"])
    lists.delete("hh_two", mine.id)
    assert lists.items("hh_one", mine.id)
    lists.delete("hh_one", mine.id)
    lists.delete("hh_one", mine.id)
    assert lists.items("hh_one", mine.id) == []
    with pytest.raises(NotFound, match="no such list"):
        lists.add("hh_one", mine.id, ["socks"])


def test_lists_have_an_end(lists: Lists) -> None:
    lists.add("hh_one", "todo", [f"thing {number}" for number in range(MOST_ITEMS)])
    with pytest.raises(BadInput, match="full"):
        lists.add("hh_one", "todo", ["one more"])
    for number in range(MOST_LISTS - 2):
        lists.create("hh_one", f"list {number}")
    with pytest.raises(BadInput, match="too many"):
        lists.create("hh_one", "one more")


# --- what is held, and how it goes ------------------------------------------------------------------


def test_no_line_of_a_list_can_be_read_in_the_database(talk: Talk, small_family: Family) -> None:
    talk.say("create a list called marzipan")
    talk.say("add nougat to the marzipan list")
    found = [path.name for path in small_family.house.data.glob("data.db*") for word in (b"nougat", b"marzipan")
             if word in path.read_bytes()]  # fmt: skip
    assert found == []


def test_lists_and_timers_go_with_their_people(talk: Talk, small_family: Family) -> None:
    house = small_family.house
    ada, ben = small_family.ada, small_family.ben
    hers = talk.at(ada.device, subject=ada.id, person=ada.id)
    talk.say("set a timer for ten minutes", hers)
    talk.say("set a timer for one hour")
    talk.say("add milk to the shopping list", hers)
    small_family.remove(small_family.erase(ada))
    assert talk.says("list my timers", hers) == "1 hour left on the 1 hour timer."
    assert talk.says("what's on the shopping list") == "On the shopping list is 1 thing: milk."
    small_family.remove(small_family.erase(ben))
    with house.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(list_item)) == 0
        for table in ("timer", "todo_list"):
            assert tx.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0  # noqa: S608 - two fixed names


def test_an_effect_takes_the_line_off_again(talk: Talk, small_family: Family) -> None:
    house = small_family.house
    caused = talk.say("add milk to the shopping list").caused[0]
    kept = small_family.keep(small_family.ada, device=talk.here.device)
    from earwitness.vault.effects import Effect  # noqa: PLC0415 - beside its one use

    with house.database.write() as tx:
        made = house.effects.record(tx, Effect("", kept.recording, kept.subject, caused.kind, 0, caused.what,
                                               caused.undo))  # fmt: skip
    house.effects.remove(made.id, house.clock.now_ms())
    assert talk.says("what's on the shopping list") == "The shopping list is empty."


# --- the home's lists ---------------------------------------------------------------------------------


class TodoHome:
    """A home with two lists: shopping, where milk is needed and eggs are done; and chores."""

    def __init__(self) -> None:
        self.items = {"todo.shopping_list": [["milk", "needs_action"], ["eggs", "completed"]], "todo.chores": []}
        self.gone = False

    async def read(self) -> Home:
        if self.gone:
            raise HomeUnreachable
        return Home(entities=tuple(
            Entity(name, name.partition(".")[2].replace("_", " ").title(), state="0",
                   attributes={"items": [{"summary": each[0], "status": each[1]} for each in items]})
            for name, items in self.items.items()
        ))  # fmt: skip

    async def call(self, call: Call) -> None:
        items = self.items[call.entities[0]]
        match call.service:
            case "todo.add_item":
                items.append([call.data["item"], "needs_action"])
            case "todo.remove_item":
                items.remove(next(each for each in items if each[0] == call.data["item"]))
            case "todo.update_item":
                next(each for each in items if each[0] == call.data["item"])[1] = call.data["status"]

    async def close(self) -> None:
        return


def test_where_the_home_has_lists_they_are_used(talk: Talk, small_family: Family, matcher: Matcher) -> None:
    home = TodoHome()

    async def run() -> None:
        skills = open_skills(small_family.house, home)
        at = Talk.with_skills(matcher, skills, talk.clock, talk.here)
        assert (await at.hear("what lists do i have")).text == "You have the shopping list, chores list and to do list."
        reply = await at.hear("add bread and butter to the shopping list")
        assert reply.text == "I put bread and butter on the shopping list."
        assert [each[0] for each in home.items["todo.shopping_list"]] == ["milk", "eggs", "bread", "butter"]
        assert (await at.hear("what's on the shopping list")).text == (
            "On the shopping list are 3 things: milk, bread and butter."
        )
        await at.hear("check off milk on the shopping list")
        await at.hear("remove butter from the shopping list")
        await at.hear("add sweep the floor to the chores list")
        assert home.items == {
            "todo.shopping_list": [["milk", "completed"], ["eggs", "completed"], ["bread", "needs_action"]],
            "todo.chores": [["sweep the floor", "needs_action"]],
        }
        # taken back later, from what the effect itself says
        assert await take_back(home, reply.caused[0].undo) == 1
        assert [each[0] for each in home.items["todo.shopping_list"]] == ["milk", "eggs"]
        # what is the home's is not quietly put elsewhere when the home is away; the household's own still work
        home.gone = True
        assert (await at.hear("add milk to the shopping list")).ending == "failed"
        assert (await at.hear("add mend the roof to the to do list")).text == "I put mend the roof on the to do list."

    asyncio.run(run())


def test_it_says_whether_something_is_on_a_list(talk: Talk) -> None:
    talk.say("add milk and eggs to the shopping list")
    assert talk.says("is milk on the shopping list") == "Yes, milk."
    assert talk.says("do we have wine on the list") == "No, there is no wine on the shopping list."
    assert talk.says("i got the milk") == "I ticked off milk on the shopping list."
