"""What can be asked for, of what, and what the log is told about it."""

from dataclasses import dataclass
from enum import StrEnum

from earwitness.kernel.actors import Actor
from earwitness.policy.purposes import Purpose


class Action(StrEnum):
    """Everything that needs a grant, named ``resource:action``. The part before the colon says what the resource is."""

    RECORDING_LIST = "recording:list"
    RECORDING_READ = "recording:read"
    """Transcript, reply and why."""
    RECORDING_PLAY = "recording:play"
    RECORDING_EXPORT = "recording:export"
    RECORDING_ERASE = "recording:erase"
    RECORDING_DEIDENTIFY = "recording:deidentify"
    """To make the copy that hides who it is; for programs alone."""
    RECORDING_REVIEW = "recording:review"
    """To hear and annotate the reviewer's copy, never the original."""
    RECORDING_CORRECT = "recording:correct"
    """To say what was really said or meant; for whose it is."""
    RECORDING_LEARN = "recording:learn"
    """To be an example that a model is fitted to; for the learner alone."""
    LEDGER_READ = "ledger:read"
    """The sealed entries about one person or household; the resource's id is the subject's."""
    PERSON_MANAGE = "person:manage"
    PERSON_EXPORT = "person:export"
    PERSON_ERASE = "person:erase"
    PERSON_IDENTIFY = "person:identify"
    """To learn who a person is; takes two members of staff."""
    HOUSEHOLD_READ = "household:read"
    HOUSEHOLD_MANAGE = "household:manage"

    @property
    def resource_kind(self) -> str:
        """What the resource is: recording, ledger, person or household."""
        return self.value.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Resource:
    """What is to be opened. A recording action on a subject's own id is about all of the subject's."""

    id: str
    subject: str
    household: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it is judged at ``now`` (ms since the epoch)."""

    actor: Actor
    action: Action
    purpose: Purpose
    resources: tuple[Resource, ...]
    now: int


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """What the log of ``subject`` is told before a grant exists. Moments in ms since the epoch."""

    subject: str
    actor: Actor
    action: Action
    purpose: Purpose
    resources: tuple[str, ...]
    grant: str
    at: int
    expires_at: int


class Program(StrEnum):
    """The programs that open things by themselves; the id of an actor of role ``program``."""

    RETENTION = "retention"
    DEIDENTIFIER = "deidentifier"
    WITHDRAWAL = "withdrawal"
    DRAW = "draw"
    LEARNER = "learner"
    VOICE = "voice"
    """Whoever speaks at a shared device; a voice is no proof of who that is."""
