"""A village of made-up households over a real database: identity and policy wired for a test.

The rooms are the product's. The log is a short stand-in: tombstones become rows as the ledger writes
them, and changes are kept in a list in the order in which the person's log would get them.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, insert, select

from earwitness.identity.agreements import Agreements
from earwitness.identity.changes import ChangeRecord
from earwitness.identity.contacts import Contacts
from earwitness.identity.device_facts import DeviceFacts
from earwitness.identity.device_rows import DeviceMode
from earwitness.identity.devices import Device, Devices
from earwitness.identity.households import HouseholdKind, Households
from earwitness.identity.pairing import Pairings
from earwitness.identity.people import Age, People, Person, Standing
from earwitness.identity.places import Places
from earwitness.identity.staff import Staff
from earwitness.kernel.clock import DAY, Clock
from earwitness.kernel.errors import StorageError
from earwitness.kernel.ids import new_id
from earwitness.policy.access import Access, AccessRecord, Resource
from earwitness.policy.approvals import Approvals
from earwitness.policy.consent import Consents
from earwitness.policy.keeping import KeepDecision, may_keep
from earwitness.policy.purposes import Purpose
from earwitness.policy.retention import Retention, RetentionChoice
from earwitness.storage.database import Database
from earwitness.storage.schema import recording, tombstone
from earwitness.testing.canary import HOUSEHOLD, canary
from earwitness.testing.sealer import MemorySealer


@dataclass
class ShortLog:
    """What the log above identity and policy would be told; ``broken`` makes it refuse."""

    changes: list[ChangeRecord] = field(default_factory=list)
    accesses: list[AccessRecord] = field(default_factory=list)
    broken: bool = False

    def bury(self, tx: Connection, ids: Sequence[bytes]) -> None:
        """Write tombstone rows; like the ledger, refuse one that is there already."""
        first = tx.execute(select(func.coalesce(func.max(tombstone.c.idx), -1))).scalar_one() + 1
        tx.execute(insert(tombstone), [{"idx": first + n, "id": each} for n, each in enumerate(ids)])

    def record_change(self, _: Connection, change: ChangeRecord) -> None:
        """Keep a change."""
        self.changes.append(change)

    def record_access(self, records: Sequence[AccessRecord]) -> None:
        """Keep the entries of a grant, or fail as a full disk does."""
        if self.broken:
            raise StorageError("The log cannot be written.")
        self.accesses += records


class Village:
    """Identity and policy over one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Wire the rooms; nobody lives here yet."""
        self.database = database
        self.clock = clock
        self.log = ShortLog()
        self.sealer = MemorySealer()
        self.households = Households(database, self.sealer, clock)
        self.people = People(database, self.sealer, clock)
        self.devices = Devices(database, self.sealer, clock, self.log.bury)
        self.pairings = Pairings(database, clock, self.log.bury)
        self.device_facts = DeviceFacts(database, self.sealer, clock)
        self.agreements = Agreements(database, clock, self.log.bury, self.log.record_change)
        self.places = Places(database, self.sealer)
        self.contacts = Contacts(database, self.sealer)
        self.staff = Staff(database, clock)
        self.consents = Consents(database, clock, self.log.bury, self.log.record_change)
        self.retention = Retention(database, clock, self.log.bury, self.log.record_change)
        self.approvals = Approvals(database, clock)
        self.access = Access(database, clock, self.log.record_access)

    def household(self, kind: HouseholdKind = HouseholdKind.HOME) -> str:
        """Add a household; return its id."""
        return self.households.add(HOUSEHOLD, kind).id

    def person(self, household: str, standing: Standing = Standing.MEMBER, age: Age = Age.ADULT) -> Person:
        """Add a person with a made-up name."""
        return self.people.add(household, canary(f"person {len(self.people.list())}"), standing, age)

    def device(self, household: str, mode: DeviceMode, person: str | None = None) -> Device:
        """Add a device."""
        return self.devices.add(household, canary("device"), mode, person)

    def say_yes(self, who: Person, *purposes: Purpose, toward: str | None = None) -> None:
        """Let a person say yes for themself."""
        with self.database.write() as tx:
            for purpose in purposes:
                self.consents.record(tx, who.actor(), who.id, purpose, toward)

    def say_no(self, who: Person, *purposes: Purpose, toward: str | None = None) -> None:
        """Let a person say no for themself."""
        with self.database.write() as tx:
            for purpose in purposes:
                self.consents.withdraw(tx, who.actor(), who.id, purpose, toward)

    def choose(self, who: Person, choice: RetentionChoice) -> None:
        """Let a person choose how long to keep."""
        with self.database.write() as tx:
            self.retention.choose(tx, who.actor(), who.id, choice)

    def may_keep(self, device: str | None, person: str | None = None) -> KeepDecision:
        """Ask whether something may be kept."""
        with self.database.read() as tx:
            return may_keep(tx, device, person)

    def recording(self, household: str, subject: str, device: str | None = None) -> Resource:
        """Write a recording's row as the vault would, for a year; return it as a resource."""
        now = self.clock.now_ms()
        row = {
            "id": new_id("rec"),
            "subject_id": subject,
            "household_id": household,
            "device_id": device,
            "started_at": now,
            "kept_at": now,
            "expires_at": now + 365 * DAY,
            "identity_until": now + 183 * DAY,
            "duration_ms": 1_000,
            "state": "kept",
            "tombstone": secrets.token_bytes(16),
        }
        with self.database.write() as tx:
            tx.execute(insert(recording), [row])
        return Resource(str(row["id"]), subject, household)

    def change(self, statement: Callable[[Connection], object]) -> None:
        """Do to the database what a floor above would do."""
        with self.database.write() as tx:
            statement(tx)
