import copy
import dataclasses
import hmac
import pickle
from collections.abc import Callable

import pytest

from earwitness.identity.people import Person
from earwitness.kernel.clock import MINUTE, SECOND
from earwitness.kernel.errors import AccessDenied, BadInput, GrantInvalid, NotFound, StorageError
from earwitness.policy import grants
from earwitness.policy.access import Access, Action, Grant, Resource
from earwitness.policy.engine import Engine, Question, Verdict
from earwitness.policy.purposes import Purpose
from earwitness.testing.clock import VirtualClock
from earwitness.testing.village import Village

PLAY = Action.RECORDING_PLAY


@pytest.fixture
def ada(village: Village) -> Person:
    return village.person(village.household())


@pytest.fixture
def clip(village: Village, ada: Person) -> Resource:
    return village.recording(ada.household, ada.id)


def opened(village: Village, who: Person, *resources: Resource, action: Action = PLAY) -> Grant:
    return village.access.open(who.actor(), action, resources, Purpose.HISTORY)


def test_a_grant_opens_what_it_is_for(village: Village, ada: Person, clip: Resource) -> None:
    other = village.recording(ada.household, ada.id)
    grant = opened(village, ada, clip)
    village.access.check(grant, PLAY, clip.id)
    with pytest.raises(GrantInvalid, match="something else"):
        village.access.check(grant, PLAY, other.id)


def test_the_log_is_told_once_per_subject_before_the_grant_exists(village: Village, ada: Person) -> None:
    own = [village.recording(ada.household, ada.id) for _ in range(3)]
    ben = village.person(ada.household)
    village.say_yes(ben, Purpose.HISTORY, toward=ada.id)
    bens = village.recording(ada.household, ben.id)
    grant = opened(village, ada, *own, bens)
    assert [(each.subject, each.resources) for each in village.log.accesses] == [
        (ada.id, tuple(each.id for each in own)),
        (ben.id, (bens.id,)),
    ]
    for each in village.log.accesses:
        assert (each.grant, each.actor, each.action, each.purpose) == (grant.id, ada.actor(), PLAY, Purpose.HISTORY)
        assert each.expires_at - each.at == grant.expires_at - grant.issued_at == 5 * MINUTE


def test_if_the_log_cannot_be_told_there_is_no_grant(
    village: Village, ada: Person, clip: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    struck: list[object] = []
    monkeypatch.setattr(village.access._mint, "strike", struck.append)
    village.log.broken = True
    with pytest.raises(StorageError):
        opened(village, ada, clip)
    assert struck == []


def test_nothing_asked_for_opens_nothing_and_tells_nothing(village: Village, ada: Person, clip: Resource) -> None:
    grant = opened(village, ada)
    assert village.log.accesses == []
    village.access.check_all(grant, PLAY, [])
    with pytest.raises(GrantInvalid):
        village.access.check(grant, PLAY, clip.id)


def test_not_everything_at_once(village: Village, ada: Person, clip: Resource) -> None:
    with pytest.raises(BadInput):
        opened(village, ada, *[clip] * 1_001)


def test_a_page_is_judged_once_for_equal_facts(village: Village, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Question] = []
    real: Callable[[Engine, Question], Verdict] = Engine.decide

    def counted(engine: Engine, question: Question) -> Verdict:
        asked.append(question)
        return real(engine, question)

    monkeypatch.setattr(Engine, "decide", counted)
    page = [village.recording(ada.household, ada.id) for _ in range(50)]
    grant = opened(village, ada, *page)
    assert len(asked) == 1
    village.access.check_all(grant, PLAY, [each.id for each in page])
    assert len(asked) == 2


def test_one_no_in_a_page_denies_the_page(village: Village, ada: Person, clip: Resource) -> None:
    stranger = village.person(ada.household)
    foreign = village.recording(ada.household, stranger.id)
    with pytest.raises(AccessDenied):
        opened(village, ada, clip, foreign)
    assert village.log.accesses == []


@pytest.mark.parametrize("wrong", [{"subject": "person_other"}, {"household": "household_other"}, {"id": "rec_other"}])
def test_a_resource_is_what_the_database_says(
    village: Village, ada: Person, clip: Resource, wrong: dict[str, str]
) -> None:
    with pytest.raises(NotFound):
        opened(village, ada, dataclasses.replace(clip, **wrong))


def test_a_subject_in_the_place_of_a_recording_is_that_subject(village: Village, ada: Person) -> None:
    ben = village.person(ada.household)
    for resource in (
        Resource(ben.id, ben.id, "household_other"),
        Resource(ada.id, ben.id, ada.household),
        Resource("person_x", "person_x", "x"),
    ):
        for action in (PLAY, Action.LEDGER_READ, Action.PERSON_ERASE):
            with pytest.raises(NotFound):
                opened(village, ada, resource, action=action)


# --- expiry, on both clocks ------------------------------------------------------------------------


def test_a_grant_ends_after_five_minutes(
    village: Village, ada: Person, clip: Resource, virtual_clock: VirtualClock
) -> None:
    grant = opened(village, ada, clip)
    virtual_clock.advance(5 * MINUTE - 1)
    village.access.check(grant, PLAY, clip.id)
    virtual_clock.advance(1)
    with pytest.raises(GrantInvalid, match="expired"):
        village.access.check(grant, PLAY, clip.id)


def test_a_wall_clock_that_is_set_back_does_not_prolong_a_grant(
    village: Village, ada: Person, clip: Resource, virtual_clock: VirtualClock
) -> None:
    grant = opened(village, ada, clip)
    virtual_clock.advance(5 * MINUTE)
    virtual_clock.jump_to(grant.issued_at)
    with pytest.raises(GrantInvalid, match="expired"):
        village.access.check(grant, PLAY, clip.id)


def test_a_wall_clock_that_is_set_forward_ends_a_grant(
    village: Village, ada: Person, clip: Resource, virtual_clock: VirtualClock
) -> None:
    grant = opened(village, ada, clip)
    virtual_clock.jump_to(grant.expires_at)
    with pytest.raises(GrantInvalid, match="expired"):
        village.access.check(grant, PLAY, clip.id)


# --- the wrong grant -------------------------------------------------------------------------------


def test_a_grant_is_for_one_action_and_its_resources(village: Village, ada: Person, clip: Resource) -> None:
    grant = opened(village, ada, clip)
    other = village.recording(ada.household, ada.id)
    for action, name in ((Action.RECORDING_READ, clip.id), (PLAY, other.id), (PLAY, ada.id)):
        with pytest.raises(GrantInvalid, match="something else"):
            village.access.check(grant, action, name)


def test_a_grant_of_another_process_opens_nothing(village: Village, ada: Person, clip: Resource) -> None:
    elsewhere = Access(village.database, village.clock, village.log.record_access)
    grant = elsewhere.open(ada.actor(), PLAY, [clip], Purpose.HISTORY)
    elsewhere.check(grant, PLAY, clip.id)
    with pytest.raises(GrantInvalid, match="not made here"):
        village.access.check(grant, PLAY, clip.id)


def fields(grant: Grant) -> dict[str, object]:
    return {each.name: getattr(grant, each.name) for each in dataclasses.fields(grant)}


def test_a_grant_cannot_be_built(village: Village, ada: Person, clip: Resource) -> None:
    grant = opened(village, ada, clip)
    with pytest.raises(GrantInvalid):
        Grant(**fields(grant), mint=object())  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Grant(**fields(grant))  # type: ignore[arg-type, call-arg]
    with pytest.raises(GrantInvalid):
        dataclasses.replace(grant, mint=None, expires_at=grant.expires_at + 1)


def test_a_grant_cannot_be_copied_or_pickled(village: Village, ada: Person, clip: Resource) -> None:
    grant = opened(village, ada, clip)
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(GrantInvalid):
            attempt(grant)
    with pytest.raises(GrantInvalid):
        object.__new__(Grant).__setstate__([])


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": 2**60},
        {"running_until": 2**60},
        {"id": "grant_other"},
        {"action": Action.RECORDING_EXPORT},
        {"purpose": Purpose.LEGAL},
        {"resources": (Resource("rec_x", "person_x", "household_x"),)},
        {"issued_at": 0},
        {"seal": bytes(32)},
        {"seal": "text"},
        {"actor": None},
    ],
)
def test_a_changed_grant_opens_nothing(
    village: Village, ada: Person, clip: Resource, change: dict[str, object]
) -> None:
    grant = opened(village, ada, clip)
    for name, value in change.items():
        object.__setattr__(grant, name, value)
    with pytest.raises(GrantInvalid, match="not made here"):
        village.access.check(grant, grant.action, clip.id)


def test_a_made_up_grant_opens_nothing(village: Village, ada: Person, clip: Resource) -> None:
    real = opened(village, ada, clip)
    empty = object.__new__(Grant)
    forged = Grant(**fields(real) | {"seal": hmac.digest(bytes(32), b"", "sha256")}, mint=grants._MINT)  # type: ignore[arg-type]
    for grant in (
        empty,
        forged,
        None,
        "grant",
        grants.Draft(**{name: getattr(real, name) for name in grants.Draft.__slots__}),
    ):
        with pytest.raises(GrantInvalid, match="not made here"):
            village.access.check(grant, PLAY, clip.id)  # type: ignore[arg-type]


def test_a_grant_does_not_show_its_seal(village: Village, ada: Person, clip: Resource) -> None:
    assert "seal" not in repr(opened(village, ada, clip))


# --- revoking --------------------------------------------------------------------------------------


def test_a_revoked_grant_is_refused_at_the_next_read(
    village: Village, ada: Person, clip: Resource, virtual_clock: VirtualClock
) -> None:
    grant, other = opened(village, ada, clip), opened(village, ada, clip)
    village.access.revoke(grant.id)
    virtual_clock.advance(SECOND)
    village.access.revoke("grant_unknown")
    with pytest.raises(GrantInvalid, match="revoked"):
        village.access.check(grant, PLAY, clip.id)
    village.access.check(other, PLAY, clip.id)


def test_revoked_ids_are_forgotten_once_they_have_expired_anyway(village: Village, virtual_clock: VirtualClock) -> None:
    village.access.revoke("grant_a")
    virtual_clock.advance(5 * MINUTE)
    village.access.revoke("grant_b")
    assert set(village.access._revoked) == {"grant_b"}
