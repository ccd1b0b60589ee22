"""Commands on the pages exist with the options they are shown with, and every command explains itself."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from earwitness.cli.reference import NO_DATA, NO_JSON, page
from earwitness.cli.root import make_root

ROOT = Path(__file__).parents[3]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
MENTION = re.compile(r"`earwitness ([a-z][a-z-]*)")
EXAMPLE = re.compile(r"^ *(?:EARWITNESS_\w+=\S+ )?earwitness ([^#\n]+)", re.MULTILINE)
ESSENTIAL = {"--data", "--json"}


def commands_of(command: Any) -> dict[str, Any]:
    if command.name == "earwitness":
        return {name: command.get_command(None, name) for name in [*command.commands, "reference"]}
    return dict(getattr(command, "commands", {}))


def every_command(command: Any = None, path: str = "earwitness") -> Iterator[tuple[str, Any]]:
    """Every command that does something, with its words."""
    found = commands_of(command or make_root())
    for name, each in found.items():
        if commands_of(each):
            yield from every_command(each, f"{path} {name}")
        else:
            yield f"{path} {name}", each


EVERY = dict(every_command())


def options_of(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts if option.startswith("-")}


def fenced(text: str) -> str:
    """The code blocks of a page."""
    return "\n".join(re.findall(r"^```[a-z]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("page_", PAGES, ids=lambda page_: str(page_.relative_to(ROOT)))
def test_commands_on_a_page_exist(page_: Path) -> None:
    known = set(commands_of(make_root()))
    text = page_.read_text()
    named = set(MENTION.findall(text)) | {line.split()[0] for line in EXAMPLE.findall(fenced(text))}
    assert named <= known


def require_real(example: str) -> None:
    words = shlex.split(example.rstrip("\\"))
    command: Any = make_root()
    while words and words[0] in commands_of(command):
        command = commands_of(command)[words.pop(0)]
    assert {word for word in words if word.startswith("-") and word != "-"} <= options_of(command), example


def test_the_first_five_minutes_have_real_options() -> None:
    examples = EXAMPLE.findall(fenced((ROOT / "README.md").read_text()))
    assert len(examples) > 8
    for example in examples:
        require_real(example)


@pytest.mark.parametrize("path", EVERY)
def test_a_command_explains_itself(path: str) -> None:
    command = EVERY[path]
    assert command.help, path
    assert [each.name for each in command.params if not each.help] == []
    if path.startswith("earwitness bench") or command.hidden:
        return
    examples = EXAMPLE.findall(command.epilog)
    assert examples, path
    assert all(f"earwitness {each}".startswith(path) for each in examples)
    for example in examples:
        require_real(example)


@pytest.mark.parametrize("path", EVERY)
def test_a_command_takes_the_options_that_all_take(path: str) -> None:
    without = {"--data"} if any(path.startswith(each) for each in NO_DATA) else set()
    without |= {"--json"} if any(path.startswith(each) for each in NO_JSON) else set()
    assert options_of(EVERY[path]) >= ESSENTIAL - without


@pytest.mark.parametrize("without", [NO_DATA, NO_JSON])
def test_what_a_command_does_without_has_a_reason(without: dict[str, str]) -> None:
    assert all(any(path.startswith(each) for path in EVERY) and reason for each, reason in without.items())


def test_the_reference_is_up_to_date() -> None:
    assert (ROOT / "docs" / "commands.md").read_text() == page(), "Run: earwitness reference > docs/commands.md"


def test_the_reference_is_whole() -> None:
    written = page()
    assert [path for path, command in EVERY.items() if not command.hidden and f"# `{path}`\n" not in written] == []
