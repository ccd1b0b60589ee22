"""Commands that the pages of the project name exist, with the options they are shown with."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from earwitness.cli.app import make_app

ROOT = Path(__file__).parents[3]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
MENTION = re.compile(r"`earwitness ([a-z][a-z-]*)")
EXAMPLE = re.compile(r"^ *earwitness ([^#\n]+)", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_on_a_page_exist(page: Path) -> None:
    known = set(commands_of(get_command(make_app())))
    text = page.read_text()
    named = set(MENTION.findall(text)) | {shlex.split(line)[0] for line in EXAMPLE.findall(fenced(text))}
    assert named <= known


def test_the_first_five_minutes_have_real_options() -> None:
    top: Any = get_command(make_app())
    examples = EXAMPLE.findall(fenced((ROOT / "README.md").read_text()))
    assert len(examples) > 8
    for example in examples:
        words = shlex.split(example)
        command = top
        while words and words[0] in commands_of(command):
            command = command.commands[words.pop(0)]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= known, example


def commands_of(command: Any) -> dict[str, Any]:
    return getattr(command, "commands", {})


def fenced(text: str) -> str:
    """The code blocks of a page."""
    return "\n".join(re.findall(r"^```[a-z]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
