"""Names instead of ids, where the asker may know them: themself, and the people and devices of their household."""

import re

from earwitness.identity.directory import Directory
from earwitness.identity.people import Person

YOU = "you"
HOUSEHOLD = "the household"
_ID = re.compile(r"\b(?:person|household|device)_[a-z2-7]{26}\b")


class Names:
    """What the people, devices and the household around one person are called."""

    def __init__(self, directory: Directory, person: Person) -> None:
        """Open the names once."""
        people = directory.people.list(person.household)
        devices = directory.devices.list(person.household)
        self._names = {each.id: each.name or each.id for each in people}
        self._names |= {each.id: each.label or each.id for each in devices}
        self._names |= {person.id: YOU, person.household: HOUSEHOLD}

    def of(self, id_: str) -> str:
        """Return the name of one of them, and of anybody else the id."""
        return self._names.get(id_, id_)

    def program(self, id_: str) -> str:
        """Return what a program is called here: a device by its name."""
        name = self.of(id_)
        return f"the program “{id_}”" if name == id_ else f"the device “{name}”"

    def within(self, text: str) -> str:
        """Return a text with the names in place of the ids in it."""
        return _ID.sub(lambda match: self.of(match[0]), text)
