"""P5: no human hears you unless you said yes, for that purpose; nothing of guests and children is heard.

Tried: with no yes to review, with a yes to training alone, and with one adult's no on a shared device, draw all there
is: nothing comes. With a yes: one comes. Take the yes back before the copy is made, and again when a reviewer has the
clip: neither goes on. Ask for the original as a reviewer. Turn a device into a child's, and let a reviewer say that a
guest can be heard: the recording is gone and its person told.
"""

from functools import partial

from earwitness.identity.device_rows import DeviceMode
from earwitness.kernel.actors import Actor
from earwitness.kernel.errors import AccessDenied, GrantInvalid, LeaseEnded
from earwitness.policy.access import Action
from earwitness.policy.purposes import Purpose
from earwitness.promises.canary import Canary
from earwitness.promises.checks import must_refuse, require
from earwitness.promises.reviewing import Trial, trying
from earwitness.review.withdrawal import Voice
from earwitness.vault.intake import AUDIO
from earwitness.vault.kinds import REVIEW_COPY, TRANSCRIPT


def attempt(canary: Canary) -> str:
    """Try it; see the module."""
    with trying(canary) as trial:
        _without_a_yes(trial)
        _taken_back_before_the_copy(trial)
        _taken_back_before_the_hearing(trial)
        _children_and_guests(trial)
    return (
        "without a yes to review, and on a shared device with one no, nothing was drawn; a yes taken back stopped the "
        "copy and the hearing; no original opened for a reviewer; a child's device was not drawn, and a guest's voice "
        "was erased"
    )


def _without_a_yes(trial: Trial) -> None:
    canary = trial.canary
    shared = canary.house.directory.devices.add(canary.household, "shared", DeviceMode.SHARED).id
    for adult in (canary.anna, canary.other):
        canary.house.directory.agreements.agree(adult.actor, shared)
    mine, theirs = trial.speak(canary.anna), trial.speak(canary.other)
    both = trial.speak(canary.anna, device=shared)
    with canary.house.database.write() as tx:
        canary.house.consents.record(tx, canary.other.actor, canary.other.id, Purpose.TRAINING)
    require(not trial.drawn(trial.draw()), "Something was drawn of people who said no to review.")
    trial.answer(canary.anna, yes=True)
    drawn = trial.drawn(trial.draw())
    require(theirs not in drawn, "A recording of somebody who said no to review was drawn.")
    require(both not in drawn, "A recording of a shared device was drawn although one adult said no to review.")
    require(set(drawn) == {mine}, "What was drawn is not what was said yes to.")


def _taken_back_before_the_copy(trial: Trial) -> None:
    anna = trial.canary.anna
    mine = trial.speak(anna)
    draw = trial.draw()
    require(mine in trial.drawn(draw), "A recording that was said yes to could not be drawn.")
    trial.answer(anna, yes=False)
    trial.copy(draw)
    require(REVIEW_COPY not in trial.kinds(mine), "A copy for reviewers was made after the yes was taken back.")
    trial.answer(anna, yes=True)


def _taken_back_before_the_hearing(trial: Trial) -> None:
    anna = trial.canary.anna
    mine, draw = trial.ready(anna)
    desk, reviewer = trial.desk(draw), trial.reviewer()
    leased = [each.clip for each in desk.next(reviewer)]
    require(trial.clip_of(draw, mine) in leased, "A clip that was ready could not be had.")
    require(desk.sound(reviewer, leased[0])[:4] == b"RIFF", "A clip that was said yes to could not be heard.")
    _no_original(trial, reviewer, mine)
    trial.answer(anna, yes=False)
    must_refuse("Hearing a clip after the yes was taken back", partial(desk.sound, reviewer, leased[0]), LeaseEnded)
    must_refuse("Reading a clip after the yes was taken back", partial(desk.text, reviewer, leased[0]), LeaseEnded)
    trial.answer(anna, yes=True)


def _no_original(trial: Trial, reviewer: Actor, recording: str) -> None:
    house = trial.house
    item = house.reading.find(recording)
    for purpose in (Purpose.REVIEW, Purpose.HISTORY):
        opening = partial(house.reading.play, reviewer, recording, purpose)
        must_refuse("Playing an original as a reviewer", opening, AccessDenied)
    grant = house.access.open(reviewer, Action.RECORDING_REVIEW, [item.resource], Purpose.REVIEW)
    for kind in (AUDIO, TRANSCRIPT):
        reading = partial(house.reading.artefact, grant, item, kind)
        must_refuse("Reading an original with a reviewer's grant", reading, GrantInvalid)


def _children_and_guests(trial: Trial) -> None:
    canary = trial.canary
    mine, draw = trial.ready(canary.anna)
    desk, reviewer = trial.desk(draw), trial.reviewer()
    clip = next(each.clip for each in desk.next(reviewer))
    desk.withdraw(reviewer, clip, Voice.GUEST)
    trial.house.removal.resume()
    require(not trial.kinds(mine), "A recording with a guest's voice is still there.")
    require(not trial.house.keyring.keys([mine]), "The key of a recording with a guest's voice is still there.")
    told = trial.house.review.withdrawals.notices([canary.anna.id])
    require([each.recording for each in told] == [mine], "Nobody was told that a guest's voice was heard.")
    kept = trial.speak(canary.anna)
    canary.house.directory.devices.change_mode(canary.anna.device, DeviceMode.CHILD)
    require(kept not in trial.drawn(trial.draw()), "A recording of a child's device was drawn.")
