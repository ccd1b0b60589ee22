"""P4: nothing is kept longer than you chose.

Tried: keep a recording under the default; choose "a day", and see it re-dated; ask for it as if 25
hours had passed, and run the sweep for that moment; choose "nothing" and try to keep one more.
"""

from earwitness.kernel.clock import DAY, HOUR
from earwitness.kernel.errors import ConsentMissing, KeyDestroyed, NotFound
from earwitness.policy.purposes import Purpose
from earwitness.policy.retention import DEFAULT, RetentionChoice
from earwitness.promises.canary import Canary
from earwitness.promises.checks import must_refuse, require


def attempt(canary: Canary) -> str:
    """Try it; see the module."""
    house, anna = canary.house, canary.anna
    sample = canary.keep(anna)
    item = house.reading.find(sample.id)
    require(item.expires_at == item.kept_at + DEFAULT.lifetime_ms, "The default is not what is promised.")
    house.retention.choose(anna.actor, anna.id, RetentionChoice.DAY)
    item = house.reading.find(sample.id)
    require(item.expires_at == item.kept_at + DAY, "A new choice did not re-date what is kept.")
    house.retention.sweep(household=canary.household, now=item.kept_at + 25 * HOUR)
    must_refuse(
        "Playing what had expired",
        lambda: house.reading.play(anna.actor, sample.id, Purpose.HISTORY),
        NotFound,
        KeyDestroyed,
    )
    require(not house.keyring.keys([sample.id]), "The key of an expired recording is still there.")
    house.retention.choose(anna.actor, anna.id, RetentionChoice.NOTHING)
    must_refuse("Keeping against the choice to keep nothing", lambda: canary.keep(anna), ConsentMissing)
    return "chose a day: re-dated, and gone with its key after 25 hours; chose nothing: nothing more was kept"
