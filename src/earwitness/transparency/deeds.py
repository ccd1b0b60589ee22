"""The actions of the log in words, for every place that shows them."""

from collections.abc import Mapping
from typing import Any, Final

DEEDS: Final = {
    "recording:list": "listed",
    "recording:read": "read",
    "recording:play": "played",
    "recording:export": "exported",
    "recording:erase": "asked to erase",
    "recording:erased": "erased",
    "recording:keep": "kept",
    "recording:deidentify": "de-identified",
    "recording:review": "opened the disguised copy of",
    "review:drawn": "drew for review",
    "review:withdrawn": "withdrew, because a child or a guest can be heard,",
    "ledger:read": "looked at this log",
    "person:manage": "managed",
    "person:export": "exported all of it",
    "person:erase": "asked to erase all",
    "person:identify": "learned who you are",
    "household:read": "looked at",
    "household:manage": "reported about",
    "consent:give": "said yes to",
    "consent:withdraw": "said no to",
    "retention:choose": "chose to keep",
    "listening:choose": "chose how many others may hear",
    "recording:correct": "put right",
    "recording:learn": "learned from",
    "recording:added": "added to",
    "learning:forgotten": "had forgotten what was learned from",
    "device:confirm": "confirmed",
    "device:agree": "agreed to",
    "device:disagree": "took back the yes to",
    "incident:notice": "sent a notice",
    "house:restored": "restored a backup",
}
"""The actions of the log in words; one that is not here is shown as it is."""
ADDED: Final = {
    "annotation": "what was heard to",
    "correction": "a correction to",
    "escalation": "a question to",
    "review-copy": "a disguised copy to",
    "review-text": "the words of the disguised copy to",
}
"""What was added, by its kind, where a kind is named."""


def deed(action: str, details: Mapping[str, Any]) -> str:
    """Say in words what was done; ``details`` are those of the entry."""
    if action == "recording:added" and details.get("kind") in ADDED:
        return f"added {ADDED[details['kind']]}"
    return DEEDS.get(action, action)
