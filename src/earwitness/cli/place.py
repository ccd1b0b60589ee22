"""``earwitness place``: what a household calls its places, and the ways to say them."""

from typing import Annotated

import typer

from earwitness.cli.finding import expand
from earwitness.cli.options import DEFAULT_DATA, DataFolder, HouseholdName, JsonFlag, Said, examples
from earwitness.cli.output import show_record, show_rows
from earwitness.cli.plain import App
from earwitness.cli.session import one_household, opened
from earwitness.identity.places import Place

COLUMNS = {"name": "name", "said": "also said", "id": "id"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    place = App(help="What the household calls its places.")
    place.command("add", epilog=examples('earwitness place add Garden --said "the yard"'))(add)
    place.command("list", epilog=examples("earwitness place list"))(list_places)
    place.command("remove", epilog=examples("earwitness place remove Garden"))(remove)
    app.add_typer(place, name="place")


def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    data: DataFolder = DEFAULT_DATA,
    household: HouseholdName = "",
    said: Said = None,
    as_json: JsonFlag = False,
) -> None:
    """Add a place of the household."""
    with opened(data) as house:
        made = house.directory.places.add(one_household(house, household).id, name, said or [])
    show_record(_shown(made), as_json=as_json)


def list_places(data: DataFolder = DEFAULT_DATA, household: HouseholdName = "", as_json: JsonFlag = False) -> None:
    """List the places of the household."""
    with opened(data) as house:
        found = house.directory.places.list(one_household(house, household).id)
    rows = sorted((_shown(each) for each in found), key=lambda row: str(row["name"]))
    show_rows(rows, COLUMNS, as_json=as_json, wraps=("name", "said"), empty="None yet. Next: earwitness place add NAME")


def remove(
    place: Annotated[str, typer.Argument(metavar="PLACE", help="The place's name or id.")],
    data: DataFolder = DEFAULT_DATA,
    household: HouseholdName = "",
    as_json: JsonFlag = False,
) -> None:
    """Remove a place of the household."""
    with opened(data) as house:
        places, home = house.directory.places, one_household(house, household).id
        found = places.find(home, expand(place, "place", (each.id for each in places.list(home))))
        places.remove(found.id)
    show_record({"removed": found.name, "id": found.id}, as_json=as_json)


def _shown(place: Place) -> dict[str, object]:
    return {"name": place.name, "said": list(place.variants), "id": place.id}
