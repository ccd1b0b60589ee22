"""``earwitness approval``: what takes two members of staff. One asks, another approves.

Nothing is opened here: whether an approval lets somebody open anything is decided by the policies when
they ask, on the web, signed in with a second factor.
"""

from typing import Annotated

import typer

from earwitness.bootstrap import House
from earwitness.cli.finding import expand
from earwitness.cli.options import DEFAULT_DATA, AsStaff, DataFolder, JsonFlag, examples
from earwitness.cli.output import Moment, note, show_record, show_rows
from earwitness.cli.plain import App
from earwitness.cli.session import opened
from earwitness.cli.staff import find_staff
from earwitness.kernel.actors import Actor
from earwitness.policy.actions import Action
from earwitness.policy.approvals import Approval
from earwitness.policy.purposes import Purpose

COLUMNS = {
    "action": "action",
    "resource": "of",
    "purpose": "purpose",
    "requested_by": "asked by",
    "expires": "until",
    "id": "id",
}
SecondFactor = Annotated[
    bool,
    typer.Option(
        "--second-factor-given",
        help="Say that you gave your second factor just now. The command line takes your word; the web asks for it.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    approval = App(help="What takes two members of staff: request, approve, list.")
    line = "earwitness approval request person_… --purpose support --as staff_… --second-factor-given"
    approval.command("request", epilog=examples(line))(request)
    line = "earwitness approval approve approval_… --as staff_… --second-factor-given"
    approval.command("approve", epilog=examples(line))(approve)
    approval.command("list", epilog=examples("earwitness approval list"))(list_approvals)
    app.add_typer(approval, name="approval")


def request(  # noqa: PLR0917 - options
    resource: Annotated[str, typer.Argument(metavar="ID", help="Whom or what it is about: a person's or other id.")],
    purpose: Annotated[Purpose, typer.Option(metavar="PURPOSE", help="support or legal.")],
    as_staff: AsStaff,
    action: Annotated[
        Action, typer.Option(metavar="ACTION", help="What is to be done, as the policies call it.")
    ] = Action.PERSON_IDENTIFY,
    second_factor: SecondFactor = False,
    data: DataFolder = DEFAULT_DATA,
    as_json: JsonFlag = False,
) -> None:
    """Ask for another's yes; the request waits for three days."""
    with opened(data) as house:
        made = house.approvals.request(_actor(house, as_staff, second_factor), action, resource, purpose)
    show_record(_shown(made), as_json=as_json)
    if not as_json:
        note("Another member of staff approves it: earwitness approval approve ID --as STAFF")


def approve(
    approval: Annotated[str, typer.Argument(metavar="APPROVAL", help="The request's id.")],
    as_staff: AsStaff,
    second_factor: SecondFactor = False,
    data: DataFolder = DEFAULT_DATA,
    as_json: JsonFlag = False,
) -> None:
    """Give the second yes, as an operator or auditor who did not ask; it lasts eight hours."""
    with opened(data) as house:
        name = expand(approval, "approval", (each.id for each in house.approvals.pending()))
        made = house.approvals.approve(_actor(house, as_staff, second_factor), name)
    show_record(_shown(made), as_json=as_json)


def list_approvals(data: DataFolder = DEFAULT_DATA, as_json: JsonFlag = False) -> None:
    """List the requests that wait for a second yes."""
    with opened(data) as house:
        found = house.approvals.pending()
    show_rows([_shown(each) for each in found], COLUMNS, as_json=as_json, wraps=("action",), empty="None is waiting.")


def _actor(house: House, staff: str, second_factor: bool) -> Actor:
    return find_staff(house, staff).actor(house.clock.now_ms() if second_factor else None)


def _shown(made: Approval) -> dict[str, object]:
    return {
        "id": made.id,
        "action": str(made.action),
        "resource": made.resource,
        "purpose": str(made.purpose),
        "requested_by": made.requested_by,
        "requested": Moment(made.requested_at),
        "approved_by": made.approved_by,
        "approved": Moment(made.approved_at) if made.approved_at is not None else None,
        "expires": Moment(made.expires_at),
    }
