"""The templates of all rooms of the web, and how a page leaves.

Templates escape everything and fail on a name that is not given. Pages of the app may run the hub's own scripts and
send forms to the hub, nothing else; scripts cannot make markup out of text (Trusted Types). Public pages run none.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from earwitness import __version__
from earwitness.kernel.clock import DAY, HOUR, MINUTE, parse_rfc3339, rfc3339

HERE = Path(__file__).parent
FOLDERS = (HERE / "public", *(HERE / room / "templates" for room in ("sign_in", "household", "listen")))
APP_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
APP_HEADERS = {
    "Content-Security-Policy": APP_POLICY,
    "Referrer-Policy": "same-origin",  # with none at all a browser sends its own forms without an Origin
}


class Templates:
    """Renders pages; moments are shown in the time of the house, ``zone``."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        """Compile the templates of every room."""
        self._zone = zone
        self._environment = Environment(
            loader=FileSystemLoader(FOLDERS),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(version=__version__)
        self._environment.filters.update(
            day=self.day,
            clock=self.clock,
            moment=self.moment,
            rfc3339=rfc3339,
            seconds=seconds,
            span=span,
            parsed=parse_rfc3339,
        )

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Return a page as text."""
        return self._environment.get_template(name).render(values)

    def page(self, name: str, values: Mapping[str, Any], status: int = 200) -> HTMLResponse:
        """Return a page of the app."""
        return HTMLResponse(self.render(name, values), status, APP_HEADERS)

    def local(self, ms: int) -> datetime:
        """Return a moment in the time of the house."""
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone(self._zone)

    def day(self, ms: int) -> str:
        """Write the day: ``Saturday 21 November 2026``."""
        moment = self.local(ms)
        return f"{moment:%A} {moment.day} {moment:%B %Y}"

    def clock(self, ms: int) -> str:
        """Write the time of day: ``14:05``."""
        return f"{self.local(ms):%H:%M}"

    def moment(self, ms: int) -> str:
        """Write day and time: ``21 Nov 2026, 14:05``."""
        moment = self.local(ms)
        return f"{moment.day} {moment:%b %Y, %H:%M}"


def seconds(ms: int) -> str:
    """Write a length: ``2.4 s``."""
    return f"{ms / 1000:.1f} s" if ms < MINUTE else f"{ms // MINUTE}:{ms % MINUTE // 1000:02} min"


def span(ms: int) -> str:
    """Write a span in its largest unit: ``3 days``."""
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if ms >= unit:
            count = ms // unit
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "less than a minute"
