"""Finding what a person names: by name, by id, or by the short form of an id that tables show.

A recording is looked for among those that the asker may know of, so that a short id tells nothing
about anybody else's. Whether it may be opened is decided later, by the policies.
"""

import re
from collections.abc import Iterable

from sqlalchemy import select

from earwitness.bootstrap import House
from earwitness.identity.devices import Device
from earwitness.identity.people import Person
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.policy.answers import Answer
from earwitness.policy.purposes import Purpose
from earwitness.storage.schema import recording

NEWEST = "last"
_SHORT = re.compile(r"([a-z]+)_[a-z2-7]{4,25}")


def expand(text: str, kind: str, ids: Iterable[str]) -> str:
    """Return the one id of this kind that begins with ``text``; ``text`` itself if it is no short id.

    Raises:
        BadInput: several begin with it.
    """
    match = _SHORT.fullmatch(text)
    if match is None or match[1] != kind:
        return text
    found = [each for each in ids if each.startswith(text)]
    if len(found) > 1:
        raise BadInput(f"{len(found)} ids begin with that.", next_step="Give more of the id.")
    return found[0] if found else text


def find_person(house: House, text: str, household: str | None = None) -> Person:
    """Find a person by name, id or short id.

    Raises:
        NotFound: there is none.
        BadInput: several are meant.
    """
    people = house.directory.people
    return people.find(expand(text, "person", (each.id for each in people.list(household))), household)


def find_device(house: House, household: str, text: str) -> Device:
    """Find a device of a household by label, id or short id.

    Raises:
        NotFound: there is none.
        BadInput: several are meant.
    """
    devices = house.directory.devices
    return devices.find(household, expand(text, "device", (each.id for each in devices.list(household))))


def find_recording(house: House, person: Person, text: str) -> str:
    """Return the id of a recording that a person names: whole, short, or ``last`` for their newest.

    Raises:
        NotFound: nothing is kept of them, or no id begins like that.
        BadInput: several ids begin like that.
    """
    kept = select(recording.c.id).where(recording.c.state == "kept")
    if text == NEWEST:
        mine = kept.where(recording.c.subject_id == person.id).order_by(recording.c.started_at.desc())
        with house.database.read() as tx:
            newest: str | None = tx.scalars(mine.limit(1)).first()
        if newest is None:
            raise NotFound(
                "Nothing is kept of you.",
                next_step="What shared devices heard is the household's: earwitness history --shared",
            )
        return newest
    if not _SHORT.fullmatch(text):
        return text
    known = kept.where(recording.c.subject_id.in_(_known_subjects(house, person)), recording.c.id.startswith(text))
    with house.database.read() as tx:
        return expand(text, "rec", tx.scalars(known.limit(2)).all())


def find_in_household(house: House, household: str, text: str) -> str:
    """Return the id of any recording of a household, whole or short: for whoever manages it.

    Raises:
        BadInput: several ids begin like that.
    """
    if not _SHORT.fullmatch(text):
        return text
    known = select(recording.c.id).where(recording.c.household_id == household, recording.c.id.startswith(text))
    with house.database.read() as tx:
        return expand(text, "rec", tx.scalars(known.limit(2)).all())


def _known_subjects(house: House, person: Person) -> list[str]:
    """Return the person, their household, and who opened their history to them."""
    opened = Answer(Purpose.HISTORY, person.id)
    others = [each.id for each in house.directory.people.list(person.household) if each.id != person.id]
    with house.database.read() as tx:
        return [person.id, person.household, *(each for each in others if opened in house.consents.current(tx, each))]
