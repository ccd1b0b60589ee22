"""``earwitness learn``: from what people put right to better models, and back when somebody says so."""

from pathlib import Path
from typing import Annotated

import typer

from earwitness.bootstrap import House
from earwitness.cli.finding import expand, find_recording
from earwitness.cli.options import DEFAULT_DATA, AsPerson, DataFolder, HouseholdName, JsonFlag, Yes, examples
from earwitness.cli.output import Moment, note, progress, say, show_json, show_record, show_rows
from earwitness.cli.plain import App
from earwitness.cli.questions import confirm
from earwitness.cli.session import asking, one_household, opened
from earwitness.kernel.audio import read_clip
from earwitness.kernel.errors import BadInput
from earwitness.learning.budget import Budget
from earwitness.learning.corrections import Wrong
from earwitness.learning.learner import Learned, figures_in_words
from earwitness.learning.release import Release
from earwitness.learning.snapshot import SHARED
from earwitness.storage.files import make_folder, write_durably

RELEASES = {
    "made_at": "made",
    "layer": "layer",
    "state": "state",
    "verdict": "gate",
    "examples": "examples",
    "people": "people",
    "id": "id",
}
Own = Annotated[
    bool, typer.Option("--own", help="The household's own layer; otherwise what all households here share.")
]
ReleaseId = Annotated[str, typer.Argument(metavar="RELEASE", help="A release's id, as releases shows it.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    learn = App(help="Learn from what people put right; compare, release, roll back, forget.")
    lines: tuple[str, ...] = (
        "earwitness learn correct last --said 'turn on the lamp'",
        "earwitness learn correct last --said 'let there be light' --meant 'turn on the lamp'",
        "earwitness learn correct rec_… --not-for-me",
    )
    learn.command("correct", epilog=examples(*lines))(correct)
    learn.command("snapshot", epilog=examples("earwitness learn snapshot", "earwitness learn snapshot --own"))(snapshot)
    runs = ("earwitness learn run", "earwitness learn run --own", "earwitness learn run --noise kitchen.flac")
    learn.command("run", epilog=examples(*runs))(run)
    learn.command("evaluate", epilog=examples("earwitness learn evaluate release_…"))(evaluate)
    lines = ("earwitness learn releases", "earwitness learn releases --save manifests/")
    learn.command("releases", epilog=examples(*lines))(releases)
    learn.command("rollback", epilog=examples("earwitness learn rollback", "earwitness learn rollback --own"))(rollback)
    learn.command("forget", epilog=examples("earwitness learn forget --as Ana"))(forget)
    app.add_typer(learn, name="learn")


def correct(  # noqa: PLR0917 - options
    recording: Annotated[str, typer.Argument(metavar="RECORDING", help="Its id, or 'last' for your newest.")],
    said: Annotated[str, typer.Option(metavar="WORDS", help="What was really said.")] = "",
    meant: Annotated[
        str, typer.Option(metavar="WORDS", help="A sentence it understands, that does what you meant.")
    ] = "",
    intent: Annotated[str, typer.Option(metavar="NAME", help="What was meant, as the sentences call it.")] = "",
    slot: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A value of what was meant.")] = None,
    not_for_me: Annotated[bool, typer.Option("--not-for-me", help="Nobody spoke to it.")] = False,
    data: DataFolder = DEFAULT_DATA,
    as_person: AsPerson = "",
    as_json: JsonFlag = False,
) -> None:
    """Put right what was misheard of you.

    It teaches your own household. What others use it teaches only with your yes to training.
    """
    wrong = Wrong.FOR_ME if not_for_me else (Wrong.MEANT if intent or meant else Wrong.SAID)
    if any("=" not in each for each in slot or []):
        raise BadInput("A slot is NAME=VALUE.", next_step="For example --slot name=lamp")
    slots = dict(each.split("=", 1) for each in slot or [])
    with opened(data) as house:
        person = asking(house, as_person)
        name = find_recording(house, person, recording)
        made = house.corrections.record(
            person.actor(), name, wrong, said=said or None, intent=intent or None, slots=slots, meant=meant or None
        )
    show_record({"recording": name, "wrong": str(made.wrong)}, as_json=as_json)


def snapshot(
    data: DataFolder = DEFAULT_DATA, household: HouseholdName = "", own: Own = False, as_json: JsonFlag = False
) -> None:
    """Take a snapshot of what may be learned from, and count it.

    Everybody whose recordings it opens finds the look in their log.
    """
    with opened(data) as house:
        taken = house.learning.snapshots.take(_layer(house, household, own=own))
    tested = sum(side == "test" for side in taken.side_of.values())
    record = {
        "snapshot": taken.id,
        "examples": len(taken.examples),
        "people": taken.people,
        "tested_on": tested,
        "corrections": sum(each.source == "correction" for each in taken.examples),
        "annotations": sum(each.source == "annotation" for each in taken.examples),
        "root": taken.root,
    }
    show_record(record, as_json=as_json)


def run(  # noqa: PLR0917 - options
    data: DataFolder = DEFAULT_DATA,
    household: HouseholdName = "",
    own: Own = False,
    noise: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A recording of the rooms' noise, with nobody speaking.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="How long comparing old and new may take.")] = 120.0,
    as_json: JsonFlag = False,
) -> None:
    """Learn, compare with what is in use on people who were not learned from, and release what is better.

    Takes minutes, in a process of its own. Exit code 0 also where the gate says that there is not enough evidence.
    """
    sound = read_clip(noise).pcm if noise else b""
    with opened(data) as house, progress("learning", quiet=as_json) as advance:
        learned = house.learning.run(
            _layer(house, household, own=own),
            noise=sound,
            budget=Budget(seconds),
            progress=lambda _what, done, whole: advance(done, whole),
        )
    _tell(learned, as_json=as_json)


def evaluate(
    release: ReleaseId,
    data: DataFolder = DEFAULT_DATA,
    seconds: Annotated[float, typer.Option(min=1, help="How long comparing may take.")] = 120.0,
    as_json: JsonFlag = False,
) -> None:
    """Compare a release with what ships, on people it was not learned from, as they are now."""
    with opened(data) as house, progress("comparing", quiet=as_json) as advance:
        found = house.learning.evaluate(
            _find(house, release), Budget(seconds), lambda _what, done, whole: advance(done, whole)
        )
    if as_json:
        show_json(found)
        return
    for name, part in found["parts"].items():
        say(f"{name}: {part['why']}")


def releases(
    data: DataFolder = DEFAULT_DATA,
    save: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write each manifest as a file that verifies anywhere.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """List what was learned, what the gate said, and what is in use."""
    with opened(data) as house:
        found = house.learning.releases.list()
        if save is not None:
            make_folder(save)
            for each in found:
                write_durably(save / f"{each.id}.tlog-proof", house.learning.releases.proof(each.id))
        key = house.log.signer.vkey
    rows = [_row(each) for each in found]
    show_rows(rows, RELEASES, as_json=as_json, empty="Nothing was learned yet: what ships is in use.")
    if save is not None and not as_json:
        note(f"{len(found)} file(s) in {save}. On any machine: earwitness verify FILE --key {key}")


def rollback(
    data: DataFolder = DEFAULT_DATA, household: HouseholdName = "", own: Own = False, as_json: JsonFlag = False
) -> None:
    """Go back to the release before, or to what ships."""
    with opened(data) as house:
        now = house.learning.releases.roll_back(_layer(house, household, own=own))
    show_record({"in_use": now.id if now else "what ships"}, as_json=as_json)


def forget(
    data: DataFolder = DEFAULT_DATA, as_person: AsPerson = "", yes: Yes = False, as_json: JsonFlag = False
) -> None:
    """Take all that you taught out of every model, now.

    The models are destroyed and learned again without you. Your recordings stay; erase them apart from this.
    """
    with opened(data) as house:
        person = asking(house, as_person)
        confirm("Every model that learned from you is destroyed. Go on?", yes=yes)
        count = house.forgetting.ask(person.actor(), person.id)
        ended = house.forgetting.carry_out_due()
    show_record({"examples_forgotten": count, "models_destroyed": len(ended), "models": ended}, as_json=as_json)


def _layer(house: House, household: str, *, own: bool) -> str:
    if household and not own:
        raise BadInput("--household names whose own layer; give --own with it.")
    return one_household(house, household).id if own else SHARED


def _find(house: House, text: str) -> Release:
    found = house.learning.releases
    return found.find(expand(text, "release", (each.id for each in found.list())))


def _row(each: Release) -> dict[str, object]:
    examples_ = each.manifest["examples"]
    return {
        "made_at": Moment(each.made_at),
        "layer": each.manifest["layer"],
        "state": str(each.state),
        "verdict": str(each.verdict),
        "examples": examples_["count"],
        "people": examples_["people"],
        "id": each.id,
    }


def _tell(learned: Learned, *, as_json: bool) -> None:
    release = learned.release
    record = {
        "examples": learned.examples,
        "people": learned.people,
        "gate": str(learned.verdict),
        "in_use": learned.activated,
        "release": release.id if release else None,
        "files": [each.name for each in release.files] if release else [],
    }
    if as_json:
        show_json(record | {"figures": release.manifest["figures"] if release else {}})
        return
    show_record(record, as_json=False)
    for sentence in figures_in_words(release) if release else ["Nobody has put anything right yet."]:
        note(sentence)
