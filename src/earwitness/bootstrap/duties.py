"""The background work that comes up by itself, and who does it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from earwitness.kernel.clock import DAY, HOUR, MINUTE
from earwitness.review.withdrawal import JOB as WITHDRAW_JOB
from earwitness.vault import epochs
from earwitness.vault.removal import REMOVE_JOB
from earwitness.web.sign_in.sessions import Sessions

if TYPE_CHECKING:
    from earwitness.bootstrap.house import House


@dataclass(frozen=True, slots=True)
class Duty:
    """Background work that comes up by itself: under which kind, how often (ms), and what is done."""

    kind: str
    every_ms: int
    action: Callable[["House"], object]


def _turn_if_due(house: "House") -> None:
    house.keyring.refresh()  # an epoch that another process has ended is forgotten here too
    if epochs.due(house.database, house.keyring, house.clock, house.settings.rotation_ms):
        house.turn_epoch()


DUTIES = {
    "retention": Duty("vault.retain", HOUR, lambda house: house.retention.sweep()),
    "epoch": Duty("vault.turn", HOUR, _turn_if_due),
    "completion": Duty("vault.complete", HOUR, lambda house: house.removal.complete_due()),
    "sweep": Duty("vault.sweep", DAY, lambda house: house.sweep()),
    "lapse": Duty("staff.lapse", DAY, lambda house: house.directory.staff.lapse_unused(house.clock.now_ms())),
    "sign-in": Duty("web.sweep", DAY, lambda house: Sessions(house.database, house.clock).sweep()),
    "cosigning": Duty("ledger.cosign", 5 * MINUTE, lambda house: house.log.cosign() if house.log.witnesses else None),
}


def take_duties(house: "House") -> None:
    """Say what this process does for each kind of background work."""
    house.handlers.add(REMOVE_JOB, lambda payload: _ignore(house.removal.remove(str(payload["erasure"]))))
    house.handlers.add(WITHDRAW_JOB, house.review.withdrawals.work)
    for kind, handler in house.forgetting.handlers().items():
        house.handlers.add(kind, handler)
    for duty in DUTIES.values():
        house.handlers.add(duty.kind, partial(_perform, house, duty))


def _perform(house: "House", duty: Duty, _payload: object) -> None:
    duty.action(house)


def _ignore(_: object) -> None:
    """Work rows have no result; what was done is in the rows it changed."""
