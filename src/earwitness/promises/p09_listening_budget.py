"""P9: at most so many of your clips a year are ever heard by others.

Tried: an adult who chose two clips a year has five recordings; draw all there is, twice: two come, then none. Lower it
to one and let reviewers hear what was drawn: one is heard, the other refused, to whoever asks. The share that is
published counts it. Nobody else can raise it.
"""

from functools import partial

from earwitness.kernel.actors import Actor
from earwitness.kernel.errors import AccessDenied, BadInput, LeaseEnded
from earwitness.promises.canary import Canary
from earwitness.promises.checks import must_refuse, require
from earwitness.promises.reviewing import Trial, trying

RECORDINGS = 5


def attempt(canary: Canary) -> str:
    """Try it; see the module."""
    anna = canary.anna
    with trying(canary) as trial:
        trial.answer(anna, yes=True)
        _choose(trial, 2)
        for _ in range(RECORDINGS):
            trial.speak(anna)
        draw = trial.draw()
        require(len(trial.drawn(draw)) == 2, "More was drawn than the listening budget, or less.")  # noqa: PLR2004 - chosen above
        require(not trial.drawn(trial.draw()), "More was drawn than the listening budget, in a second draw.")
        trial.copy(draw)
        _choose(trial, 1)
        _heard_once(trial, draw)
        _not_by_others(trial)
    return (
        f"of {RECORDINGS} recordings and a budget of two, two were drawn and in a second draw none; lowered to one, a "
        "second was refused to every reviewer; nobody else could change it"
    )


def _choose(trial: Trial, clips: int) -> None:
    anna = trial.canary.anna
    with trial.house.database.write() as tx:
        trial.house.review.budgets.choose(tx, anna.actor, anna.id, clips)


def _heard_once(trial: Trial, draw: str) -> None:
    counting, now = trial.house.review.counting, trial.house.clock.now_ms()
    before, _ = counting.heard_share(now)
    ready = [state for state in trial.drawn(draw).values() if state == "ready"]
    require(len(ready) > 1, "Too few copies could be made, so that nothing can be said of the budget.")
    heard = 0
    for _ in range(len(ready) + 1):
        desk, reviewer = trial.desk(draw), trial.reviewer()
        for lease in desk.next(reviewer):
            try:
                heard += desk.sound(reviewer, lease.clip)[:4] == b"RIFF"
            except LeaseEnded:
                continue
    require(heard > 0, "Nothing could be heard, so that nothing can be said of the budget.")
    require(heard == 1, "More was heard than the listening budget.")
    after, kept = counting.heard_share(trial.house.clock.now_ms())
    require(after == before + 1 <= kept, "What was heard is not in the share that is published.")


def _not_by_others(trial: Trial) -> None:
    canary = trial.canary
    for actor, clips, error in (
        (canary.other.actor, RECORDINGS, AccessDenied),
        (canary.anna.actor, RECORDINGS * RECORDINGS, BadInput),
    ):
        must_refuse("Raising a listening budget", partial(_as, trial, actor, clips), error)


def _as(trial: Trial, actor: Actor, clips: int) -> None:
    with trial.house.database.write() as tx:
        trial.house.review.budgets.choose(tx, actor, trial.canary.anna.id, clips)
