"""``earwitness account``: who may sign in to the pages, and as whom."""

from typing import Annotated

import typer

from earwitness.bootstrap import House
from earwitness.cli.finding import find_person
from earwitness.cli.options import DEFAULT_DATA, DataFolder, JsonFlag, Yes, examples
from earwitness.cli.output import Moment, note, show_record, show_rows
from earwitness.cli.plain import App
from earwitness.cli.questions import confirm
from earwitness.cli.session import opened
from earwitness.cli.staff import find_staff
from earwitness.kernel.errors import NotFound
from earwitness.web.hub_lock import running_at
from earwitness.web.sign_in.accounts import LINK_LIFETIME_MS, Account

COLUMNS = {"name": "signs in as", "of": "of", "password": "password", "factor": "second factor", "at": "since"}
Who = Annotated[str, typer.Argument(metavar="NAME", help="A person's name or id, or the id of a member of staff.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    account = App(help="Who may sign in to the pages: add, list, reset, remove.")
    lines = ("earwitness account add Ana", "earwitness account add staff_… --sign-in r2")
    account.command("add", epilog=examples(*lines))(add)
    account.command("list", epilog=examples("earwitness account list"))(list_accounts)
    lines = ("earwitness account reset Ana", "earwitness account reset Ana --factors")
    account.command("reset", epilog=examples(*lines))(reset)
    account.command("remove", epilog=examples("earwitness account remove Ana"))(remove)
    app.add_typer(account, name="account")


def add(
    who: Who,
    data: DataFolder = DEFAULT_DATA,
    sign_in: Annotated[
        str,
        typer.Option("--sign-in", metavar="NAME", help="What they type to sign in; their name, or id, if left out."),
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Let a person, or a member of staff, sign in to the pages.

    Prints a link that sets the password, once. Hand it to them and to nobody else.
    """
    with opened(data) as house:
        if who.startswith("staff_"):
            member = find_staff(house, who)
            made, link = house.accounts.add(sign_in or member.id, staff_id=member.id)
        else:
            person = find_person(house, who)
            made, link = house.accounts.add(sign_in or person.name or person.id, person_id=person.id)
        ends = house.clock.now_ms() + LINK_LIFETIME_MS
        _tell(house, made, link, ends, as_json=as_json)


def list_accounts(data: DataFolder = DEFAULT_DATA, as_json: JsonFlag = False) -> None:
    """List who may sign in, and with what."""
    with opened(data) as house:
        rows = [_shown(house, each) for each in house.accounts.list()]
    show_rows(
        rows, COLUMNS, as_json=as_json, wraps=("name", "of"), empty="Nobody yet. Next: earwitness account add NAME"
    )


def reset(
    who: Who,
    data: DataFolder = DEFAULT_DATA,
    factors: Annotated[
        bool, typer.Option("--factors", help="Take passkeys and one-time codes off too: they were lost.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Take a password back, end every session, and print a new link that sets a password."""
    with opened(data) as house:
        found = _find(house, who)
        link = house.accounts.reset(found.id, factors=factors)
        _tell(house, found, link, house.clock.now_ms() + LINK_LIFETIME_MS, as_json=as_json)


def remove(who: Who, data: DataFolder = DEFAULT_DATA, yes: Yes = False, as_json: JsonFlag = False) -> None:
    """Remove an account. What is kept of its person stays; erase is another command."""
    with opened(data) as house:
        found = _find(house, who)
        confirm("Remove this account with its passkeys and sessions?", yes=yes)
        house.accounts.remove(found.id)
    show_record({"removed": found.name, "id": found.id}, as_json=as_json)


def _find(house: House, who: str) -> Account:
    if who.startswith("staff_"):
        return house.accounts.of(staff_id=find_staff(house, who).id)
    by_name = house.accounts.by_name(who)
    if by_name is not None:
        return by_name
    try:
        return house.accounts.of(person_id=find_person(house, who).id)
    except NotFound as error:
        raise NotFound(error.what, next_step="earwitness account list shows those there are.") from error


def _tell(house: House, account: Account, link: str, ends: int, *, as_json: bool) -> None:
    base = running_at(house.data) or f"http://localhost:{house.settings.port}"
    shown = {"signs_in_as": account.name, "link": f"{base}/welcome/{link}", "link_ends": Moment(ends)}
    show_record(({"id": account.id} if as_json else {}) | shown, as_json=as_json)
    if not as_json:
        note("The link works once. Whoever has it sets the password: hand it to them and to nobody else.")


def _shown(house: House, account: Account) -> dict[str, object]:
    factors = house.accounts.factors(account.id)
    kinds = [*(["codes"] if factors.codes else []), *([f"{factors.passkeys} passkey(s)"] if factors.passkeys else [])]
    of = house.directory.people.get(account.person).name if account.person else account.staff
    return {
        "name": account.name,
        "of": of,
        "person": account.person,
        "staff": account.staff,
        "password": account.password is not None,
        "factor": " and ".join(kinds) or "none",
        "at": Moment(account.created_at, day=True),
        "id": account.id,
    }
