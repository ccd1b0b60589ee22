"""P5, P6, P8's door and P9 are held by the review room as it is, and found broken by their effect when it is broken."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import true

from earwitness.bootstrap import House
from earwitness.identity.staff import StaffMember
from earwitness.policy.access import Access, Action
from earwitness.promises.run import try_promise
from earwitness.review import budget, desk, eligible, room
from earwitness.review.budget import ListeningBudgets
from earwitness.review.deidentify import copying, sound
from earwitness.review.desk import Desk
from earwitness.review.figures import Counting
from earwitness.review.queue import Queue
from earwitness.review.withdrawal import Withdrawals
from earwitness.transparency.register import PROMISES, State
from earwitness.vault import reading
from earwitness.vault.intake import AUDIO
from earwitness.web.sign_in import codes
from earwitness.web.sign_in.codes import Codes
from earwitness.web.sign_in.passwords import Passwords
from earwitness.web.workbench import door

Sabotage = Callable[[pytest.MonkeyPatch], None]


def draw_whoever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(eligible, "_may", lambda facts: facts.standing)


def draw_by_one_yes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(eligible, "_may", lambda facts: facts.subject is None or "review" in facts.consents)


def open_whatever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Access, "_decide", lambda _self, actor, *_: actor)


def let_grants_open_originals(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(reading.NARROW, Action.RECORDING_REVIEW, frozenset({*reading.NARROW[Action.RECORDING_REVIEW], AUDIO}))


def keep_what_was_a_guests(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Withdrawals, "carry_out", lambda *_: None)


def tell_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Withdrawals, "notices", lambda *_: [])


def never_ask_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Access, "check_all", lambda *_: None)


def draw_from_childrens_devices(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(eligible, "HEARD_MODES", frozenset({"personal", "shared", "guest", "child"}))


def mask_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(copying, "find_masked", lambda *_: [])


def mask_words_alone(patch: pytest.MonkeyPatch) -> None:
    disguise = sound.disguise
    patch.setattr(copying, "disguise", lambda clip, _spans, alpha: disguise(clip, [], alpha))


def leave_the_voice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sound, "change_voice", lambda samples, _alpha: samples.copy())


def give_two_of_one_person(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(room, "Queue", partial(Queue, window_ms=-1))


def say_whose_it_is(patch: pytest.MonkeyPatch) -> None:
    text = Desk.text

    def telling(self: Desk, reviewer: Any, clip: str) -> dict[str, Any]:
        return text(self, reviewer, clip) | {"of": self._open(reviewer, clip).item.household}

    patch.setattr(Desk, "text", telling)


def name_the_colleagues(patch: pytest.MonkeyPatch) -> None:
    waiting = Desk.waiting

    def telling(self: Desk) -> Any:
        with self._database.read() as tx:
            return [
                waiting(self),
                *(row.id for row in tx.execute(desk.select(reading.person.metadata.tables["staff"]))),
            ]

    patch.setattr(Desk, "waiting", telling)


def forget_what_was_drawn(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ListeningBudgets, "left", lambda self, tx, people: dict.fromkeys(people, 10))  # noqa: ARG005 - as it is


def let_everything_be_heard(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ListeningBudgets, "may_be_heard", lambda *_: True)


def let_anybody_choose(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(budget, "require_answerer", lambda *_: None)


def publish_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Counting, "heard_share", lambda *_: (0, 1))


def take_any_password(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Passwords, "check", lambda *_: True)


def take_any_code(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Codes, "check", lambda *_: True)


def take_codes_again(patch: pytest.MonkeyPatch) -> None:
    step = Codes._step
    patch.setattr(Codes, "_step", lambda self, secret, code, after: step(self, secret, code, after=after and None))
    patch.setattr(codes, "or_", lambda *_: true())


def take_any_purpose(patch: pytest.MonkeyPatch) -> None:
    class Anything(dict[Any, Any]):
        def get(self, *_: Any) -> Any:
            return Whatever()

    class Whatever:
        def __ne__(self, other: object) -> bool:
            return False

        __hash__ = None  # type: ignore[assignment] # never asked

    patch.setattr(door, "PURPOSES", Anything(door.PURPOSES))


def let_the_suspended_work(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StaffMember, "is_active", lambda *_: True)


SABOTAGES: list[tuple[str, Sabotage, str]] = [
    ("P5", draw_whoever, "Something was drawn of people who said no"),
    ("P5", draw_by_one_yes, "Something was drawn of people who said no"),
    ("P5", open_whatever, "A copy for reviewers was made after the yes was taken back."),
    ("P5", let_grants_open_originals, "Reading an original with a reviewer's grant was possible."),
    ("P5", keep_what_was_a_guests, "A recording with a guest's voice is still there."),
    ("P5", tell_nobody, "Nobody was told"),
    ("P5", never_ask_again, "after the yes was taken back was possible."),
    ("P5", draw_from_childrens_devices, "A recording of a child's device was drawn."),
    ("P6", mask_nothing, "A name that was said reached the reviewer."),
    ("P6", mask_words_alone, "Where details were said there is no tone."),
    ("P6", leave_the_voice, "The voice in the reviewer's copy was not changed."),
    ("P6", give_two_of_one_person, "A reviewer was given a second clip of the same person."),
    ("P6", say_whose_it_is, "An id of somebody reached the reviewer."),
    ("P6", name_the_colleagues, "Something about another reviewer reached the reviewer."),
    ("P8", take_any_password, "Signing in with a wrong password was possible."),
    ("P8", take_any_code, "Signing in without a code was possible."),
    ("P8", take_codes_again, "Signing in with a code that was used was possible."),
    ("P8", take_any_purpose, "Signing in for a purpose of another role was possible."),
    ("P8", let_the_suspended_work, "Using a session after a suspension was possible."),
    ("P9", forget_what_was_drawn, "More was drawn than the listening budget"),
    ("P9", let_everything_be_heard, "More was heard than the listening budget."),
    ("P9", let_anybody_choose, "Raising a listening budget was possible."),
    ("P9", publish_nothing, "What was heard is not in the share that is published."),
]


@pytest.mark.parametrize("promise", ["P5", "P6", "P8", "P9"])
def test_the_promise_is_held_and_leaves_nothing(small_house: House, promise: str) -> None:
    (tried,) = [each for each in PROMISES if each.id == promise]
    result = try_promise(small_house, tried)
    assert result.state is State.HELD, result.tried
    assert [each for each in small_house.directory.staff.list() if each.is_active(small_house.clock.now_ms())] == []
    assert small_house.review.counting.together().drawn == 0


@pytest.mark.parametrize(
    ("promise", "sabotage", "found"), SABOTAGES, ids=[f"{each[0]}-{each[1].__name__}" for each in SABOTAGES]
)
def test_a_broken_review_is_found(
    small_house: House, monkeypatch: pytest.MonkeyPatch, promise: str, sabotage: Sabotage, found: str
) -> None:
    (tried,) = [each for each in PROMISES if each.id == promise]
    sabotage(monkeypatch)
    result = try_promise(small_house, tried)
    assert (result.state, found in result.tried) == (State.BROKEN, True), result.tried
