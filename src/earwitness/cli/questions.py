"""Questions to a person at a terminal. Where nobody can be asked, a command says so and never waits."""

import sys

import typer

from earwitness.kernel.errors import BadInput


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if the answer is yes; ``yes`` answers beforehand.

    Raises:
        BadInput: there is nobody to ask.
        typer.Abort: the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise BadInput("This asks before it does anything, and here is nobody to ask.", next_step="Add --yes.")
    while True:
        sys.stderr.write(f"{question} [y/N]: ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        answer = line.strip().casefold()
        if answer in {"y", "yes"}:
            return
        if not line or answer in {"", "n", "no"}:
            sys.stderr.write("" if line else "\n")
            raise typer.Abort
