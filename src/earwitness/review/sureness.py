"""How sure the recogniser was of a turn, as its trace says: draws look more often where it was not."""

import json
from typing import Final

STEP: Final = "recognition"


def sureness(trace: bytes) -> float | None:
    """Return the score (0 to 1) of the trace's recognition; None if there is none."""
    try:
        steps = json.loads(trace)
    except ValueError:
        return None
    found = [each.get("score") for each in steps if isinstance(each, dict) and each.get("step") == STEP]
    return float(found[-1]) if found and isinstance(found[-1], int | float) else None
