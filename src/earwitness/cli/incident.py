"""``earwitness incident`` and ``notices``: whom something that went wrong affects, and what each is told."""

from typing import Annotated

import typer

from earwitness.bootstrap import House
from earwitness.cli.finding import find_in_household
from earwitness.cli.moments import parse_span
from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, JsonFlag, Since, Until, examples
from earwitness.cli.output import Moment, note, one_line, say, show_json, show_rows
from earwitness.cli.session import asking, opened
from earwitness.identity.people import Person
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.transparency.incidents import Affected

EXAMPLES = examples(
    'earwitness incident "A backup disk was stolen." --from 2026-11-01 --to 2026-11-20 --as Ana',
    'earwitness incident "A clip was played to a guest." --recording rec_… --as Ana',
)
COLUMNS = {"who": "who", "recordings": "recordings", "first": "first", "last": "last"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("incident", epilog=EXAMPLES)(incident)
    app.command("notices", epilog=examples("earwitness notices --as Ana"))(notices)


def incident(  # noqa: PLR0917 - options
    summary: Annotated[
        str, typer.Argument(metavar="WHAT", help="What happened, in words that those affected will read.")
    ],
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    recording: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="A recording concerned; may be given again."),
    ] = None,
    start: Since = "",
    end: Until = "",
    as_json: JsonFlag = False,
) -> None:
    """Report an incident: names those affected and prepares a notice to each."""
    if bool(recording) == bool(start or end):
        raise BadInput("Say what is concerned in one way.", next_step="Give --recording, or --from and --to.")
    with opened(data) as house:
        person = asking(house, as_person)
        span = parse_span(start, end, house.clock.now_ms()) if start or end else None
        named = [find_in_household(house, person.household, each) for each in recording or []]
        made = house.incidents.report(person.actor(), summary, recordings=named, span=span)
        rows = [_row(house, person, each) for each in made.affected]
    if as_json:
        show_json({"incident": made.id, "affected": rows, "not_kept_any_more": list(made.unknown)})
        return
    say(f"incident {made.id}")
    show_rows(rows, COLUMNS, as_json=False, wraps=("who",))
    if made.unknown:
        note(f"{len(made.unknown)} of the recordings named are not kept any more")
    note("A notice is ready for each: earwitness notices --as NAME")


def notices(data: DataFolder = DEFAULT_DATA, as_person: AsPerson = "", as_json: JsonFlag = False) -> None:
    """Read the notices of incidents that were prepared for you."""
    with opened(data) as house:
        person = asking(house, as_person)
        found = house.incidents.notices(person.id) + house.incidents.notices(person.household)
    if as_json:
        show_json(found)
        return
    for text in found:
        for line in text.split("\n"):
            say(one_line(line))
    if not found:
        note("There are none.")


def _row(house: House, person: Person, affected: Affected) -> dict[str, object]:
    return {
        "who": _name(house, person, affected),
        "subject": affected.subject,
        "recordings": len(affected.recordings),
        "ids": list(affected.recordings),
        "first": Moment(affected.first_at),
        "last": Moment(affected.last_at),
    }


def _name(house: House, person: Person, affected: Affected) -> str:
    """Name those of the reporter's own household; of others the id, for identity takes two people."""
    if affected.subject == affected.household:
        return "the household, together"
    if affected.household != person.household:
        return affected.subject
    try:
        return house.directory.people.get(affected.subject).name or affected.subject
    except NotFound:
        return affected.subject
