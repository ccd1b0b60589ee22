"""``earwitness household``: the households of this installation."""

from typing import Annotated

import typer

from earwitness.cli.options import DEFAULT_DATA, DataFolder, JsonFlag, examples
from earwitness.cli.output import Moment, show_record, show_rows
from earwitness.cli.plain import App
from earwitness.cli.session import households, opened
from earwitness.identity.households import HouseholdKind

COLUMNS = {"name": "name", "kind": "kind", "people": "people", "id": "id"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    household = App(help="Add and list households.")
    lines = ("earwitness household add Home", 'earwitness household add "The office" --workplace')
    household.command("add", epilog=examples(*lines))(add)
    household.command("list", epilog=examples("earwitness household list"))(list_households)
    app.add_typer(household, name="household")


def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    data: DataFolder = DEFAULT_DATA,
    workplace: Annotated[bool, typer.Option("--workplace", help="Nobody hears another's recordings there.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Add a household."""
    with opened(data) as house:
        made = house.directory.households.add(name, HouseholdKind.WORKPLACE if workplace else HouseholdKind.HOME)
    show_record({"household": made.id, "name": made.name, "kind": str(made.kind)}, as_json=as_json)


def list_households(data: DataFolder = DEFAULT_DATA, as_json: JsonFlag = False) -> None:
    """List the households."""
    with opened(data) as house:
        rows = [
            {
                "name": each.name,
                "kind": str(each.kind),
                "people": len(house.directory.people.list(each.id)),
                "since": Moment(each.created_at),
                "id": each.id,
            }
            for each in households(house)
        ]
    empty = "None yet. Next: earwitness household add NAME"
    show_rows(rows, COLUMNS, as_json=as_json, wraps=("name",), empty=empty)
