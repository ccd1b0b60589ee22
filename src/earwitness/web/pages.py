"""The hub's HTML pages. Templates escape everything and fail on a name that is not given."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from earwitness.kernel.clock import rfc3339

PUBLIC = Path(__file__).parent / "public"

STATES = {
    "held": ("✓", "held"),
    "broken": ("✕", "broken"),
    "not_built": ("○", "not built yet"),
}


class PromiseRow(Protocol):
    """The latest result of one promise; ``at`` is its moment in ms, None if it was never tried."""

    @property
    def id(self) -> str:
        """``P1`` to ``P16``."""
        ...

    @property
    def title(self) -> str:
        """What is promised, in one sentence."""
        ...

    @property
    def state(self) -> str:
        """``held``, ``broken`` or ``not_built``."""
        ...

    @property
    def tried(self) -> str:
        """How it was tried."""
        ...

    @property
    def at(self) -> int | None:
        """When it was tried, ms."""
        ...


@dataclass(frozen=True, slots=True)
class _Shown:
    id: str
    title: str
    state: str
    mark: str
    label: str
    tried: str
    at: str


class Pages:
    """Renders what is shown; holds the compiled templates."""

    def __init__(self) -> None:
        """Load the templates of ``web/public``."""
        self._templates = Environment(
            loader=FileSystemLoader(PUBLIC),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def promises(
        self,
        rows: Sequence[PromiseRow],
        version: str,
        address: str,
        *,
        visitor: object | None = None,
        can_enter: bool = False,
    ) -> str:
        """The table of the promises; ``address`` is where the hub was asked, with a slash at its end.

        ``visitor`` is who is signed in, and ``can_enter`` says that one can be.
        """
        shown = [_show(row) for row in rows]
        counts = {state: sum(row.state == state for row in shown) for state in (*STATES, "unknown")}
        newest = max((row.at for row in rows if row.at is not None), default=None)
        return self._templates.get_template("promises.html").render(
            rows=shown,
            counts=counts,
            newest=rfc3339(newest) if newest is not None else "",
            version=version,
            address=address,
            visitor=visitor,
            can_enter=can_enter,
        )

    def problem(self, status: int, title: str, text: str) -> str:
        """A page that says what went wrong, without repeating anything of the request."""
        return self._templates.get_template("problem.html").render(status=status, title=title, text=text)


def _show(row: PromiseRow) -> _Shown:
    state = row.state if row.state in STATES and row.at is not None else "unknown"
    mark, label = STATES.get(state, ("?", "not tried yet"))
    at = rfc3339(row.at) if row.at is not None else ""
    return _Shown(id=row.id, title=row.title, state=state, mark=mark, label=label, tried=row.tried, at=at)
