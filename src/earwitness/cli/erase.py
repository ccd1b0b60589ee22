"""``earwitness erase`` and ``effects``: delete recordings, a time span, a device's, or yourself."""

from typing import Annotated

import typer

from earwitness.bootstrap import House
from earwitness.cli.moments import parse_moment
from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, JsonFlag, Yes, examples
from earwitness.cli.output import note, progress, say, show_json, show_record, show_rows
from earwitness.cli.session import asking, opened
from earwitness.identity.people import Person
from earwitness.kernel.clock import rfc3339
from earwitness.kernel.errors import BadInput
from earwitness.vault.effects import Effect
from earwitness.vault.erasure import Accepted
from earwitness.vault.scope import Scope, ScopeKind

EXAMPLES = examples(
    "earwitness erase rec_… --as Ana",
    "earwitness erase --from 2026-11-20 --to 2026-11-21 --as Ana",
    "earwitness erase --device Kitchen --shared --as Ana",
    "earwitness erase --me --as Ana",
)
EFFECTS = {"what": "what it caused", "kind": "kind", "removable": "can be removed", "id": "id"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("erase", epilog=EXAMPLES)(erase)
    effects = typer.Typer(help="What recordings caused, and taking it back.", no_args_is_help=True)
    effects.command("list")(list_effects)
    effects.command("remove")(remove_effect)
    app.add_typer(effects, name="effects")


def erase(  # noqa: PLR0917 - options
    recordings: Annotated[list[str] | None, typer.Argument(help="Ids of recordings.")] = None,
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    start: Annotated[str, typer.Option("--from", help="Everything since this moment (a date, a time, or 3d).")] = "",
    end: Annotated[str, typer.Option("--to", help="… and before this one; now if left out.")] = "",
    device: Annotated[str, typer.Option(help="Everything this device kept, by label or id.")] = "",
    me: Annotated[bool, typer.Option("--me", help="You, with everything that is held about you.")] = False,
    shared: Annotated[bool, typer.Option("--shared", help="Of what the household shares, not of your own.")] = False,
    yes: Yes = False,
    as_json: JsonFlag = False,
) -> None:
    """Erase. Nothing in scope can be opened once this returns; a signed receipt says so."""
    with opened(data) as house:
        person = asking(house, as_person)
        scope = _scope(house, person, recordings or [], start, end, device, me=me, shared=shared)
        if not yes:
            _confirm(house, scope)
        accepted = house.erasure.erase(person.actor(), scope)
        with progress("removing", accepted.recordings, quiet=as_json) as advance:
            house.removal.remove(accepted.erasure, advance)
        _show(accepted, as_json=as_json)


def list_effects(data: DataFolder = DEFAULT_DATA, as_person: AsPerson = "", as_json: JsonFlag = False) -> None:
    """List what your recordings caused and what is still there."""
    with opened(data) as house:
        found = house.effects.of_subject(asking(house, as_person).id)
    show_rows([_effect(each) for each in found], EFFECTS, as_json=as_json)


def remove_effect(effect: str, data: DataFolder = DEFAULT_DATA, as_person: AsPerson = "") -> None:
    """Take back one thing that a recording caused."""
    with opened(data) as house:
        person = asking(house, as_person)
        if effect not in {each.id for each in house.effects.of_subject(person.id)}:
            raise BadInput("None of your recordings caused that.", next_step="earwitness effects list")
        removed = house.effects.remove(effect, house.clock.now_ms())
    say(f"removed: {removed.what}")


def _scope(  # noqa: PLR0917 - the ways to say what
    house: House,
    person: Person,
    recordings: list[str],
    start: str,
    end: str,
    device: str,
    *,
    me: bool,
    shared: bool,
) -> Scope:
    if sum((bool(recordings), bool(start or end), bool(device), me)) != 1:
        raise BadInput(
            "Say what to erase in one way.", next_step="Ids of recordings, or --from and --to, or --device, or --me."
        )
    subject, household = (person.household if shared else person.id), person.household
    if recordings:
        return Scope(ScopeKind.RECORDINGS, subject, household, tuple(recordings))
    if device:
        found = house.directory.devices.find(household, device)
        return Scope(ScopeKind.DEVICE, subject, household, (found.id,))
    if me:
        return Scope(ScopeKind.PERSON, person.id, household)
    now = house.clock.now_ms()
    since, until = parse_moment(start, now) if start else 0, parse_moment(end, now) if end else now + 1
    if since >= until:
        raise BadInput("That span holds no time.", next_step="--from is before --to.")
    return Scope(ScopeKind.SPAN, subject, household, start=since, end=until)


def _confirm(house: House, scope: Scope) -> None:
    count = house.removal.count_scope(scope)
    what = "you, with everything held about you" if scope.kind is ScopeKind.PERSON else f"{count} recording(s)"
    also = f" ({count} recordings)" if scope.kind is ScopeKind.PERSON else ""
    typer.confirm(f"Erase {what}{also}? There is no way back.", abort=True, err=True)


def _show(accepted: Accepted, *, as_json: bool) -> None:
    shown = {
        "erasure": accepted.erasure,
        "recordings": accepted.recordings,
        "unreadable_after_ms": accepted.unreadable_ms,
        "receipt": accepted.receipt.id,
        "final_by": accepted.receipt.body["final_by"],
    }
    effects = [_effect(each) for each in accepted.effects]
    if as_json:
        show_json(shown | {"effects": effects})
        return
    show_record(shown, as_json=False)
    if effects:
        say("\nWhat it caused is still there; earwitness effects remove ID takes it back:")
        show_rows(effects, EFFECTS, as_json=False)
    note("The second receipt follows when it is final: earwitness receipts")


def _effect(effect: Effect) -> dict[str, object]:
    return {
        "id": effect.id,
        "kind": effect.kind,
        "what": effect.what,
        "removable": effect.removable,
        "at": rfc3339(effect.at),
        "recording": effect.recording,
    }
