"""A scratch installation for benchmarks: one person who said yes, on SQLite and files."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from earwitness.bootstrap import House, create_house, open_house
from earwitness.identity.people import Standing
from earwitness.kernel.actors import Actor
from earwitness.policy.purposes import NEEDED_TO_KEEP


@dataclass(frozen=True, slots=True)
class Bench:
    """An open scratch house and its one person."""

    house: House
    household: str
    person: str
    actor: Actor


@contextmanager
def scratch_house(folder: Path | None = None) -> Iterator[Bench]:
    """Make an installation in a folder below ``folder`` (the system's own place if None), removed at the end."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="earwitness-bench-") as scratch:
        data = Path(scratch) / "data"
        create_house(data)
        with open_house(data) as house:
            home = house.directory.households.add("Bench").id
            person = house.directory.people.add(home, "Bench", Standing.OWNER)
            with house.database.write() as tx:
                for purpose in NEEDED_TO_KEEP:
                    house.consents.record(tx, person.actor(), person.id, purpose)
            yield Bench(house, home, person.id, person.actor())
