"""``earwitness who``: everybody and everything that opened or changed something of yours."""

from typing import Annotated, Any

import typer

from earwitness.bootstrap import House
from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, JsonFlag, examples
from earwitness.cli.output import Moment, note, progress, show_json, show_rows
from earwitness.cli.session import asking, opened
from earwitness.kernel.clock import parse_rfc3339
from earwitness.ledger.merkle import leaf_hash
from earwitness.ledger.merkle_proofs import verify_inclusion
from earwitness.policy.access import Resource
from earwitness.transparency.deeds import deed
from earwitness.transparency.history import AccessLine
from earwitness.transparency.naming import Names

COLUMNS = {"at": "when", "name": "who", "did": "did", "what": "what", "why": "why", "index": "entry"}
FITS = 2


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("who", epilog=examples("earwitness who --as Ana", "earwitness who --limit 20 --check"))(who)


def who(  # noqa: PLR0917 - options
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    shared: Annotated[bool, typer.Option("--shared", help="The log of what the household shares.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the newest so many.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Check each entry's proof in the published log.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """List everybody and everything that opened or changed something of yours, newest first."""
    with opened(data) as house:
        person = asking(house, as_person)
        subject = person.household if shared else person.id
        resource = Resource(id=subject, subject=subject, household=person.household)
        lines = house.history.who(person.actor(), resource, limit=limit)
        checked = _check(house, subject, lines, quiet=as_json) if check else None
        names = Names(house.directory, person)
    rows = [_row(line, names, subject) for line in lines]
    if as_json:
        show_json({"entries": rows, "checked": checked})
        return
    show_rows(rows, COLUMNS, as_json=False, wraps=("name", "what"))
    if check:
        note(f"{checked} entries have a valid proof in the published log, and none is missing from your chain")


def _check(house: House, subject: str, lines: list[AccessLine], *, quiet: bool) -> int:
    checkpoint = house.log.publish()
    wanted = {line.index for line in lines}
    entries = [entry for entry in house.audit.entries(subject) if entry.index in wanted]
    with progress("checking proofs", len(entries), quiet=quiet) as advance:
        for done, entry in enumerate(entries, start=1):
            proof = house.log.proof(entry.index, checkpoint.size)
            verify_inclusion(entry.index, checkpoint.size, leaf_hash(entry.commitment), proof, checkpoint.root)
            advance(done)
    house.audit.require_whole(subject)
    return len(entries)


def _row(line: AccessLine, names: Names, subject: str) -> dict[str, object]:
    return {
        "at": Moment(parse_rfc3339(line.at)),
        "who": line.who,
        "name": names.program(line.who) if line.role == "program" else names.of(line.who),
        "role": line.role,
        "action": line.action,
        "did": deed(line.action, line.details),
        "what": _what(line, names, subject),
        "why": line.purpose,
        "recordings": [each for each in line.recordings if each != subject],
        "details": line.details,
        "index": line.index,
    }


def _what(line: AccessLine, names: Names, subject: str) -> str:
    """Say what it was done to: a few recordings by id, many by number, a device or a purpose by name."""
    detail: Any = line.details.get("detail", "")
    if detail:
        return names.within(str(detail)).replace("_", " ")
    recordings = [names.of(each) for each in line.recordings if each != subject]
    if not recordings and isinstance(line.details.get("recordings"), int):
        return f"{line.details['recordings']} recording(s)"
    more = len(recordings) - FITS
    return ", ".join(recordings[:FITS]) + (f" and {more} more" if more > 0 else "")
