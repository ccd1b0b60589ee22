"""``earwitness staff``: reviewers, operators and auditors. They are ids; names of staff are kept nowhere."""

from enum import StrEnum
from typing import Annotated

import typer

from earwitness.bootstrap import House
from earwitness.cli.finding import expand
from earwitness.cli.options import DEFAULT_DATA, AsStaff, DataFolder, JsonFlag, examples
from earwitness.cli.output import Moment, note, show_record, show_rows
from earwitness.cli.plain import App
from earwitness.cli.session import opened
from earwitness.identity.staff import StaffMember
from earwitness.kernel.actors import Role

COLUMNS = {
    "role": "role",
    "employer": "employer",
    "country": "country",
    "state": "state",
    "certified_until": "until",
    "id": "id",
}
StaffId = Annotated[str, typer.Argument(metavar="STAFF", help="Their id.")]


class StaffRole(StrEnum):
    """What staff can be."""

    REVIEWER = "reviewer"
    OPERATOR = "operator"
    AUDITOR = "auditor"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    staff = App(help="Reviewers, operators and auditors: add, certify, suspend.")
    staff.command("add", epilog=examples("earwitness staff add reviewer --employer contractor --country DE"))(add)
    staff.command("list", epilog=examples("earwitness staff list"))(list_staff)
    staff.command("suspend", epilog=examples("earwitness staff suspend staff_…"))(suspend)
    staff.command("certify", epilog=examples("earwitness staff certify staff_… --as staff_…"))(certify)
    app.add_typer(staff, name="staff")


def find_staff(house: House, text: str) -> StaffMember:
    """Find a member of staff by id or short id.

    Raises:
        NotFound: there is none.
        BadInput: several ids begin like that.
    """
    staff = house.directory.staff
    return staff.get(expand(text, "staff", (each.id for each in staff.list())))


def add(
    role: Annotated[StaffRole, typer.Argument(metavar="ROLE", help="reviewer, operator or auditor.")],
    employer: Annotated[
        str,
        typer.Option(metavar="KIND", help="What kind of employer, as people are shown it (contractor); never a name."),
    ],
    country: Annotated[str, typer.Option(metavar="XX", help="Two letters, e.g. DE.")],
    data: DataFolder = DEFAULT_DATA,
    as_json: JsonFlag = False,
) -> None:
    """Add a member of staff, certified for a quarter.

    They open nothing with this alone: that takes sign-in with a second factor, a purpose and a grant.
    """
    with opened(data) as house:
        made = house.directory.staff.register(Role(str(role)), employer, country)
        now = house.clock.now_ms()
    show_record(_shown(made, now), as_json=as_json)


def list_staff(data: DataFolder = DEFAULT_DATA, as_json: JsonFlag = False) -> None:
    """List all staff, also the suspended and those whose right has lapsed."""
    with opened(data) as house:
        found, now = house.directory.staff.list(), house.clock.now_ms()
    rows = [_shown(each, now) for each in found]
    show_rows(rows, COLUMNS, as_json=as_json, wraps=("employer",), empty="There is no staff.")


def suspend(staff: StaffId, data: DataFolder = DEFAULT_DATA, as_json: JsonFlag = False) -> None:
    """Suspend a member of staff.

    Takes effect on the next read of anything. Anybody may, for this is the safe direction.
    """
    with opened(data) as house:
        changed = house.directory.staff.suspend(find_staff(house, staff).id)
        now = house.clock.now_ms()
    show_record(_shown(changed, now), as_json=as_json)


def certify(staff: StaffId, as_staff: AsStaff, data: DataFolder = DEFAULT_DATA, as_json: JsonFlag = False) -> None:
    """Certify, as an operator, that somebody's right is still needed: for another quarter."""
    with opened(data) as house:
        by = find_staff(house, as_staff)
        changed = house.directory.staff.certify(by.actor(None), find_staff(house, staff).id)
        now = house.clock.now_ms()
    show_record(_shown(changed, now), as_json=as_json)
    if not as_json:
        note("A right that is not used for 30 days lapses before that.")


def _shown(member: StaffMember, now: int) -> dict[str, object]:
    state = "active" if member.is_active(now) else "suspended" if member.suspended_at is not None else "lapsed"
    return {
        "id": member.id,
        "role": str(member.role),
        "employer": member.employer,
        "country": member.country,
        "state": state,
        "certified_until": Moment(member.certified_until, day=True),
        "last_used": Moment(member.last_used_at) if member.last_used_at is not None else None,
    }
