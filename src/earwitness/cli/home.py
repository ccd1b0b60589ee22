"""``earwitness home``: try sentences on a home, and see the intent, the reply and everything that changed."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from earwitness.cli.options import JsonFlag, examples
from earwitness.cli.output import one_line, say, show_json
from earwitness.cli.plain import App
from earwitness.kernel.errors import BadInput
from earwitness.skills.home.grammar import load
from earwitness.skills.home.homes import open_home
from earwitness.skills.home.port import HomeControl
from earwitness.skills.home.skill import Answer, HomeSkill

EXAMPLES = examples(
    'earwitness home try --home examples/home.yaml "turn on the hall light"',
    'earwitness home try --home examples/home.yaml --keep-state "unlock the front door" "yes"',
    "earwitness home try --home examples/home.yaml --file sentences.txt --json",
)
LONGEST_FILE = 10_000_000
DEFAULT_HOME = "examples/home.yaml"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    home = App(help="Your home: try what sentences do to it.")
    home.command("try", epilog=EXAMPLES)(try_)
    home.callback()(_home)
    app.add_typer(home, name="home")


def _home() -> None:
    """Keep ``try`` a word of its own: a group with one command would lose it."""


def try_(  # noqa: PLR0917 - options
    sentences: Annotated[
        list[str] | None, typer.Argument(metavar="SENTENCE", help="What is said; '-' reads lines.")
    ] = None,
    home: Annotated[
        str,
        typer.Option(metavar="FILE", help="A home's YAML file, or the address of Home Assistant or of an MQTT broker."),
    ] = DEFAULT_HOME,
    file: Annotated[Path | None, typer.Option(metavar="FILE", help="A file with a sentence a line.")] = None,
    keep_state: Annotated[
        bool, typer.Option("--keep-state", help="One conversation: each sentence goes on where the last one ended.")
    ] = False,
    area: Annotated[str, typer.Option(metavar="AREA", help="The id of the area it is said in, for 'in here'.")] = "",
    own: Annotated[
        list[Path] | None, typer.Option("--sentences", metavar="FILE", help="Your own sentences; may be given again.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Say sentences to a home and print the intent, the reply and every state and attribute that changed.

    Of a home's file each sentence gets a fresh copy, unless --keep-state; the file is never written.
    A question back is no failure: nothing was changed.
    """
    lines = _lines(sentences or [], file)
    grammar = load(*(own or []))

    async def run() -> list[tuple[str, Answer]]:
        heard: list[tuple[str, Answer]] = []
        control: HomeControl | None = None
        skill: HomeSkill | None = None
        for line in lines:
            if control is None or skill is None or not keep_state:
                control = await _fresh(home, control)
                skill = HomeSkill(control, grammar)
            heard.append((line, await skill.hear(line, area or None)))
            if not as_json:
                _show(line, heard[-1][1], several=len(lines) > 1)
        if control is not None:
            await control.close()
        return heard

    heard = asyncio.run(run())
    if as_json:
        rows = [_record(line, answer) for line, answer in heard]
        show_json(rows[0] if len(rows) == 1 and file is None else rows)


async def _fresh(home: str, old: HomeControl | None) -> HomeControl:
    if old is not None:
        await old.close()
    return await open_home(home)


def _lines(sentences: list[str], file: Path | None) -> list[str]:
    given = [each for each in sentences if each != "-"]
    if "-" in sentences:
        given += sys.stdin.read(LONGEST_FILE).splitlines()
    if file is not None:
        try:
            with file.open(encoding="utf-8") as stream:
                given += stream.read(LONGEST_FILE).splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{file} cannot be read.", next_step="It has a sentence a line, in UTF-8.") from error
    lines = [each.strip() for each in given if each.strip() and not each.lstrip().startswith("#")]
    if not lines:
        raise BadInput("There is no sentence to try.", next_step='earwitness home try "turn on the hall light"')
    return lines


def _record(line: str, answer: Answer) -> dict[str, Any]:
    return {
        "sentence": line,
        "kind": answer.kind.value,
        "asks": answer.asks,
        "intent": answer.intents[0] if answer.intents else None,
        "intents": list(answer.intents),
        "reply": answer.reply,
        "changes": [
            {"entity": each.entity, "what": each.what, "before": each.before, "after": each.after}
            for each in answer.changes
        ],
        "calls": [
            {"service": each.service, "entities": list(each.entities), "data": dict(each.data)} for each in answer.calls
        ],
        "undo": answer.undo,
        "reason": answer.reason or None,
    }


def _show(line: str, answer: Answer, *, several: bool) -> None:
    if several:
        say(f"> {one_line(line)}")
    for intent in answer.intents:
        say(f"intent:  {intent['name']} {one_line(_slots(intent['slots']))}".rstrip())
    say(f"reply:   {one_line(answer.reply)}")
    for each in answer.changes:
        what = each.entity if each.what == "state" else f"{each.entity} {each.what}"
        say(f"changed: {one_line(what)}: {one_line(each.before)} -> {one_line(each.after)}")
    if not answer.changes:
        say("changed: nothing")
    if several:
        say("")


def _slots(slots: Mapping[str, Any]) -> str:
    return " ".join(f"{key}={value!r}" for key, value in slots.items() if key != "entities")
