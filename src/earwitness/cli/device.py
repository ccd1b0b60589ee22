"""``earwitness device``: the devices that listen, and whose each is."""

from collections.abc import Callable
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from earwitness.bootstrap import House
from earwitness.cli import device_facts, satellite
from earwitness.cli.finding import find_device, find_person
from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, HouseholdName, JsonFlag, examples
from earwitness.cli.output import note, show_record, show_rows
from earwitness.cli.plain import App
from earwitness.cli.session import asking, one_household, opened
from earwitness.identity.agreements import Agreements
from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.devices import Device
from earwitness.identity.people import Age
from earwitness.kernel.actors import Actor

COLUMNS = {
    "label": "label",
    "mode": "mode",
    "owner": "whose",
    "keeps": "keeps recordings",
    "sound": "its sound",
    "state": "state",
    "seen_at": "last seen",
    "id": "id",
}
Label = Annotated[str, typer.Argument(metavar="DEVICE", help="The device's label or id.")]
Owner = Annotated[
    str, typer.Option("--person", metavar="NAME", help="The one adult of a personal device, who has still to confirm.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    device = App(help="Add devices, pair them, say whose each is; run a satellite.")
    lines = (
        "earwitness device add Kitchen --mode shared",
        'earwitness device add "Ana\'s desk" --mode personal --person Ana',
    )
    device.command("add", epilog=examples(*lines))(add)
    device.command("list", epilog=examples("earwitness device list"))(list_devices)
    device.command("mode", epilog=examples("earwitness device mode Kitchen guest"))(mode)
    device.command("confirm", epilog=examples('earwitness device confirm "Ana\'s desk" --as Ana'))(confirm)
    device.command("agree", epilog=examples("earwitness device agree Kitchen --as Ana"))(agree)
    device.command("disagree", epilog=examples("earwitness device disagree Kitchen --as Ana"))(disagree)
    device.command("remove", epilog=examples("earwitness device remove Kitchen"))(remove)
    device_facts.register(device)
    satellite.register(device)
    app.add_typer(device, name="device")


def add(  # noqa: PLR0917 - options
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What it is called, e.g. where it stands.")],
    mode: Annotated[DeviceMode, typer.Option(help="Whose recordings it makes; of guests and children none is kept.")],
    data: DataFolder = DEFAULT_DATA,
    person: Owner = "",
    household: HouseholdName = "",
    as_json: JsonFlag = False,
) -> None:
    """Add a device in a declared mode."""
    with opened(data) as house:
        home = one_household(house, household)
        owner = find_person(house, person, home.id).id if person else None
        made = house.directory.devices.add(home.id, label, mode, owner)
        _tell(house, made, as_json=as_json)


def list_devices(data: DataFolder = DEFAULT_DATA, household: HouseholdName = "", as_json: JsonFlag = False) -> None:
    """List the devices of a household."""
    with opened(data) as house:
        home = one_household(house, household)
        rows = [_shown(house, each) for each in house.directory.devices.list(home.id)]
    empty = "None yet. Next: earwitness device add LABEL --mode shared"
    show_rows(rows, COLUMNS, as_json=as_json, wraps=("label", "owner", "keeps", "sound", "state"), empty=empty)


def mode(  # noqa: PLR0917 - options
    label: Label,
    new_mode: Annotated[DeviceMode, typer.Argument(metavar="MODE", help="personal, shared, guest or child.")],
    data: DataFolder = DEFAULT_DATA,
    person: Owner = "",
    household: HouseholdName = "",
    as_json: JsonFlag = False,
) -> None:
    """Declare another mode; every confirmation and agreement starts anew."""
    with opened(data) as house:
        home = one_household(house, household)
        owner = find_person(house, person, home.id).id if person else None
        changed = house.directory.devices.change_mode(find_device(house, home.id, label).id, new_mode, owner)
        _tell(house, changed, as_json=as_json)


def confirm(label: Label, data: DataFolder = DEFAULT_DATA, as_person: AsPerson = "", as_json: JsonFlag = False) -> None:
    """Confirm that a personal device is yours."""
    _answer(label, data, as_person, Agreements.confirm, as_json=as_json)


def agree(label: Label, data: DataFolder = DEFAULT_DATA, as_person: AsPerson = "", as_json: JsonFlag = False) -> None:
    """Agree, as one of the adults, that a shared device keeps recordings."""
    _answer(label, data, as_person, Agreements.agree, as_json=as_json)


def disagree(
    label: Label, data: DataFolder = DEFAULT_DATA, as_person: AsPerson = "", as_json: JsonFlag = False
) -> None:
    """Take your yes to a shared device back; it keeps nothing more."""
    _answer(label, data, as_person, Agreements.withdraw, as_json=as_json)


def _answer(
    label: str, data: Path, as_person: str, answer: Callable[[Agreements, Actor, str], None], *, as_json: bool
) -> None:
    with opened(data) as house:
        person = asking(house, as_person)
        found = find_device(house, person.household, label)
        answer(house.directory.agreements, person.actor(), found.id)
        _tell(house, house.directory.devices.get(found.id), as_json=as_json)


def remove(
    label: Label, data: DataFolder = DEFAULT_DATA, household: HouseholdName = "", as_json: JsonFlag = False
) -> None:
    """Remove a device.

    It keeps nothing more. What it kept stays until it expires or is erased.
    """
    with opened(data) as house:
        found = find_device(house, one_household(house, household).id, label)
        house.directory.devices.remove(found.id)
    show_record({"removed": found.label, "id": found.id}, as_json=as_json)
    if not as_json:
        note("What it kept stays until it expires: earwitness erase --from DATE removes it sooner.")


def _tell(house: House, device: Device, *, as_json: bool) -> None:
    show_record(_shown(house, device), as_json=as_json)
    if not as_json:
        note(_next_step(house, device))


def _silent(house: House, device: Device) -> list[str]:
    """Return the names of the adults who have not agreed to a shared device."""
    adults = [each for each in house.directory.people.list(device.household) if each.age is Age.ADULT]
    return [each.name or each.id for each in adults if each.id not in device.agreed]


def _next_step(house: House, device: Device) -> str:
    label, silent = quote(device.label or device.id), _silent(house, device)
    match device.mode:
        case DeviceMode.PERSONAL if not device.confirmed_at:
            name = quote(house.directory.people.get(str(device.person)).name or "NAME")
            return f"Its adult has still to confirm: earwitness device confirm {label} --as {name}"
        case DeviceMode.SHARED if silent:
            name = quote(silent[0])
            return f"{len(silent)} adult(s) have still to agree: earwitness device agree {label} --as {name}"
        case DeviceMode.PERSONAL | DeviceMode.SHARED:
            return "It keeps recordings of those who said yes to assist and history."
        case DeviceMode.GUEST | DeviceMode.CHILD:
            return "Nothing of this device is kept."


def _shown(house: House, device: Device) -> dict[str, object]:
    silent = len(_silent(house, device))
    keeps = {
        DeviceMode.PERSONAL: "yes" if device.confirmed_at else "no: not confirmed",
        DeviceMode.SHARED: f"no: {silent} to agree" if silent else "yes",
    }.get(device.mode, "never")
    owner = house.directory.people.get(device.person).name if device.person else None
    return {
        "label": device.label,
        "mode": str(device.mode),
        "person": device.person,
        "owner": owner,
        "agreed": list(device.agreed),
        "keeps": keeps,
        **device_facts.facts_of(house, device.id),
        "id": device.id,
    }
