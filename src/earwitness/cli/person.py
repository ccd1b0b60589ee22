"""``earwitness person`` and ``household``: who lives here."""

import os
from pathlib import Path
from typing import Annotated

import pyrage
import typer

from earwitness.bootstrap import House
from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, HouseholdName, JsonFlag, examples
from earwitness.cli.output import note, say, show_record, show_rows
from earwitness.cli.session import asking, one_household, opened
from earwitness.identity.households import HouseholdKind
from earwitness.identity.people import Age, Person, Standing
from earwitness.kernel.clock import rfc3339
from earwitness.kernel.errors import BadInput
from earwitness.storage.files import write_durably

KeyFile = Annotated[
    Path | None,
    typer.Option(
        help="Make an age key for them and write its secret half here; exports can be opened with it and nothing else."
    ),
]
COLUMNS = {
    "name": "name",
    "standing": "standing",
    "age": "age",
    "household": "household",
    "key": "export key",
    "id": "id",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    person = typer.Typer(help="Add, list and change the people who live here.", no_args_is_help=True)
    person.command("add", epilog=examples("earwitness person add Ana --owner", "earwitness person add Bo --child"))(add)
    person.command("list")(list_people)
    person.command("rename")(rename)
    person.command("recipient", epilog=examples("earwitness person recipient age1… --as Ana"))(recipient)
    app.add_typer(person, name="person")
    household = typer.Typer(help="Add and list households.", no_args_is_help=True)
    household.command("add")(add_household)
    household.command("list")(list_households)
    app.add_typer(household, name="household")


def add_person(
    house: House,
    household: str,
    name: str,
    standing: Standing,
    age: Age = Age.ADULT,
    *,
    recipient: str = "",
    key_file: Path | None = None,
) -> dict[str, object]:
    """Add a person, with an age key made for them if a file for it is named; return what to show."""
    if key_file is not None:
        recipient = _make_key(key_file)
    person = house.directory.people.add(household, name, standing, age, recipient=recipient or None)
    return {"person": person.id, "name": person.name, "export_key": person.recipient}


def add(  # noqa: PLR0917 - options
    name: str,
    data: DataFolder = DEFAULT_DATA,
    owner: Annotated[bool, typer.Option("--owner", help="They manage the household.")] = False,
    child: Annotated[bool, typer.Option("--child", help="A child: nothing of theirs is kept.")] = False,
    recipient: Annotated[str, typer.Option(help="Their age public key (age1…), for exports.")] = "",
    key_file: KeyFile = None,
    household: HouseholdName = "",
    as_json: JsonFlag = False,
) -> None:
    """Add a person. They have said yes to nothing yet."""
    with opened(data) as house:
        homes = house.directory.households
        if not household and not [each for each in homes.list() if each.kind is not HouseholdKind.CANARY]:
            homes.add("Home")
        home = one_household(house, household)
        standing, age = Standing.OWNER if owner else Standing.MEMBER, Age.CHILD if child else Age.ADULT
        made = add_person(house, home.id, name, standing, age, recipient=recipient, key_file=key_file)
    show_record(made, as_json=as_json)
    if not as_json and not child:
        note("They have said yes to nothing yet: earwitness consent give assist history --as NAME")


def list_people(data: DataFolder = DEFAULT_DATA, household: HouseholdName = "", as_json: JsonFlag = False) -> None:
    """List the people who live here."""
    with opened(data) as house:
        home = house.directory.households.find(household).id if household else None
        canaries = {h.id for h in house.directory.households.list() if h.kind is HouseholdKind.CANARY}
        people = [each for each in house.directory.people.list(home) if each.household not in canaries]
    show_rows([_shown(each) for each in people], COLUMNS, as_json=as_json)
    if not people and not as_json:
        note("Nobody yet: earwitness person add NAME --owner")


def rename(new_name: str, data: DataFolder = DEFAULT_DATA, as_person: AsPerson = "") -> None:
    """Change your name."""
    with opened(data) as house:
        house.directory.people.rename(asking(house, as_person).id, new_name)
    say("renamed")


def recipient(
    key: Annotated[str, typer.Argument(help="An age public key: age1…")],
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
) -> None:
    """Enrol the age public key to which your exports are encrypted."""
    with opened(data) as house:
        house.directory.people.set_recipient(asking(house, as_person).id, key)
    say("enrolled; exports made from now on open with its secret half and nothing else")


def add_household(
    name: str,
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
        found = house.directory.households.list()
    rows = [{"name": each.name, "kind": str(each.kind), "id": each.id} for each in found]
    show_rows(rows, {"name": "name", "kind": "kind", "id": "id"}, as_json=as_json)


def _make_key(path: Path) -> str:
    if path.exists():
        raise BadInput(f"{path} is there already.", next_step="Name a new file; a key is never overwritten.")
    identity = pyrage.x25519.Identity.generate()
    write_durably(path, f"# keep this: nobody else has it\n{identity}\n".encode(), 0o600)
    os.chmod(path, 0o600)  # noqa: PTH101 - also under a lax umask
    return str(identity.to_public())


def _shown(person: Person) -> dict[str, object]:
    return {
        "name": person.name,
        "standing": str(person.standing),
        "age": str(person.age),
        "household": person.household,
        "key": "yes" if person.recipient else "none",
        "since": rfc3339(person.created_at),
        "id": person.id,
    }
