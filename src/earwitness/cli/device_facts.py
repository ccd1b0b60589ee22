"""``earwitness device pair``, ``unpair``, ``show``, ``set``: how a device comes in, and what is known of it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from earwitness import __version__
from earwitness.bootstrap import House
from earwitness.cli.finding import find_device
from earwitness.cli.options import DEFAULT_DATA, DataFolder, HouseholdName, JsonFlag, examples
from earwitness.cli.output import Moment, note, show_record
from earwitness.cli.plain import App
from earwitness.cli.session import one_household, opened
from earwitness.identity.device_facts import LEAVE
from earwitness.storage.files import write_durably

Label = Annotated[str, typer.Argument(metavar="DEVICE", help="The device's label or id.")]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write the token there, for you alone to read.")
]


def register(device: App) -> None:
    """Add the commands."""
    lines = ("earwitness device pair Kitchen", "earwitness device pair Kitchen --out kitchen.token")
    device.command("pair", epilog=examples(*lines))(pair)
    device.command("unpair", epilog=examples("earwitness device unpair Kitchen"))(unpair)
    device.command("show", epilog=examples("earwitness device show Kitchen"))(show)
    lines = ("earwitness device set Kitchen --area kitchen", 'earwitness device set Kitchen --wake-word "hey jarvis"')
    device.command("set", epilog=examples(*lines))(choose)


def pair(
    label: Label,
    data: DataFolder = DEFAULT_DATA,
    out: Out = None,
    household: HouseholdName = "",
    as_json: JsonFlag = False,
) -> None:
    """Make the token by which a device shows which one it is. It is shown once; the one before it ends."""
    with opened(data) as house:
        found = find_device(house, one_household(house, household).id, label)
        token = house.directory.pairings.pair(found.id)
    shown: dict[str, object] = {"device": found.label, "id": found.id}
    if out is None:
        show_record(shown | {"token": token}, as_json=as_json)
    else:
        write_durably(out, f"{token}\n".encode())
        show_record(shown | {"token_file": str(out)}, as_json=as_json)
    if not as_json:
        note("Next, on that machine: earwitness device run --hub ADDRESS --token-file FILE")


def unpair(
    label: Label, data: DataFolder = DEFAULT_DATA, household: HouseholdName = "", as_json: JsonFlag = False
) -> None:
    """End a device's pairing: it can't come in any more, and a connection that is open is closed."""
    with opened(data) as house:
        found = find_device(house, one_household(house, household).id, label)
        was = house.directory.pairings.unpair(found.id)
    show_record({"unpaired": found.label, "id": found.id, "was_paired": was}, as_json=as_json)


def show(
    label: Label, data: DataFolder = DEFAULT_DATA, household: HouseholdName = "", as_json: JsonFlag = False
) -> None:
    """Show what is known of a device; what it says of itself is its own word."""
    with opened(data) as house:
        found = find_device(house, one_household(house, household).id, label)
        facts = facts_of(house, found.id)
        record = {"label": found.label, "id": found.id, "mode": str(found.mode), "added_at": Moment(found.created_at)}
        show_record(record | facts, as_json=as_json)


def choose(  # noqa: PLR0917 - options
    label: Label,
    data: DataFolder = DEFAULT_DATA,
    area: Annotated[
        str | None, typer.Option(metavar="NAME", help="The room it stands in, as the home calls it; '' for none.")
    ] = None,
    wake_word: Annotated[
        str | None, typer.Option(metavar="WORD", help="The wake word it answers to; '' for the usual one.")
    ] = None,
    household: HouseholdName = "",
    as_json: JsonFlag = False,
) -> None:
    """Choose a device's room and wake word. A device that is connected takes them when it connects again."""
    with opened(data) as house:
        found = find_device(house, one_household(house, household).id, label)
        chosen = house.directory.device_facts.choose(found.id, area=_wish(area), wake_word=_wish(wake_word))
    record = {"label": found.label, "id": found.id, "area": chosen.area, "wake_word": chosen.wake_word}
    show_record(record, as_json=as_json)


def facts_of(house: House, device: str) -> dict[str, object]:
    """Return what is known of a device, for a table, a record and JSON."""
    facts = house.directory.device_facts
    report, chosen = facts.report(device), facts.chosen(device)
    paired = house.directory.pairings.paired_at(device)
    outdated = report.older_than(__version__) if report else None
    muted = report.muted if report else None
    flags = {"paired": paired is not None, "not paired": paired is None, "muted": muted, "out of date": outdated}
    return {
        "sound": report.listens.in_words if report else None,
        "streams": str(report.listens) == "streams" if report else None,
        "state": ", ".join(name for name, holds in flags.items() if holds),
        "paired_at": Moment(paired) if paired is not None else None,
        "seen_at": Moment(report.seen_at) if report else None,
        "program": report.program if report else None,
        "version": report.version if report else None,
        "out_of_date": outdated,
        "microphone": report.microphone if report else None,
        "radios": list(report.radios) if report else [],
        "muted": muted,
        "wake_words": list(report.wake_words) if report else [],
        "wake_word": chosen.wake_word,
        "area": chosen.area,
    }


def _wish(text: str | None) -> Any:
    return LEAVE if text is None else text.strip() or None
