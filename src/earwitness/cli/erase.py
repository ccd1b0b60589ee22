"""``earwitness erase``: delete recordings, a time span, a device's, or yourself."""

from dataclasses import dataclass
from typing import Annotated

import typer

from earwitness.bootstrap import House
from earwitness.cli.effects import COLUMNS as EFFECTS
from earwitness.cli.effects import shown_effect
from earwitness.cli.finding import find_device, find_recording
from earwitness.cli.moments import parse_span
from earwitness.cli.nextsteps import as_before
from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, JsonFlag, Since, Until, Yes, examples
from earwitness.cli.output import Moment, note, progress, say, show_json, show_record, show_rows
from earwitness.cli.questions import confirm
from earwitness.cli.session import asking, opened
from earwitness.identity.people import Person
from earwitness.kernel.clock import parse_rfc3339
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.vault.erasure import Accepted
from earwitness.vault.scope import Scope, ScopeKind

EXAMPLES = examples(
    "earwitness erase last --as Ana",
    "earwitness erase rec_… rec_… --as Ana",
    "earwitness erase --from 2026-11-20 --to 2026-11-21 --as Ana",
    "earwitness erase --device Kitchen --shared --as Ana",
    "earwitness erase --me --as Ana",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("erase", epilog=EXAMPLES)(erase)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The words that say what to erase."""

    recordings: list[str]
    start: str
    end: str
    device: str
    me: bool
    shared: bool

    def require_one(self) -> None:
        if sum((bool(self.recordings), bool(self.start or self.end), bool(self.device), self.me)) != 1:
            raise BadInput(
                "Say what to erase in one way.",
                next_step="Ids of recordings, or --from and --to, or --device, or --me.",
            )
        if self.me and self.shared:
            raise BadInput("--me is you, --shared is the household.", next_step="Give one of them.")


def erase(  # noqa: PLR0917 - options
    recordings: Annotated[
        list[str] | None,
        typer.Argument(metavar="RECORDING", help="Ids of recordings, or 'last' for your newest."),
    ] = None,
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    start: Since = "",
    end: Until = "",
    device: Annotated[str, typer.Option(metavar="DEVICE", help="Everything this device kept, by label or id.")] = "",
    me: Annotated[bool, typer.Option("--me", help="You, with everything that is held about you.")] = False,
    shared: Annotated[bool, typer.Option("--shared", help="Of what the household shares, not of your own.")] = False,
    yes: Yes = False,
    as_json: JsonFlag = False,
) -> None:
    """Erase recordings, a time span, what a device kept, or yourself.

    Nothing in scope can be opened once this returns; a signed receipt says so.
    """
    wanted = _Wanted(recordings or [], start, end, device, me, shared)
    wanted.require_one()
    with opened(data) as house:
        person = asking(house, as_person)
        scope = _scope(house, person, wanted)
        count = house.removal.count_scope(scope)
        if not count and scope.kind is not ScopeKind.PERSON:
            raise NotFound(
                "There is nothing kept that this would erase.", next_step="earwitness history lists what is."
            )
        confirm(_question(count, scope), yes=yes)
        accepted = house.erasure.erase(person.actor(), scope)
        with progress("removing", accepted.recordings, quiet=as_json) as advance:
            house.removal.remove(accepted.erasure, advance)
    _show(accepted, scope, as_json=as_json)


def _scope(house: House, person: Person, wanted: _Wanted) -> Scope:
    subject, household = (person.household if wanted.shared else person.id), person.household
    if wanted.recordings:
        ids = dict.fromkeys(find_recording(house, person, each) for each in wanted.recordings)
        return Scope(ScopeKind.RECORDINGS, subject, household, tuple(ids))
    if wanted.device:
        return Scope(ScopeKind.DEVICE, subject, household, (find_device(house, household, wanted.device).id,))
    if wanted.me:
        return Scope(ScopeKind.PERSON, person.id, household)
    since, until = parse_span(wanted.start, wanted.end, house.clock.now_ms())
    return Scope(ScopeKind.SPAN, subject, household, start=since, end=until)


def _question(count: int, scope: Scope) -> str:
    recordings = "1 recording" if count == 1 else f"{count} recordings"
    if scope.kind is ScopeKind.PERSON:
        return f"Erase you, with everything held about you ({recordings})? There is no way back."
    return f"Erase {recordings}? There is no way back."


def _show(accepted: Accepted, scope: Scope, *, as_json: bool) -> None:
    shown = {
        "erasure": accepted.erasure,
        "recordings": accepted.recordings,
        "unreadable_after_ms": accepted.unreadable_ms,
        "receipt": accepted.receipt.id,
        "final_by": Moment(parse_rfc3339(accepted.receipt.body["final_by"])),
    }
    effects = [shown_effect(each) for each in accepted.effects]
    if as_json:
        show_json(shown | {"effects": effects})
        return
    show_record(shown, as_json=False)
    if effects:
        say("")
        say("What it caused is still there:")
        show_rows(effects, EFFECTS, as_json=False, wraps=("what",))
        note(f"Taking it back: earwitness effects remove ID{as_before()}")
    gone = scope.kind is ScopeKind.PERSON
    whose = f" --subject {scope.subject}" if gone else as_before()
    note(f"The second receipt follows when it is final: earwitness receipts{whose}")
