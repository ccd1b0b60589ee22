"""The answers of a sentence file: Jinja templates, in a sandbox, checked when the file is read.

A template knows ``slots`` (what was said for each), ``now`` (the household's time), ``area`` and ``device`` (names).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jinja2
import jinja2.meta
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from earwitness.kernel.errors import BadInput
from earwitness.understanding.sentence_files import SentenceFile

KNOWN = frozenset({"slots", "now", "area", "device"})
LONGEST_ANSWER = 1_000
LONGEST_TEMPLATE = 4_000


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox without what could make an answer endless: no ``*``, ``**``, no range."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse."""
        del context, left, right
        raise SecurityError(f"'{operator}' is not for answers.")


_SANDBOX = _Sandbox(autoescape=False)
_SANDBOX.globals.clear()


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, ready to be filled; ``place`` is its file and line, ``source`` the template's own text."""

    place: str
    source: str
    template: jinja2.Template

    def fill(self, known: Mapping[str, Any]) -> str:
        """The words.

        Raises:
            BadInput: the template stumbled over what was said; file and line are named.
        """
        try:
            said = " ".join(self.template.render(known).split())
        except Exception as error:
            raise BadInput(f"{self.place}: the answer can not be filled in.", next_step="Mend the template.") from error
        return said[:LONGEST_ANSWER]


def answers_of(file: SentenceFile) -> dict[str, dict[str, Answer]]:
    """The answers of a file by intent and key.

    Raises:
        BadInput: one is no template or asks for something unknown; file and line are named.
    """
    return {
        intent: {key: _answer(file, intent, key, text) for key, text in each.items()}
        for intent, each in file.responses().items()
    }


def _answer(file: SentenceFile, intent: str, key: str, text: str) -> Answer:
    where = ("responses", "intents", intent, key)
    line = file.lines.get(where, 1)
    if len(text) > LONGEST_TEMPLATE:
        raise file.fail(where, "the answer is too long.")
    try:
        unknown = jinja2.meta.find_undeclared_variables(_SANDBOX.parse(text)) - KNOWN
        template = _SANDBOX.from_string(text)
    except jinja2.TemplateSyntaxError as error:
        at = line + (error.lineno or 1) - 1
        raise BadInput(f"{file.name}, line {at}: the answer is no template: {error.message}") from error
    if unknown:
        raise file.fail(where, f"the answer asks for '{min(unknown)}'.", f"Known are {', '.join(sorted(KNOWN))}.")
    return Answer(f"{file.name}, line {line}", text, template)
