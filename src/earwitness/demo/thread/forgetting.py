"""One person takes the yes to training back, and one erases everything; shown by what can still be opened."""

import time
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from earwitness.bootstrap import House
from earwitness.demo.thread.cast import Role
from earwitness.demo.thread.report import Teller
from earwitness.jobs.work import State as WorkState
from earwitness.jobs.work import listing
from earwitness.kernel.errors import AccessDenied, EarwitnessError, KeyDestroyed, NotFound
from earwitness.learning.forget import RELEARN_JOB
from earwitness.learning.kinds import FORGET_JOB
from earwitness.learning.release import Release, State
from earwitness.learning.snapshot import SHARED
from earwitness.ledger.notes import parse_verifier_key
from earwitness.ledger.proof import verify_receipt
from earwitness.policy.purposes import Purpose
from earwitness.storage.schema import artefact, recording
from earwitness.storage.schema.learning import learning_example
from earwitness.vault.keyring import Keyring
from earwitness.vault.scope import Scope, ScopeKind

BACKGROUND_SECONDS: Final = 420.0
LOOK_AGAIN: Final = 0.5


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was found afterwards; ``wrong`` names each thing that should be gone and is not.

    ``destroyed`` counts models that are gone, ``shared`` those of them that everybody used.
    """

    recordings: int
    receipts: int
    destroyed: int
    shared: int
    learned_again: Release | None
    wrong: tuple[str, ...]

    @property
    def forgot(self) -> bool:
        """Whether everything that should be gone is gone."""
        return not self.wrong


def forget(house: House, withdraws: Role, erases: Role, teller: Teller) -> Forgotten:
    """Let both say so, wait for the hub's background work, and look what is left.

    Raises:
        EarwitnessError: one of the acts was refused.
    """
    taught = _taught(house, {withdraws.person.id, erases.person.id})
    mine = recordings_of(house, erases)
    with house.database.write() as tx:
        house.consents.withdraw(tx, withdraws.person.actor(), withdraws.person.id, Purpose.TRAINING)
    teller.quietly("withdrawn")
    accepted = house.erasure.erase(
        erases.person.actor(), Scope(ScopeKind.PERSON, erases.person.id, erases.person.household)
    )
    teller.quietly("erased")
    house.removal.remove(accepted.erasure)
    said = f"none could be opened {accepted.unreadable_ms} ms after the word was given"
    teller.tell(f"erased {len(mine)} recordings; {said}")
    _wait(house, teller)
    wrong = [*_still_there(house, taught, withdraws, erases), *still_readable(house, erases, mine)]
    receipts, bad = _receipts(house, erases.person.id)
    gone = [each for each in taught if each.files and not _stands(house, each)]
    shared = sum(each.subject == SHARED for each in gone)
    return Forgotten(len(mine), receipts, len(gone), shared, house.learning.releases.current(), (*wrong, *bad))


def _taught(house: House, people: set[str]) -> list[Release]:
    """The releases that were learned from one of these people or tested on them, and stand."""
    standing = [each for each in house.learning.releases.list() if each.state is not State.DESTROYED]
    query = select(learning_example.c.snapshot_id).where(learning_example.c.subject_id.in_(people))
    with house.database.read() as tx:
        known = set(tx.scalars(query))
    return [each for each in standing if each.snapshot in known]


def recordings_of(house: House, role: Role) -> list[str]:
    """What is kept of somebody, by id."""
    with house.database.read() as tx:
        return list(tx.scalars(select(recording.c.id).where(recording.c.subject_id == role.person.id)))


def _wait(house: House, teller: Teller) -> None:
    """Wait until the hub has ended the models and has learned again without those who left."""
    until = time.monotonic() + BACKGROUND_SECONDS
    while time.monotonic() < until:
        with house.database.read() as tx:
            waiting = [
                row
                for kind in (FORGET_JOB, RELEARN_JOB)
                for state in (WorkState.READY, WorkState.LEASED)
                for row in listing(tx, state=state, kind=kind)
            ]
        if not waiting:
            return
        again = any(each.kind == RELEARN_JOB and each.state is WorkState.LEASED for each in waiting)
        teller.quietly("learning again" if again else "forgetting")
        time.sleep(LOOK_AGAIN)


def _still_there(house: House, taught: list[Release], *roles: Role) -> list[str]:
    """What still holds something of people who left: a model that opens, a row, a release made since."""
    found = []
    for each in taught:
        if _opens(house, each):
            found.append("a model that learned from them still opens")
        if _stands(house, each):
            found.append("a model that learned from them is not destroyed")
        if (house.data / "run" / "models" / each.id).exists():
            found.append("a model that learned from them lies open")
    people = {role.person.id for role in roles}
    with house.database.read() as tx:
        if tx.scalar(select(func.count()).where(learning_example.c.subject_id.in_(people))):
            found.append("there are rows about what they taught")
    if _taught(house, people):
        found.append("a model was learned from them again")
    return found


def _opens(house: House, release: Release) -> bool:
    """Whether there is anything of a release that opens."""
    try:
        return bool(house.learning.releases.content(release))
    except EarwitnessError:
        return False


def _stands(house: House, release: Release) -> bool:
    """Whether a release is not destroyed; of an erased household not even the row is left."""
    try:
        return house.learning.releases.find(release.id).state is not State.DESTROYED
    except NotFound:
        return False


def still_readable(house: House, role: Role, recordings: list[str]) -> list[str]:
    """What of erased recordings is still there: to be found, to be opened, or their keys."""
    found = []
    for name in recordings:
        try:
            house.reading.find(name)
            found.append("an erased recording is found")
        except NotFound:
            pass
    with house.database.read() as tx:
        if tx.scalar(select(func.count()).where(artefact.c.recording_id.in_(recordings))):
            found.append("something of an erased recording is stored")
    try:
        house.history.page(role.person.actor(), [role.person.id])
        found.append("the history of an erased person opens")
    except (AccessDenied, NotFound, KeyDestroyed):
        pass
    return found + _key(house.keyring, role.person.id)


def _key(keyring: Keyring, subject: str) -> list[str]:
    try:
        keyring.seal(subject, "demonstration", b"x")
    except EarwitnessError:
        return []
    return ["the key of an erased person works"]


def _receipts(house: House, subject: str) -> tuple[int, list[str]]:
    """Verify each receipt from its file and the log's key alone; return how many hold, and what is wrong."""
    key, good, wrong = parse_verifier_key(house.log.signer.vkey), 0, []
    for each in house.receipts.of(subject):
        try:
            verify_receipt(house.receipts.file(each.id), key)
            good += 1
        except EarwitnessError:
            wrong.append("a receipt does not verify")
    return good, wrong if good else [*wrong, "there is no receipt"]
