"""The reference of all commands, written from the program itself; docs/commands.md holds it."""

from typing import Any

import typer

from earwitness.cli.commands import SECTIONS
from earwitness.cli.output import say
from earwitness.cli.plain import records
from earwitness.cli.root import make_root

HEAD = """\
# Commands

Written by `earwitness reference`; a test fails when this page is out of date.

Every command takes `--help` (`-h`) and `--json`. Results go to standard output; notes, progress and errors to standard
error, an error on one line (an object with `--json`). Exit codes: 0 done; 1 failed, or a check found something broken;
2 bad input, and nothing was changed; 3 a policy said no; 130 interrupted. Where there is nobody to ask (no terminal), a
command that asks wants `--yes`.

Moments are written as a date, a time, or `3d` for three days ago; without a zone they are local time. Ids may be
shortened to what tables show. `EARWITNESS_DATA` stands for `--data`, `EARWITNESS_AS` for `--as`.
"""
NO_JSON = {
    "earwitness bench": "its --json FILE writes the figures to a file",
    "earwitness reference": "it writes this page",
}
"""The commands without ``--json``, and why."""
NO_DATA = {
    "earwitness bench": "it measures on installations of its own",
    "earwitness device run": "it runs where the microphone is, with no installation",
    "earwitness home": "a home is a file or an address, not an installation",
    "earwitness reference": "it is about no installation",
    "earwitness review verify": "it needs the statement and the keys alone",
    "earwitness restore": "it makes a new one, named by --to",
    "earwitness witness": "it cosigns the logs of others",
}
"""The commands without ``--data``, and why."""


def register(app: typer.Typer) -> None:
    """Add the command, which the help does not show."""
    app.command("reference", hidden=True)(reference)


def reference() -> None:
    """Print the reference of all commands: docs/commands.md."""
    for line in page().rstrip("\n").split("\n"):
        say(line)


def page() -> str:
    """Return the page."""
    root: Any = make_root()
    with root.make_context("earwitness", [], resilient_parsing=True) as context:
        parts = [HEAD]
        for title, commands in SECTIONS.items():
            parts.append(f"## {title}\n")
            parts += [_entry(root.get_command(context, name), f"earwitness {name}", context) for name in commands]
    return "\n".join(parts)


def _entry(command: Any, path: str, parent: Any) -> str:
    """Describe one command, or a group and what is in it."""
    with command.context_class(command, info_name=path.rpartition(" ")[2], parent=parent) as context:
        if hasattr(command, "commands"):
            entries = [_entry(each, f"{path} {name}", context) for name, each in command.commands.items()]
            return f"### `{path}`\n\n{command.help}\n\n" + "\n".join(entries)
        level = "###" if path.count(" ") == 1 else "####"
        usage = " ".join([path, *command.collect_usage_pieces(context)])
        rows = [row for section in records(command, context).values() for row in section if row[0] != "-h, --help"]
        table = "".join(f"| `{_cell(name)}` | {_cell(text)} |\n" for name, text in rows)
        shown = [f"{level} `{path}`\n", f"{_text(command.help)}\n", f"    {usage}\n"]
        shown += [f"| | |\n|---|---|\n{table}"] if table else []
        shown += [_examples(command.epilog)] if command.epilog else []
        return "\n".join(shown)


def _text(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().split("\n"))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _examples(epilog: str) -> str:
    lines = [line[2:] for line in epilog.split("\n") if line.startswith("  ")]
    return "```\n" + "\n".join(lines) + "\n```\n"
