"""``earwitness consent``: what you said yes to, and how long things are kept."""

from typing import Annotated

import typer

from earwitness.cli.finding import find_person
from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, JsonFlag, Yes, examples
from earwitness.cli.output import Moment, note, show_json, show_record, show_rows
from earwitness.cli.plain import App
from earwitness.cli.questions import confirm
from earwitness.cli.session import asking, opened
from earwitness.policy.purposes import Purpose
from earwitness.policy.retention import RetentionChoice
from earwitness.transparency.naming import Names

COLUMNS = {"purpose": "purpose", "toward_name": "toward", "answer": "answer", "at": "when", "stands": "stands"}
CHOICES = ", ".join(RetentionChoice)
Purposes = Annotated[list[Purpose], typer.Argument(metavar="PURPOSE", help=", ".join(Purpose) + ".")]
Toward = Annotated[
    str, typer.Option(metavar="NAME", help="With history: open yours to this adult of your household, by name.")
]
Child = Annotated[str, typer.Option(metavar="NAME", help="Answer for this child (assist and history only).")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    consent = App(help="Say yes or no, by purpose; choose how long things are kept.")
    lines = (
        "earwitness consent give assist history --as Ana",
        "earwitness consent give history --toward Bo --as Ana",
    )
    consent.command("give", epilog=examples(*lines))(give)
    consent.command("withdraw", epilog=examples("earwitness consent withdraw review --as Ana"))(withdraw)
    consent.command("keep", epilog=examples("earwitness consent keep day --as Ana"))(keep)
    consent.command("show", epilog=examples("earwitness consent show --as Ana"))(show)
    app.add_typer(consent, name="consent")


def give(  # noqa: PLR0917 - options
    purposes: Purposes,
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    child: Child = "",
    toward: Toward = "",
    as_json: JsonFlag = False,
) -> None:
    """Say yes to one or more purposes.

    Takes effect at once. Nothing is kept without a yes to assist and history.
    """
    _answer(purposes, data, as_person, child, toward, given=True, as_json=as_json)


def withdraw(  # noqa: PLR0917 - options
    purposes: Purposes,
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    child: Child = "",
    toward: Toward = "",
    as_json: JsonFlag = False,
) -> None:
    """Take a yes back.

    Takes effect on the next read, and a restored backup does not undo it.
    """
    _answer(purposes, data, as_person, child, toward, given=False, as_json=as_json)


def keep(
    choice: Annotated[RetentionChoice, typer.Argument(metavar="HOW-LONG", help=f"{CHOICES}.")],
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    yes: Yes = False,
    as_json: JsonFlag = False,
) -> None:
    """Choose how long your recordings are kept.

    What is kept already is re-dated; what is older than the choice is removed.
    """
    with opened(data) as house:
        person = asking(house, as_person)
        with house.database.read() as tx:
            before = house.choices.current(tx, person.id).choice
        shorter = choice.lifetime_ms < before.lifetime_ms
        if shorter:
            confirm(f"{_going(choice)} will be removed for good. Go on?", yes=yes)
        changed = house.retention.choose(person.actor(), person.id, choice)
        removed = house.retention.sweep(household=person.household).expired if shorter else 0
    shown: dict[str, object] = {"kept_for": choice.in_words, "re-dated": changed, "removed": removed}
    show_record(({"choice": str(choice)} if as_json else {}) | shown, as_json=as_json)


def show(data: DataFolder = DEFAULT_DATA, as_person: AsPerson = "", as_json: JsonFlag = False) -> None:
    """Show every answer you gave, and how long things are kept."""
    with opened(data) as house:
        person = asking(house, as_person)
        names = Names(house.directory, person)
        with house.database.read() as tx:
            history = house.consents.history(tx, person.id)
            chosen = house.choices.current(tx, person.id).choice
    rows = [
        {
            "purpose": str(each.purpose),
            "toward": each.toward,
            "toward_name": names.of(each.toward) if each.toward else "",
            "answer": "yes" if each.given else "no",
            "at": Moment(each.at),
            "stands": each.ended_at is None,
        }
        for each in history
    ]
    if as_json:
        show_json({"answers": rows, "choice": str(chosen), "kept_for": chosen.in_words})
        return
    show_rows(rows, COLUMNS, as_json=False, wraps=("toward_name",), empty="You have said yes to nothing.")
    note(f"kept for: {chosen.in_words}")


def _going(choice: RetentionChoice) -> str:
    return "All your recordings" if choice is RetentionChoice.NOTHING else f"Recordings older than {choice.in_words}"


def _answer(
    purposes: list[Purpose], data: DataFolder, as_person: str, child: str, toward: str, *, given: bool, as_json: bool
) -> None:
    with opened(data) as house:
        person = asking(house, as_person)
        subject = find_person(house, child, person.household) if child else person
        hearer = find_person(house, toward, person.household).id if toward else None
        answer = house.consents.record if given else house.consents.withdraw
        with house.database.write() as tx:
            for purpose in purposes:
                answer(tx, person.actor(), subject.id, purpose, hearer)
    shown: dict[str, object] = {"yes_to" if given else "no_to": [str(each) for each in purposes]}
    if as_json:
        shown |= {"person": subject.id, "toward": hearer}
    show_record(shown, as_json=as_json)
