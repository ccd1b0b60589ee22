"""``earwitness consent``: what you said yes to, and how long things are kept."""

from typing import Annotated

import typer

from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, JsonFlag, Yes, examples
from earwitness.cli.output import note, say, show_rows
from earwitness.cli.session import asking, opened
from earwitness.kernel.clock import rfc3339
from earwitness.kernel.errors import BadInput
from earwitness.policy.purposes import Purpose
from earwitness.policy.retention import RetentionChoice

Purposes = Annotated[list[Purpose], typer.Argument(help="assist, history, review, training, support, legal")]
Toward = Annotated[str, typer.Option(help="Open your history to this adult of your household, by name.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    consent = typer.Typer(help="Say yes or no, by purpose; choose how long things are kept.", no_args_is_help=True)
    consent.command(
        "give",
        epilog=examples(
            "earwitness consent give assist history --as Ana", "earwitness consent give history --toward Bo --as Ana"
        ),
    )(give)
    consent.command("withdraw")(withdraw)
    consent.command("keep", epilog=examples("earwitness consent keep day --as Ana"))(keep)
    consent.command("show")(show)
    app.add_typer(consent, name="consent")


def give(
    purposes: Purposes,
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    child: Annotated[str, typer.Option(help="Answer for this child (assist and history only).")] = "",
    toward: Toward = "",
) -> None:
    """Say yes to one or more purposes. Takes effect at once."""
    _answer(purposes, data, as_person, child, toward, given=True)


def withdraw(
    purposes: Purposes,
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    child: Annotated[str, typer.Option(help="Answer for this child.")] = "",
    toward: Toward = "",
) -> None:
    """Take a yes back. Takes effect on the next read, and a restored backup does not undo it."""
    _answer(purposes, data, as_person, child, toward, given=False)


def keep(
    choice: Annotated[RetentionChoice, typer.Argument(help="How long recordings are kept.")],
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    yes: Yes = False,
) -> None:
    """Choose how long your recordings are kept; what is kept already is re-dated."""
    with opened(data) as house:
        person = asking(house, as_person)
        with house.database.read() as tx:
            before = house.choices.current(tx, person.id).choice
        shorter = choice.lifetime_ms < before.lifetime_ms
        if shorter and not yes:
            typer.confirm(
                f"Recordings older than {choice.in_words} will be removed for good. Go on?", abort=True, err=True
            )
        changed = house.retention.choose(person.actor(), person.id, choice)
        removed = house.retention.sweep(household=person.household).expired if shorter else 0
    say(f"kept for: {choice.in_words}; {changed} recording(s) re-dated, {removed} removed")


def show(data: DataFolder = DEFAULT_DATA, as_person: AsPerson = "", as_json: JsonFlag = False) -> None:
    """Show every answer you gave, and how long things are kept."""
    with opened(data) as house:
        person = asking(house, as_person)
        with house.database.read() as tx:
            history = house.consents.history(tx, person.id)
            chosen = house.choices.current(tx, person.id).choice
    rows = [
        {
            "purpose": str(each.purpose),
            "toward": each.toward or "",
            "answer": "yes" if each.given else "no",
            "at": rfc3339(each.at),
            "stands": each.ended_at is None,
        }
        for each in history
    ]
    columns = {"purpose": "purpose", "toward": "toward", "answer": "answer", "at": "at", "stands": "stands"}
    show_rows(rows, columns, as_json=as_json)
    if not as_json:
        note(f"kept for: {chosen.in_words}")


def _answer(purposes: list[Purpose], data: DataFolder, as_person: str, child: str, toward: str, *, given: bool) -> None:
    if not purposes:
        raise BadInput("Name at least one purpose.", next_step=f"One of: {', '.join(Purpose)}.")
    with opened(data) as house:
        person = asking(house, as_person)
        subject = house.directory.people.find(child, person.household) if child else person
        hearer = house.directory.people.find(toward, person.household).id if toward else None
        answer = house.consents.record if given else house.consents.withdraw
        with house.database.write() as tx:
            for purpose in purposes:
                answer(tx, person.actor(), subject.id, purpose, hearer)
    say(f"{'yes' if given else 'no'} to {', '.join(purposes)}")
