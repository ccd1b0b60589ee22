"""``earwitness review``: draw clips, verify a draw, figures, what waits, and each person's listening budget."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import func, select

from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, JsonFlag, examples
from earwitness.cli.output import Moment, note, say, show_json, show_record, show_rows
from earwitness.cli.plain import App
from earwitness.cli.session import asking, one_household, opened
from earwitness.cli.verify import read_key
from earwitness.kernel.errors import BadInput
from earwitness.review.draws import Draw
from earwitness.review.figures import Estimate, Figures
from earwitness.review.plot import plot
from earwitness.review.statement import LARGEST, verify_statement
from earwitness.storage.files import write_durably
from earwitness.storage.schema.review import review_clip, review_escalation

COLUMNS = {"id": "draw", "at": "when", "size": "frame", "expected": "wanted", "chosen": "drawn", "witnessed": "witness"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    review = App(help="Draw clips for review, verify a draw, figures, what waits, listening budgets.")
    review.command(
        "draw", epilog=examples("earwitness review draw 200", "earwitness review draw 50 --without-witness")
    )(draw)
    review.command("list", epilog=examples("earwitness review list"))(list_draws)
    review.command("statement", epilog=examples("earwitness review statement --to draw.json"))(statement)
    review.command("verify", epilog=examples("earwitness review verify draw.json --log KEY --witness KEY"))(verify)
    review.command("clips", epilog=examples("earwitness review clips"))(clips)
    review.command(
        "figures", epilog=examples("earwitness review figures --json", "earwitness review figures --svg f.svg")
    )(figures)
    review.command(
        "budget", epilog=examples("earwitness review budget --as Ana", "earwitness review budget 3 --as Ana")
    )(budget)
    review.command("notices", epilog=examples("earwitness review notices --as Ana"))(notices)
    app.add_typer(review, name="review")


def draw(
    clips: Annotated[int, typer.Argument(metavar="CLIPS", help="About how many.")],
    data: DataFolder = DEFAULT_DATA,
    without_witness: Annotated[
        bool, typer.Option("--without-witness", help="Draw although nobody else can tell that it was by chance.")
    ] = False,
    household: Annotated[str, typer.Option(metavar="NAME", help="Of this household alone.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Draw about so many clips from what may be reviewed now; each person's log says what of theirs was drawn."""
    with opened(data) as house:
        of = one_household(house, household).id if household else ""
        made = house.review.draws.run(clips, household=of, without_witness=without_witness)
    show_record(_shown(made), as_json=as_json)
    if not as_json:
        note("earwitness review statement writes what an auditor needs to draw again.")


def list_draws(data: DataFolder = DEFAULT_DATA, as_json: JsonFlag = False) -> None:
    """List the draws, oldest first."""
    with opened(data) as house:
        found = house.review.draws.all()
    show_rows([_shown(each) for each in found], COLUMNS, as_json=as_json, empty="Nothing was drawn yet.")


def statement(
    to: Annotated[Path, typer.Option(metavar="FILE", help="Where to write it.")],
    data: DataFolder = DEFAULT_DATA,
    draw_id: Annotated[str, typer.Option("--draw", metavar="DRAW", help="Which; the newest if left out.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Write the statement of a draw: all that is needed to draw again, without whose anything is."""
    with opened(data) as house:
        name = draw_id or house.review.draws.newest().id
        written = house.review.draws.statement(name)
    write_durably(to, written)
    show_record({"draw": name, "file": str(to), "bytes": len(written)}, as_json=as_json)


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A statement.")],
    log: Annotated[str, typer.Option(metavar="KEY", help="The log's verifier key, or a file that holds it.")],
    witness: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="A witness that has to have signed; may be given again.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Draw again from a statement, and say whether the same comes out. Needs no installation."""
    found = verify_statement(_read(file), read_key(log), [read_key(each) for each in witness or ()])
    show_record(asdict(found) | {"witnesses": list(found.witnesses)}, as_json=as_json)
    if not as_json:
        say("the draw holds: the same clips come out")
        if not found.witnesses:
            note("no witness was asked for: the operator could have tried several seeds")


def clips(data: DataFolder = DEFAULT_DATA, as_json: JsonFlag = False) -> None:
    """Count the drawn clips by what became of them, and what was passed on."""
    with opened(data) as house, house.database.read() as tx:
        states = select(review_clip.c.state, review_clip.c.reason, func.count().label("clips"))
        rows = tx.execute(states.group_by(review_clip.c.state, review_clip.c.reason)).all()
        open_ones = select(func.count()).where(review_escalation.c.answered_at.is_(None))
        passed_on = tx.scalar(open_ones) or 0
    shown = [{"state": row.state, "reason": row.reason, "clips": row.clips} for row in rows]
    columns = {"state": "state", "reason": "why", "clips": "clips"}
    show_rows(shown, columns, as_json=as_json, empty="Nothing was drawn yet.")
    if not as_json and passed_on:
        note(f"{passed_on} were passed on and wait for somebody")


def figures(
    data: DataFolder = DEFAULT_DATA,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write the plot to this file.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Estimate how often the house mishears, with its 95 % interval, and say what could not be answered."""
    with opened(data) as house:
        together, each = house.review.counting.together(), house.review.counting.all()
        heard, kept = house.review.counting.heard_share(house.clock.now_ms())
    if svg:
        write_durably(svg, plot(each).encode())
    share = {"heard_last_year": heard, "kept_last_year": kept}
    if as_json:
        show_json({"all": asdict(together), "draws": [asdict(one) for one in each]} | share)
        return
    show_record(_told(together) | share, as_json=False)


def budget(
    clips: Annotated[int | None, typer.Argument(metavar="CLIPS", help="How many a year, 0 to 10.")] = None,
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    as_json: JsonFlag = False,
) -> None:
    """Show your listening budget, or choose another: how many clips of yours others may hear in a year."""
    with opened(data) as house:
        person = asking(house, as_person)
        if clips is not None:
            with house.database.write() as tx:
                house.review.budgets.choose(tx, person.actor(), person.id, clips)
        with house.database.read() as tx:
            chosen = house.review.budgets.chosen(tx, [person.id])[person.id]
            left = house.review.budgets.left(tx, [person.id])[person.id]
    show_record({"clips_a_year": chosen, "left_this_year": left}, as_json=as_json)


def notices(data: DataFolder = DEFAULT_DATA, as_person: AsPerson = "", as_json: JsonFlag = False) -> None:
    """Read what you were told: recordings of yours that were withdrawn because a child or a guest could be heard."""
    with opened(data) as house:
        person = asking(house, as_person)
        found = house.review.withdrawals.notices([person.id, person.household])
    rows = [{"at": Moment(each.at), "recording": each.recording, "told": each.in_words} for each in found]
    columns = {"at": "when", "recording": "recording", "told": "what"}
    show_rows(rows, columns, as_json=as_json, wraps=("told",), empty="You were told nothing.")


def _shown(made: Draw) -> dict[str, object]:
    return asdict(made) | {"at": Moment(made.at)}


def _told(found: Figures) -> dict[str, object]:
    return {
        "drawn": found.drawn,
        "in_the_frames": found.frame,
        "answered": found.answered,
        "response_weighted": f"{found.response:.1%}",
        "without_an_answer": found.lost,
        "words_misheard": _rate(found.word_errors),
        "sentences_wrong": _rate(found.sentences_wrong),
        "taken_for_something_else": _rate(found.intents_wrong),
    }


def _rate(estimate: Estimate) -> str:
    if estimate.answered == 0:
        return "nothing was answered yet"
    interval = f"95 % interval {estimate.low:.1%} to {min(1.0, estimate.high):.1%}, {estimate.answered} clips"
    return f"{estimate.rate:.1%} ({interval})" if estimate.enough else f"not enough evidence ({interval})"


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(LARGEST + 1)
    except OSError as error:
        raise BadInput(
            f"{file} cannot be read: {error.strerror}.", next_step="Give the path of a statement."
        ) from error
