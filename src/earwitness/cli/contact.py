"""``earwitness contact``: whom you may write to, and the ways to say their names."""

from typing import Annotated

import typer

from earwitness.cli.finding import expand
from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, JsonFlag, Said, examples
from earwitness.cli.output import show_record, show_rows
from earwitness.cli.plain import App
from earwitness.cli.session import asking, opened
from earwitness.identity.contacts import Contact

COLUMNS = {"name": "name", "said": "also said", "address": "address", "id": "id"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    contact = App(help="Your contacts, and the ways to say their names.")
    lines = ('earwitness contact add "Doctor Who" --said "the doctor" --address doctor@example.org',)
    contact.command("add", epilog=examples(*lines))(add)
    contact.command("list", epilog=examples("earwitness contact list --as Ana"))(list_contacts)
    contact.command("remove", epilog=examples('earwitness contact remove "Doctor Who"'))(remove)
    app.add_typer(contact, name="contact")


def add(  # noqa: PLR0917 - options
    name: Annotated[str, typer.Argument(metavar="NAME", help="What they are called.")],
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    said: Said = None,
    address: Annotated[str, typer.Option(metavar="ADDRESS", help="Where messages to them go.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Add a contact of yours."""
    with opened(data) as house:
        made = house.directory.contacts.add(asking(house, as_person).id, name, said or [], address)
    show_record(_shown(made), as_json=as_json)


def list_contacts(data: DataFolder = DEFAULT_DATA, as_person: AsPerson = "", as_json: JsonFlag = False) -> None:
    """List your contacts."""
    with opened(data) as house:
        found = house.directory.contacts.list(asking(house, as_person).id)
    rows = sorted((_shown(each) for each in found), key=lambda row: str(row["name"]))
    empty = "None yet. Next: earwitness contact add NAME"
    show_rows(rows, COLUMNS, as_json=as_json, wraps=("name", "said", "address"), empty=empty)


def remove(
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="The contact's name or id.")],
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    as_json: JsonFlag = False,
) -> None:
    """Remove a contact of yours."""
    with opened(data) as house:
        contacts, person = house.directory.contacts, asking(house, as_person).id
        found = contacts.find(person, expand(contact, "contact", (each.id for each in contacts.list(person))))
        contacts.remove(found.id)
    show_record({"removed": found.name, "id": found.id}, as_json=as_json)


def _shown(contact: Contact) -> dict[str, object]:
    return {"name": contact.name, "said": list(contact.variants), "address": contact.address or None, "id": contact.id}
