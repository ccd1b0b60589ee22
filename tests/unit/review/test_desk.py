"""The deidentifier and the desk on a real house: leases, the log before the first byte, window, budget, withdrawal."""

import json
from typing import Any

import pytest
from sqlalchemy import select, update

from earwitness.identity.device_rows import DeviceMode
from earwitness.kernel.actors import Actor, Role
from earwitness.kernel.clock import HOUR
from earwitness.kernel.errors import AccessDenied, BadInput, GrantInvalid, LeaseEnded
from earwitness.policy.access import Action
from earwitness.policy.purposes import Purpose
from earwitness.review.annotations import Annotation, Route, Wake
from earwitness.review.deidentify import worker as deidentifier
from earwitness.review.queue import LEASE_MS, WINDOW_MS
from earwitness.review.withdrawal import Voice
from earwitness.storage.schema import artefact, recording
from earwitness.storage.schema import review as tables
from earwitness.testing.homes import Adult, Home
from earwitness.testing.review import RIGHT, SAID, ReviewHouse
from earwitness.vault.kinds import REVIEW_COPY, REVIEW_TEXT, TRANSCRIPT


def states(reviewed: ReviewHouse) -> list[tuple[str, str | None]]:
    query = select(tables.review_clip.c.state, tables.review_clip.c.reason).order_by(tables.review_clip.c.state)
    with reviewed.house.database.read() as tx:
        return [(row.state, row.reason) for row in tx.execute(query)]


def kinds(reviewed: ReviewHouse, recording_id: str) -> set[str]:
    with reviewed.house.database.read() as tx:
        return set(tx.scalars(select(artefact.c.kind).where(artefact.c.recording_id == recording_id)))


def log_of(reviewed: ReviewHouse, adult: Adult, action: str) -> list[Any]:
    return [each.body for each in reviewed.house.audit.entries(adult.id) if each.body["action"] == action]


def home_of(reviewed: ReviewHouse, adult: Adult) -> Home:
    return Home(reviewed.house, adult.person.household)


def advance(reviewed: ReviewHouse, ms: int) -> None:
    reviewed.house.clock.advance(ms)  # type: ignore[attr-defined] # the virtual one


# --- making copies ------------------------------------------------------------------------------------


def test_a_drawn_clip_gets_a_copy_and_the_log_says_who_opened_the_original(reviewed: ReviewHouse) -> None:
    adult = reviewed.adult()
    mine = reviewed.keep(adult)
    assert reviewed.drawn_and_copied() == 1
    assert states(reviewed) == [("ready", None)]
    assert {REVIEW_COPY, REVIEW_TEXT} <= kinds(reviewed, mine)
    (opened,) = log_of(reviewed, adult, "recording:deidentify")
    assert (opened["actor"]["id"], opened["purpose"], opened["resources"]) == ("deidentifier", "review", [mine])


def test_its_person_can_hear_what_a_reviewer_hears(reviewed: ReviewHouse) -> None:
    adult = reviewed.adult()
    mine = reviewed.keep(adult)
    reviewed.drawn_and_copied()
    heard = reviewed.house.reading.play(adult.actor, mine, Purpose.HISTORY, REVIEW_COPY).read()
    assert heard[:4] == b"RIFF"


def test_what_cannot_be_copied_is_withheld_and_leaves_nothing(reviewed: ReviewHouse) -> None:
    mine = reviewed.keep(reviewed.adult())
    reviewed.aligner.fails = True
    reviewed.drawn_and_copied()
    assert states(reviewed) == [("withheld", "unaligned")]
    assert not {REVIEW_COPY, REVIEW_TEXT} & kinds(reviewed, mine)
    assert reviewed.house.review.desk.next(reviewed.reviewer()) == []


def test_a_consent_that_ended_or_a_device_that_changed_is_not_opened(reviewed: ReviewHouse) -> None:
    no, child = reviewed.adult(), reviewed.adult()
    for adult in (no, child):
        reviewed.keep(adult)
    reviewed.draw()
    reviewed.say_no(no, Purpose.REVIEW)
    reviewed.house.directory.devices.change_mode(child.device, DeviceMode.CHILD)
    assert reviewed.deidentifier().work() == 2
    assert states(reviewed) == [("withdrawn", "consent")] * 2
    assert log_of(reviewed, no, "recording:deidentify") == []


def test_a_worker_that_died_is_made_up_for_and_its_late_result_counts_nothing(reviewed: ReviewHouse) -> None:
    reviewed.keep(reviewed.adult())
    reviewed.draw()
    dead, alive = reviewed.deidentifier(), reviewed.deidentifier()
    taken = dead._take()
    assert taken is not None
    assert not alive.step()
    advance(reviewed, deidentifier.LEASE_MS)
    assert alive.step()
    with pytest.raises(LeaseEnded):
        dead._copy(taken)
    assert states(reviewed) == [("ready", None)]


def test_a_clip_that_keeps_failing_is_withheld(reviewed: ReviewHouse) -> None:
    reviewed.keep(reviewed.adult())
    reviewed.draw()
    reviewed.aligner.align = lambda *_: 1 // 0  # type: ignore[method-assign,assignment,return-value] # a bug
    for _ in range(deidentifier.MOST_ATTEMPTS):
        assert reviewed.deidentifier().step()
        advance(reviewed, deidentifier.LEASE_MS)
    assert states(reviewed) == [("withheld", "failed")]


# --- hearing ------------------------------------------------------------------------------------------


@pytest.fixture
def ready(reviewed: ReviewHouse) -> ReviewHouse:
    """Five people with two copied clips each."""
    for _ in range(5):
        adult = reviewed.adult()
        reviewed.keep(adult)
        reviewed.keep(adult)
    assert reviewed.drawn_and_copied() == 10
    return reviewed


def test_a_reviewer_has_three_clips_and_gets_the_same_ones_back(ready: ReviewHouse) -> None:
    desk, one, other = ready.house.review.desk, ready.reviewer(), ready.reviewer()
    first = [each.clip for each in desk.next(one)]
    assert len(first) == 3
    assert [each.clip for each in desk.next(one)] == first
    assert not set(first) & {each.clip for each in desk.next(other)}


def test_the_log_says_it_before_the_first_byte_and_once_for_words_and_sound(ready: ReviewHouse) -> None:
    desk, reviewer = ready.house.review.desk, ready.reviewer()
    clip = desk.next(reviewer)[0].clip
    before = sum(len(log_of(ready, each, "recording:review")) for each in ready.adults)
    assert desk.text(reviewer, clip)["heard"] == SAID.split()
    assert desk.sound(reviewer, clip)[:4] == b"RIFF"
    entries = [each for adult in ready.adults for each in log_of(ready, adult, "recording:review")]
    assert (before, len(entries)) == (0, 1)
    assert entries[0]["actor"] == {"id": reviewer.id, "role": "reviewer", "employer": "contractor", "country": "PL"}
    assert entries[0]["purpose"] == "review"


def test_a_log_that_cannot_be_told_lets_nothing_out(ready: ReviewHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, reviewer = ready.house.review.desk, ready.reviewer()
    clip = desk.next(reviewer)[0].clip
    monkeypatch.setattr(ready.house.access, "_record", lambda _: 1 // 0)
    for opening in (desk.text, desk.sound):
        with pytest.raises(ZeroDivisionError):
            opening(reviewer, clip)


def test_nobody_is_met_twice_within_the_window(ready: ReviewHouse) -> None:
    desk, reviewer = ready.house.review.desk, ready.reviewer()
    heard = 0
    while leases := desk.next(reviewer):
        desk.sound(reviewer, leases[0].clip)
        desk.answer(reviewer, leases[0].clip, RIGHT)
        heard += 1
    assert heard == 5  # one of each person
    assert desk.waiting() == 5
    advance(ready, WINDOW_MS - HOUR)
    reviewer = ready.house.directory.staff.certify(operator(ready), reviewer.id).actor(ready.house.clock.now_ms())
    assert desk.next(reviewer) == []
    advance(ready, HOUR)
    assert len(desk.next(reviewer)) == 3


def operator(reviewed: ReviewHouse) -> Any:
    return reviewed.house.directory.staff.register(Role.OPERATOR, "contractor", "PL").actor(None)


def test_a_shared_device_and_its_people_are_one_for_the_window(reviewed: ReviewHouse) -> None:
    ada = reviewed.adult()
    reviewed.keep(ada)
    reviewed.keep(ada, device=reviewed.shared_device(ada))
    assert reviewed.drawn_and_copied() == 2
    reviewer = reviewed.reviewer()
    (only,) = reviewed.house.review.desk.next(reviewer)
    reviewed.house.review.desk.skip(reviewer, only.clip)
    assert len(reviewed.house.review.desk.next(reviewer)) == 1  # it was never opened, so nobody was met


def test_a_budget_that_was_lowered_counts_at_once(ready: ReviewHouse) -> None:
    desk, reviewer = ready.house.review.desk, ready.reviewer()
    leases = desk.next(reviewer)
    for adult in ready.adults:
        with ready.house.database.write() as tx:
            ready.house.review.budgets.choose(tx, adult.actor, adult.id, 0)
    for lease in leases:
        with pytest.raises(LeaseEnded):
            desk.sound(reviewer, lease.clip)
    assert desk.next(ready.reviewer()) == []


def test_a_consent_taken_back_ends_the_next_read(ready: ReviewHouse) -> None:
    desk, reviewer = ready.house.review.desk, ready.reviewer()
    clip = desk.next(reviewer)[0].clip
    desk.sound(reviewer, clip)
    for adult in ready.adults:
        ready.say_no(adult, Purpose.REVIEW)
    with pytest.raises(LeaseEnded, match="withdrawn"):
        desk.sound(reviewer, clip)
    with pytest.raises(LeaseEnded, match="withdrawn"):
        desk.answer(reviewer, clip, RIGHT)
    assert ("withdrawn", "consent") in states(ready)


def test_who_lost_their_right_hears_nothing_and_the_clip_stays(ready: ReviewHouse) -> None:
    desk, reviewer = ready.house.review.desk, ready.reviewer()
    clip = desk.next(reviewer)[0].clip
    ready.house.directory.staff.suspend(reviewer.id)
    with pytest.raises(AccessDenied):
        desk.sound(reviewer, clip)
    assert ("withdrawn", "consent") not in states(ready)


def test_a_second_factor_from_yesterday_opens_nothing(ready: ReviewHouse) -> None:
    desk, reviewer = ready.house.review.desk, ready.reviewer()
    stale = Actor(reviewer.id, reviewer.role, None, ready.house.clock.now_ms() - 13 * HOUR, "contractor", "PL")
    clip = desk.next(stale)[0].clip
    with pytest.raises(AccessDenied):
        desk.sound(stale, clip)


def test_somebody_elses_clip_is_nobodys(ready: ReviewHouse) -> None:
    desk, one, other = ready.house.review.desk, ready.reviewer(), ready.reviewer()
    clip = desk.next(one)[0].clip
    attempts = [
        lambda: desk.text(other, clip),
        lambda: desk.sound(other, clip),
        lambda: desk.answer(other, clip, RIGHT),
        lambda: desk.skip(other, clip),
        lambda: desk.escalate(other, clip, "danger", ""),
        lambda: desk.withdraw(other, clip, Voice.CHILD),
        lambda: desk.text(one, "clip_of_nobody"),
    ]
    for attempt in attempts:
        with pytest.raises(LeaseEnded):
            attempt()


def test_a_reviewers_grant_opens_no_original(ready: ReviewHouse) -> None:
    reviewer = ready.reviewer()
    with ready.house.database.read() as tx:
        row = tx.execute(select(recording)).first()
    assert row is not None
    item = ready.house.reading.find(row.id)
    grant = ready.house.access.open(reviewer, Action.RECORDING_REVIEW, [item.resource], Purpose.REVIEW)
    for kind in ("audio", TRANSCRIPT, "trace"):
        with pytest.raises(GrantInvalid):
            ready.house.reading.artefact(grant, item, kind)


# --- answers ------------------------------------------------------------------------------------------


def test_an_answer_is_kept_under_the_recordings_key_and_counted(ready: ReviewHouse) -> None:
    desk, reviewer = ready.house.review.desk, ready.reviewer()
    clip = desk.next(reviewer)[0].clip
    edited = Annotation(
        Route.EDIT, "Turn OFF the lights, please", Wake.YES, 9_000, intent_right=False, intent="TurnOff"
    )
    desk.answer(reviewer, clip, edited)
    desk.answer(reviewer, clip, edited)  # its confirmation was lost
    with ready.house.database.read() as tx:
        (row,) = tx.execute(select(tables.review_annotation)).all()
    assert (row.words, row.errors, row.route, row.intent_right, row.version) == (5, 3, "edit", False, 1)
    assert "annotation" in kinds(ready, row.recording_id)
    assert ready.house.review.counting.together().answered == 1


def test_an_answer_after_the_lease_is_refused(ready: ReviewHouse) -> None:
    desk, reviewer = ready.house.review.desk, ready.reviewer()
    clip = desk.next(reviewer)[0].clip
    desk.sound(reviewer, clip)
    advance(ready, LEASE_MS)
    with pytest.raises(LeaseEnded):
        desk.answer(reviewer, clip, RIGHT)
    assert ready.house.review.counting.together().answered == 0


def test_skipping_and_passing_on_are_no_answers(ready: ReviewHouse) -> None:
    desk, reviewer = ready.house.review.desk, ready.reviewer()
    desk.skip(reviewer, desk.next(reviewer)[0].clip)
    desk.escalate(reviewer, desk.next(reviewer)[0].clip, "danger", "zebrafinch in a cage")
    found = ready.house.review.counting.together()
    assert (found.answered, found.lost) == (0, {"escalated: danger": 1, "skipped": 1, "waiting": 8})
    with ready.house.database.read() as tx:
        (row,) = tx.execute(select(tables.review_escalation)).all()
    assert (row.queue, row.reviewer_id) == ("danger", reviewer.id)
    with pytest.raises(BadInput):
        desk.escalate(reviewer, desk.next(reviewer)[0].clip, "nowhere", "")


@pytest.mark.parametrize(
    "words", ["[nobody]", "turn [on", "a]", "x " * 201]
)  # fmt: skip
def test_words_that_cannot_be_kept_are_refused(ready: ReviewHouse, words: str) -> None:
    desk, reviewer = ready.house.review.desk, ready.reviewer()
    with pytest.raises(BadInput):
        desk.answer(reviewer, desk.next(reviewer)[0].clip, Annotation(Route.TYPE, words, Wake.YES, 1))
    assert ("done", None) not in states(ready)


def test_masks_count_as_said() -> None:
    assert Annotation(Route.TYPE, "Call [NAME] at 7, please", Wake.YES, 1).tokens == [
        "call",
        "[name]",
        "at",
        "seven",
        "please",
    ]


# --- withdrawal ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("voice", list(Voice))
def test_a_childs_or_guests_recording_is_erased_and_its_household_told(ready: ReviewHouse, voice: Voice) -> None:
    desk, reviewer = ready.house.review.desk, ready.reviewer()
    clip = desk.next(reviewer)[0].clip
    with ready.house.database.read() as tx:
        mine = tx.scalar(select(tables.review_clip.c.recording_id).where(tables.review_clip.c.id == clip))
        whose = tx.scalar(select(recording.c.subject_id).where(recording.c.id == mine))
    assert mine
    assert whose
    desk.sound(reviewer, clip)
    desk.withdraw(reviewer, clip, voice)
    ready.house.removal.resume()
    assert kinds(ready, mine) == set()
    assert not ready.house.keyring.keys([mine])
    (notice,) = ready.house.review.withdrawals.notices([whose])
    assert (notice.kind, notice.recording) == (voice, mine)
    assert str(voice) in notice.in_words
    with pytest.raises(LeaseEnded):
        desk.sound(reviewer, clip)
    assert ("withdrawn", str(voice)) in states(ready)


def test_a_crash_before_the_erasure_is_made_up_for(ready: ReviewHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, reviewer = ready.house.review.desk, ready.reviewer()
    clip = desk.next(reviewer)[0].clip
    with ready.house.database.read() as tx:
        mine = tx.scalar(select(tables.review_clip.c.recording_id).where(tables.review_clip.c.id == clip))
    with monkeypatch.context() as broken:
        broken.setattr(type(ready.house.review.withdrawals), "carry_out", lambda *_: None)
        desk.withdraw(reviewer, clip, Voice.CHILD)
    assert ready.house.keyring.keys([str(mine)])
    ready.house.handlers["review.withdraw"].handler({"recording": str(mine)})
    assert not ready.house.keyring.keys([str(mine)])


def test_erasing_a_recording_takes_all_of_review_with_it(ready: ReviewHouse) -> None:
    desk, reviewer = ready.house.review.desk, ready.reviewer()
    clip = desk.next(reviewer)[0].clip
    desk.answer(reviewer, clip, RIGHT)
    with ready.house.database.read() as tx:
        row = tx.execute(select(tables.review_clip).where(tables.review_clip.c.id == clip)).one()
    (adult,) = [each for each in ready.adults if log_of(ready, each, "recording:review")]
    accepted = home_of(ready, adult).erase(adult, row.recording_id)
    with pytest.raises(LeaseEnded):
        desk.sound(reviewer, clip)
    ready.house.removal.remove(accepted.erasure)
    assert kinds(ready, row.recording_id) == set()
    for table in (tables.review_annotation, tables.review_clip, tables.review_frame):
        with ready.house.database.read() as tx:
            assert row.recording_id not in set(tx.scalars(select(table.c.recording_id)))
    assert ready.house.review.counting.together().answered == 0


def test_erasing_a_person_leaves_nothing_of_them_in_review(ready: ReviewHouse) -> None:
    desk, reviewer = ready.house.review.desk, ready.reviewer()
    desk.sound(reviewer, desk.next(reviewer)[0].clip)
    (adult,) = [each for each in ready.adults if log_of(ready, each, "recording:review")]
    ready.house.removal.remove(home_of(ready, adult).erase(adult).erasure)
    with ready.house.database.read() as tx:
        for table in (tables.review_person, tables.review_hearing, tables.listening_budget):
            assert adult.id not in set(tx.scalars(select(table.c.person_id)))


def test_a_budget_lost_in_a_restore_is_none(ready: ReviewHouse) -> None:
    adult = ready.adults[0]
    budgets = ready.house.review.budgets
    with ready.house.database.write() as tx:
        budgets.choose(tx, adult.actor, adult.id, 4)
        budgets.choose(tx, adult.actor, adult.id, 2)
    with ready.house.database.write() as tx:  # as if an older backup came back
        older = tables.listening_budget.c.clips == 4
        tx.execute(tables.listening_budget.delete().where(tables.listening_budget.c.clips == 2))
        tx.execute(update(tables.listening_budget).where(older).values(ended_at=None))
    with ready.house.database.read() as tx:
        assert budgets.chosen(tx, [adult.id]) == {adult.id: 0}


def test_only_oneself_chooses_and_never_more_than_ten(ready: ReviewHouse) -> None:
    one, other = ready.adults[:2]
    for actor, clips, error in ((other.actor, 3, AccessDenied), (one.actor, 11, BadInput), (one.actor, -1, BadInput)):
        with pytest.raises(error), ready.house.database.write() as tx:
            ready.house.review.budgets.choose(tx, actor, one.id, clips)
    assert json.dumps(log_of(ready, one, "listening:choose")) == "[]"


def test_what_was_fetched_ahead_goes_back_when_a_reviewer_leaves(ready: ReviewHouse) -> None:
    desk, one, other = ready.house.review.desk, ready.reviewer(), ready.reviewer()
    held = {each.clip for each in desk.next(one)}
    desk.leave(one)
    assert held & {each.clip for each in desk.next(other)}
