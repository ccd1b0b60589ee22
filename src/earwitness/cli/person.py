"""``earwitness person``: who lives here."""

import os
from pathlib import Path
from shlex import quote
from typing import Annotated

import pyrage
import typer

from earwitness.bootstrap import House
from earwitness.cli.finding import find_person
from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, HouseholdName, JsonFlag, examples
from earwitness.cli.output import Moment, note, show_record, show_rows
from earwitness.cli.plain import App
from earwitness.cli.session import asking, households, one_household, opened
from earwitness.identity.names import clean_name
from earwitness.identity.people import Age, Person, Standing, valid_recipient
from earwitness.kernel.errors import BadInput
from earwitness.storage.files import write_durably

KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        metavar="FILE",
        help="Make an age key for them and write its secret half here; exports can be opened with it and nothing else.",
    ),
]
COLUMNS = {
    "name": "name",
    "standing": "standing",
    "age": "age",
    "household_name": "household",
    "key": "export key",
    "id": "id",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    person = App(help="Add, list, show and rename the people who live here.")
    lines = ("earwitness person add Ana --owner --key-file ana.agekey", "earwitness person add Bo --child")
    person.command("add", epilog=examples(*lines))(add)
    person.command("list", epilog=examples("earwitness person list"))(list_people)
    person.command("show", epilog=examples("earwitness person show --as Ana", "earwitness person show Bo"))(show)
    person.command("rename", epilog=examples("earwitness person rename Anna --as Ana"))(rename)
    person.command("recipient", epilog=examples("earwitness person recipient age1… --as Ana"))(recipient)
    app.add_typer(person, name="person")


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
    try:
        person = house.directory.people.add(household, name, standing, age, recipient=recipient or None)
    except BaseException:
        if key_file is not None:
            key_file.unlink(missing_ok=True)  # the key of nobody
        raise
    return {"person": person.id, "name": person.name, "export_key": person.recipient}


def add(  # noqa: PLR0917 - options
    name: Annotated[str, typer.Argument(metavar="NAME", help="What they are called.")],
    data: DataFolder = DEFAULT_DATA,
    owner: Annotated[bool, typer.Option("--owner", help="They manage the household.")] = False,
    child: Annotated[bool, typer.Option("--child", help="A child: nothing of theirs is kept.")] = False,
    recipient: Annotated[str, typer.Option(metavar="AGE1…", help="Their age public key (age1…), for exports.")] = "",
    key_file: KeyFile = None,
    household: HouseholdName = "",
    as_json: JsonFlag = False,
) -> None:
    """Add a person.

    They have said yes to nothing yet. The first person's household is made with them.
    """
    if recipient and key_file:
        raise BadInput("--recipient and --key-file name two keys.", next_step="Give one of them.")
    if owner and child:
        raise BadInput("A child cannot be an owner.", next_step="Leave one of --owner and --child out.")
    clean_name(name)  # a bad name makes no household
    if recipient:
        recipient = valid_recipient(recipient)
    if key_file:
        require_free(key_file)
    with opened(data) as house:
        if not household and not households(house):
            household = house.directory.households.add("Home").id
        home = one_household(house, household)
        standing, age = Standing.OWNER if owner else Standing.MEMBER, Age.CHILD if child else Age.ADULT
        made = add_person(house, home.id, name, standing, age, recipient=recipient, key_file=key_file)
    show_record(made, as_json=as_json)
    if not as_json and not child:
        called = quote(str(made["name"]))
        note(f"They have said yes to nothing yet: earwitness consent give assist history --as {called}")


def list_people(data: DataFolder = DEFAULT_DATA, household: HouseholdName = "", as_json: JsonFlag = False) -> None:
    """List the people who live here."""
    with opened(data) as house:
        homes = {each.id: each.name for each in households(house)}
        only = one_household(house, household).id if household else None
        people = [each for each in house.directory.people.list(only) if each.household in homes]
    rows = [_shown(each, homes[each.household]) for each in people]
    show_rows(
        rows,
        COLUMNS,
        as_json=as_json,
        wraps=("name", "household_name"),
        empty="Nobody yet. Next: earwitness person add NAME --owner",
    )


def show(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Who: a name or an id; you if left out.")] = "",
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    as_json: JsonFlag = False,
) -> None:
    """Show one person: standing, household, export key, devices; of yourself also what you said yes to."""
    with opened(data) as house:
        asks = None if person and not as_person else asking(house, as_person)
        found = find_person(house, person) if person else asks
        assert found is not None  # noqa: S101 - nobody named is whoever asks
        shown = _shown(found, house.directory.households.get(found.household).name) | {
            "export_key": found.recipient,
            "devices": [
                each.label for each in house.directory.devices.list(found.household) if each.person == found.id
            ],
        }
        if asks is not None and asks.id == found.id:
            shown |= _own(house, found)
    shown.pop("key")
    show_record(shown, as_json=as_json)


def rename(
    new_name: Annotated[str, typer.Argument(metavar="NAME", help="Your new name.")],
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    as_json: JsonFlag = False,
) -> None:
    """Change your name."""
    with opened(data) as house:
        changed = house.directory.people.rename(asking(house, as_person).id, new_name)
    show_record({"person": changed.id, "name": changed.name}, as_json=as_json)


def recipient(
    key: Annotated[str, typer.Argument(metavar="AGE1…", help="An age public key: age1…")],
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    as_json: JsonFlag = False,
) -> None:
    """Enrol the age public key to which your exports are encrypted."""
    with opened(data) as house:
        changed = house.directory.people.set_recipient(asking(house, as_person).id, key)
    show_record({"person": changed.id, "export_key": changed.recipient}, as_json=as_json)
    if not as_json:
        note("Exports made from now on open with its secret half and nothing else.")


def require_free(path: Path) -> None:
    """Refuse to write a key over a file, or where there is no folder.

    Raises:
        BadInput: either is so.
    """
    if path.exists():
        raise BadInput(f"{path} is there already.", next_step="Name a new file; a key is never overwritten.")
    if not path.parent.is_dir():
        raise BadInput(f"{path.parent} is no folder.", next_step="Make it first, or name another file.")


def _make_key(path: Path) -> str:
    require_free(path)
    identity = pyrage.x25519.Identity.generate()
    write_durably(path, f"# keep this: nobody else has it\n{identity}\n".encode(), 0o600)
    os.chmod(path, 0o600)  # noqa: PTH101 - also under a lax umask
    return str(identity.to_public())


def _own(house: House, person: Person) -> dict[str, object]:
    with house.database.read() as tx:
        answers = sorted(str(each.purpose) for each in house.consents.current(tx, person.id) if each.toward is None)
        chosen = house.choices.current(tx, person.id).choice
    return {"yes_to": answers, "kept_for": chosen.in_words}


def _shown(person: Person, household: str | None) -> dict[str, object]:
    return {
        "id": person.id,
        "name": person.name,
        "standing": str(person.standing),
        "age": str(person.age),
        "household": person.household,
        "household_name": household,
        "key": "yes" if person.recipient else "none",
        "since": Moment(person.created_at),
    }
