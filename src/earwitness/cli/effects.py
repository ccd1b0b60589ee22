"""``earwitness effects``: what recordings caused, and taking it back."""

from typing import Annotated

import typer

from earwitness.bootstrap import House
from earwitness.cli.finding import expand
from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, JsonFlag, examples
from earwitness.cli.output import Moment, show_record, show_rows
from earwitness.cli.plain import App
from earwitness.cli.session import asking, opened
from earwitness.identity.people import Person
from earwitness.kernel.errors import BadInput
from earwitness.policy.access import Action, Resource
from earwitness.policy.purposes import Purpose
from earwitness.vault.effects import Effect

COLUMNS = {"what": "what it caused", "kind": "kind", "removable": "can be removed", "at": "when", "id": "id"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    effects = App(help="What recordings caused, and taking it back.")
    effects.command("list", epilog=examples("earwitness effects list --as Ana"))(list_effects)
    effects.command("remove", epilog=examples("earwitness effects remove eff_… --as Ana"))(remove_effect)
    app.add_typer(effects, name="effects")


def list_effects(data: DataFolder = DEFAULT_DATA, as_person: AsPerson = "", as_json: JsonFlag = False) -> None:
    """List what your recordings caused and what is still there.

    The look itself goes into your log.
    """
    with opened(data) as house:
        found = _mine(house, asking(house, as_person))
    rows = [shown_effect(each) for each in found]
    show_rows(rows, COLUMNS, as_json=as_json, wraps=("what",), empty="Nothing that is known of.")


def remove_effect(
    effect: Annotated[str, typer.Argument(metavar="EFFECT", help="Its id, as effects list shows it.")],
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    as_json: JsonFlag = False,
) -> None:
    """Take back one thing that a recording caused."""
    with opened(data) as house:
        mine = [each.id for each in _mine(house, asking(house, as_person))]
        name = expand(effect, "eff", mine)
        if name not in mine:
            raise BadInput("None of your recordings caused that.", next_step="earwitness effects list shows what is.")
        removed = house.effects.remove(name, house.clock.now_ms())
    show_record({"removed": removed.what, "id": removed.id}, as_json=as_json)


def _mine(house: House, person: Person) -> list[Effect]:
    """Open what is known of a person's effects; like everything that is opened, after the log was told."""
    everything = Resource(id=person.id, subject=person.id, household=person.household)
    house.access.open(person.actor(), Action.RECORDING_READ, [everything], Purpose.HISTORY)
    return house.effects.of_subject(person.id)


def shown_effect(effect: Effect) -> dict[str, object]:
    """Return an effect as a row."""
    return {
        "id": effect.id,
        "kind": effect.kind,
        "what": effect.what,
        "removable": effect.removable,
        "at": Moment(effect.at),
        "recording": effect.recording,
    }
