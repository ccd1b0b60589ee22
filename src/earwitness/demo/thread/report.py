"""What the thread found, as ``--json`` has it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Report:
    """Figures as they were measured; what was not measured is None."""

    promises: dict[str, str] = field(default_factory=dict)
    clips: int = 0
    drawn: int = 0
    withheld: int = 0
    annotated: int = 0
    accept_before: dict[str, float | None] = field(default_factory=lambda: {"clean": None, "noise_mean": None})
    accept_after: dict[str, float | None] = field(
        default_factory=lambda: {"clean": None, "noise_mean": None, "ci_low": None, "ci_high": None}
    )
    forgot: bool = False
    seconds: float = 0.0
    more: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The keys that others count on, and beside them what else was measured."""
        first = {
            "promises": self.promises,
            "clips": self.clips,
            "drawn": self.drawn,
            "withheld": self.withheld,
            "annotated": self.annotated,
            "accept_before": self.accept_before,
            "accept_after": self.accept_after,
            "forgot": self.forgot,
            "seconds": round(self.seconds, 1),
        }
        return first | self.more


@dataclass(slots=True)
class Teller:
    """Tells a line a step, each with the seconds since the beginning."""

    say: Callable[[str], None]
    quietly: Callable[[str], None] = lambda _: None
    begun: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.begun

    def tell(self, text: str) -> None:
        """Tell a step that is done."""
        self.say(f"{self.seconds:6.1f} s  {text}")
