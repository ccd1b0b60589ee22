"""After the replay: keys, recordings, jobs, epochs and rights that a restored house must not go on with."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from earwitness.backup.keycopies import KeyBackup
from earwitness.bootstrap import House
from earwitness.identity.device_rows import buried
from earwitness.jobs.work import State
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.ids import RandomBytes, new_id
from earwitness.ledger.rows import log_size
from earwitness.ledger.tombstones import Tombstone
from earwitness.storage.database import Database
from earwitness.storage.schema import (
    approval,
    deidentified,
    device,
    epoch,
    erasure,
    household,
    key_backup,
    meta,
    person,
    place,
    recording,
    staff,
    tombstone,
    work,
)
from earwitness.vault.audit import Event
from earwitness.vault.deidentified import SUBJECT as DEIDENTIFIED
from earwitness.vault.keyring import audit_key_id

PAGE = 1_000
RESTORER = Actor("restore", Role.PROGRAM)
RESTORED = "house:restored"


def begin(tx: Connection, backup: KeyBackup, now: int, random: RandomBytes = secrets.token_bytes) -> None:
    """Write down what deletion bounds and background work must know, before the replay states any bound.

    Epochs count from the key backup's: what the data backup says of that one and later ones was lost.
    A key backup made after the data backup has no row here; one row stands for all of them.
    """
    used = backup.manifest
    tx.execute(delete(epoch).where(epoch.c.number >= used.epoch))
    tx.execute(insert(epoch), [{"number": used.epoch, "opened_at": used.made_at}])
    tx.execute(delete(key_backup).where(key_backup.c.id == used.id))
    row = {"id": used.id, "epoch": used.epoch, "made_at": used.made_at, "expires_at": used.expires_at}
    tx.execute(insert(key_backup), [row])
    longest = tx.scalar(select(func.max(key_backup.c.expires_at - key_backup.c.made_at))) or 0
    unknown = {"id": new_id("kbk", random), "epoch": used.epoch, "made_at": now, "expires_at": now + longest}
    tx.execute(insert(key_backup), [unknown])
    leased = work.c.state == State.LEASED
    tx.execute(update(work).where(leased).values(state=State.READY, lease_token=None, lease_until=None))
    tx.execute(update(staff).where(staff.c.certified_until > now).values(certified_until=now))
    tx.execute(update(approval).where(approval.c.expires_at > now).values(expires_at=now))
    tx.execute(delete(meta).where(meta.c.key.like("clock.%")))  # the time between is no jump of the clock


def forget_buried_households(house: House) -> None:
    """Remove households whose tombstone is in the log, with all rows of theirs; their people were erased before."""
    with house.database.read() as tx:
        gone = list(tx.scalars(select(household.c.id).where(buried(household.c.tombstone))))
    for name in gone:
        house.removal.remove_subject_recordings(name)
        with house.database.write() as tx:
            house.removal.forget_subject(tx, name)
            for table in (place, device, person):
                tx.execute(delete(table).where(table.c.household_id == name))
            tx.execute(delete(household).where(household.c.id == name))


def destroy_dead_subjects(house: House) -> int:
    """Destroy the keys of everybody who is not here any more, or was not yet; return how many."""
    with house.database.read() as tx:
        living = {DEIDENTIFIED, *tx.scalars(select(household.c.id))}
        living |= set(tx.scalars(select(person.c.id).where(person.c.erased_at.is_(None))))
    prefix = audit_key_id("")
    held = [name.removeprefix(prefix) for name in house.keyring.key_ids() if name.startswith(prefix)]
    dead = [subject for subject in held if subject not in living]
    for subject in dead:
        house.keyring.destroy_subject(subject)
    return len(dead)


def lose_people_without_keys(house: House, now: int) -> int:
    """Let go of people who are newer than the key backup: nothing of theirs opens; return how many."""
    with house.database.read() as tx:
        alive = list(tx.scalars(select(person.c.id).where(person.c.erased_at.is_(None))))
    lost = [who for who in alive if not house.keyring.has_subject(who)]
    for who in lost:
        with house.database.write() as tx:
            house.removal.forget_subject(tx, who)
            gone = {"erased_at": now, "sealed": None, "recipient": None}
            tx.execute(update(person).where(person.c.id == who).values(**gone))
    return len(lost)


def remove_without_key(house: House) -> int:
    """Remove recordings and copies whose key is not in the ring; return how many."""
    removed = 0
    for page in _pages(house.database, select(recording.c.id), recording.c.id):
        held = house.keyring.keys(page)
        lost = [name for name in page if name not in held]
        if lost:
            house.removal.remove_expired(lost)
        removed += len(lost)
    for page in _pages(house.database, select(deidentified.c.id), deidentified.c.id):
        held = house.keyring.keys(page)
        lost = [name for name in page if name not in held]
        with house.database.write() as tx:
            tx.execute(delete(deidentified).where(deidentified.c.id.in_(lost)))
        removed += len(lost)
    return removed


def remove_expired(house: House, now: int, progress: Callable[[int], None]) -> int:
    """Remove recordings whose time has come, before their objects are copied; return how many."""
    removed = 0
    query = select(recording.c.id).where(recording.c.expires_at <= now)
    for page in _pages(house.database, query, recording.c.id):
        house.removal.remove_expired(page)
        removed += len(page)
        progress(removed)
    return removed


def resume_erasures(house: House, progress: Callable[[int], None]) -> int:
    """Carry out every accepted erasure, those of the replay and those that the backup found unfinished."""
    with house.database.read() as tx:
        accepted = list(tx.scalars(select(erasure.c.id).where(erasure.c.state == "accepted")))
    return sum(house.removal.remove(name, progress) for name in accepted)


def tell_everybody(house: House, details: dict[str, Any], now: int) -> None:
    """Write into everybody's log that the house was restored, and from when."""
    with house.database.read() as tx:
        subjects = [*tx.scalars(select(person.c.id).where(person.c.erased_at.is_(None)))]
        subjects += [name for name in tx.scalars(select(household.c.id)) if house.keyring.has_subject(name)]
    for start in range(0, len(subjects), PAGE):
        with house.database.write() as tx:
            events = [Event(who, now, RESTORER, RESTORED, details=details) for who in subjects[start : start + PAGE]]
            house.audit.append(tx, events)


def _pages(database: Database, query: Select[Any], column: Any) -> Iterator[list[str]]:
    last = ""
    while True:
        with database.read() as tx:
            page = list(tx.scalars(query.where(column > last).order_by(column).limit(PAGE)))
        if not page:
            return
        yield page
        last = page[-1]


def bury_announced(house: House, tx: Connection, tombstones: Sequence[Tombstone]) -> None:
    """Bury what the second copy announced beyond its checkpoint: committed by a house that crashed before it signed."""
    size = log_size(tx)
    ids = [each.id for each in tombstones if each.index >= size]
    there = set(tx.scalars(select(tombstone.c.id).where(tombstone.c.id.in_(ids)))) if ids else set()
    house.log.bury(tx, [each for each in ids if each not in there])
