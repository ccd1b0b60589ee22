"""How much comparing old and new may cost."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """``seconds`` of clock, and at most so many clips."""

    seconds: float = 120.0
    clips: int = 60
