"""``earwitness device``: the devices that listen, and whose each is."""

from typing import Annotated

import typer

from earwitness.bootstrap import House
from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, HouseholdName, JsonFlag, examples
from earwitness.cli.output import note, say, show_record, show_rows
from earwitness.cli.session import asking, one_household, opened
from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.devices import Device

COLUMNS = {"label": "label", "mode": "mode", "keeps": "keeps recordings", "id": "id"}
Label = Annotated[str, typer.Argument(help="The device's label or id.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    device = typer.Typer(help="Add devices, and say whose each is.", no_args_is_help=True)
    device.command("add", epilog=examples("earwitness device add Kitchen --mode shared"))(add)
    device.command("list")(list_devices)
    device.command("mode")(mode)
    device.command("confirm")(confirm)
    device.command("agree")(agree)
    device.command("disagree")(disagree)
    device.command("remove")(remove)
    app.add_typer(device, name="device")


def add(  # noqa: PLR0917 - options
    label: str,
    mode: Annotated[DeviceMode, typer.Option(help="Whose recordings it makes; of guests and children none is kept.")],
    data: DataFolder = DEFAULT_DATA,
    person: Annotated[str, typer.Option(help="The one adult of a personal device, who has still to confirm.")] = "",
    household: HouseholdName = "",
    as_json: JsonFlag = False,
) -> None:
    """Add a device in a declared mode."""
    with opened(data) as house:
        home = one_household(house, household)
        owner = house.directory.people.find(person, home.id).id if person else None
        made = house.directory.devices.add(home.id, label, mode, owner)
    show_record(_shown(made), as_json=as_json)
    if not as_json:
        note(_next_step(made))


def list_devices(data: DataFolder = DEFAULT_DATA, household: HouseholdName = "", as_json: JsonFlag = False) -> None:
    """List the devices of a household."""
    with opened(data) as house:
        found = house.directory.devices.list(one_household(house, household).id)
    show_rows([_shown(each) for each in found], COLUMNS, as_json=as_json)


def mode(
    label: Label,
    new_mode: DeviceMode,
    data: DataFolder = DEFAULT_DATA,
    person: Annotated[str, typer.Option(help="The one adult of a personal device.")] = "",
    household: HouseholdName = "",
) -> None:
    """Declare another mode; every confirmation and agreement starts anew."""
    with opened(data) as house:
        home = one_household(house, household)
        found = house.directory.devices.find(home.id, label)
        owner = house.directory.people.find(person, home.id).id if person else None
        changed = house.directory.devices.change_mode(found.id, new_mode, owner)
    say(_next_step(changed))


def confirm(label: Label, data: DataFolder = DEFAULT_DATA, as_person: AsPerson = "") -> None:
    """Confirm that a personal device is yours."""
    with opened(data) as house:
        person = asking(house, as_person)
        house.directory.agreements.confirm(person.actor(), _find(house, person.household, label))
    say("confirmed; it keeps recordings once you said yes to assist and history")


def agree(label: Label, data: DataFolder = DEFAULT_DATA, as_person: AsPerson = "") -> None:
    """Agree, as one of the adults, that a shared device keeps recordings."""
    with opened(data) as house:
        person = asking(house, as_person)
        house.directory.agreements.agree(person.actor(), _find(house, person.household, label))
    say("agreed; it keeps recordings once every adult has")


def disagree(label: Label, data: DataFolder = DEFAULT_DATA, as_person: AsPerson = "") -> None:
    """Take your yes to a shared device back; it keeps nothing more."""
    with opened(data) as house:
        person = asking(house, as_person)
        house.directory.agreements.withdraw(person.actor(), _find(house, person.household, label))
    say("taken back; this device keeps nothing more")


def remove(label: Label, data: DataFolder = DEFAULT_DATA, household: HouseholdName = "") -> None:
    """Remove a device. What it kept stays until it expires or is erased."""
    with opened(data) as house:
        home = one_household(house, household)
        house.directory.devices.remove(_find(house, home.id, label))
    say("removed; earwitness erase --device removes what it kept")


def _find(house: House, household: str, label: str) -> str:
    return house.directory.devices.find(household, label).id


def _next_step(device: Device) -> str:
    match device.mode:
        case DeviceMode.PERSONAL:
            return "Its adult has still to confirm: earwitness device confirm LABEL --as NAME"
        case DeviceMode.SHARED:
            return "Every adult has still to agree: earwitness device agree LABEL --as NAME"
        case DeviceMode.GUEST | DeviceMode.CHILD:
            return "Nothing of this device is kept."


def _shown(device: Device) -> dict[str, object]:
    keeps = {
        DeviceMode.PERSONAL: "yes" if device.confirmed_at else "not confirmed",
        DeviceMode.SHARED: f"{len(device.agreed)} agreed",
    }.get(device.mode, "never")
    return {"label": device.label, "mode": str(device.mode), "person": device.person, "keeps": keeps, "id": device.id}
