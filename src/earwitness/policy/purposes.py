"""What recordings may be kept and used for. Nobody has said yes to any of it until they do."""

from enum import StrEnum


class Purpose(StrEnum):
    """Why something is kept or opened; each needs a yes of its own (``legal`` and ``support`` an approval)."""

    ASSIST = "assist"
    """To answer: the recording is heard by the machine and used for the reply."""
    HISTORY = "history"
    """To be kept for its person, who hears, reads and erases it."""
    REVIEW = "review"
    """To be heard by a human reviewer, as a copy that hides who it is."""
    TRAINING = "training"
    """To be learned from."""
    SUPPORT = "support"
    """To help a person who asked for help."""
    LEGAL = "legal"
    """To answer a request by an authority; two different members of staff decide."""


NEVER_OF_A_CHILD = frozenset({Purpose.REVIEW, Purpose.TRAINING, Purpose.SUPPORT, Purpose.LEGAL})
"""What a parent cannot say yes to for a child."""

NEEDED_TO_KEEP = frozenset({Purpose.ASSIST, Purpose.HISTORY})
"""Without a yes to both nothing of a person is kept."""
