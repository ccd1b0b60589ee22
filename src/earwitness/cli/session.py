"""What most commands begin with: open the house, and find out who is asking.

The command line stands on the machine that holds the keys, so it takes a person's word for who they
are; the web asks for more. Whoever says they are somebody else is in the log all the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from earwitness.bootstrap import House, open_house
from earwitness.cli.finding import expand, find_person
from earwitness.cli.passphrase import ask_passphrase
from earwitness.identity.households import Household, HouseholdKind
from earwitness.identity.people import Age, Person
from earwitness.kernel.errors import BadInput, NotFound


@contextmanager
def opened(data: Path) -> Iterator[House]:
    """Open the house for one command, and close it with its log published."""
    with open_house(data, passphrase=ask_passphrase) as house:
        yield house


def asking(house: House, name: str) -> Person:
    """Return the person who asks: the named one, or the only adult there is.

    Raises:
        NotFound: nobody is here yet, or nobody of that name.
        BadInput: there are several adults and none was named.
    """
    if name:
        return find_person(house, name)
    homes = {each.id for each in households(house)}
    adults = [each for each in house.directory.people.list() if each.age is Age.ADULT and each.household in homes]
    if not adults:
        raise NotFound("Nobody lives here yet.", next_step="earwitness person add NAME --owner")
    if len(adults) > 1:
        raise BadInput(f"{len(adults)} adults live here.", next_step="Say who you are with --as NAME.")
    return adults[0]


def households(house: House) -> list[Household]:
    """Return the households of real people."""
    return [each for each in house.directory.households.list() if each.kind is not HouseholdKind.CANARY]


def one_household(house: House, name: str) -> Household:
    """Return the named household, or the only one there is.

    Raises:
        NotFound: there is none.
        BadInput: there are several and none was named.
    """
    if name:
        homes = house.directory.households
        return homes.find(expand(name, "household", (each.id for each in homes.list())))
    found = households(house)
    if not found:
        raise NotFound("There is no household yet.", next_step="earwitness household add NAME")
    if len(found) > 1:
        raise BadInput(f"There are {len(found)} households.", next_step="Say which with --household NAME.")
    return found[0]
