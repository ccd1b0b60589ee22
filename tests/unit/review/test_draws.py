"""Who is in a frame, what a draw writes, and that an auditor comes to the same without the house."""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from earwitness.identity.device_rows import DeviceMode
from earwitness.kernel.clock import DAY, MINUTE
from earwitness.kernel.errors import BadInput, DrawInvalid, LedgerError, WitnessRefused
from earwitness.ledger.checkpoint import parse_checkpoint
from earwitness.ledger.notes import KeyType, parse_verifier_key
from earwitness.ledger.signer import open_signer
from earwitness.ledger.witness import Witness
from earwitness.ledger.witness_server import WitnessState
from earwitness.policy.purposes import Purpose
from earwitness.policy.retention import RetentionChoice
from earwitness.review.draws import Draws
from earwitness.review.statement import verify_statement
from earwitness.storage.schema import review as tables
from earwitness.testing.homes import Adult, Home
from earwitness.testing.review import ReviewHouse


def framed(reviewed: ReviewHouse, draw: str) -> set[str]:
    with reviewed.house.database.read() as tx:
        return set(tx.scalars(select(tables.review_frame.c.recording_id).where(tables.review_frame.c.draw_id == draw)))


def clips(reviewed: ReviewHouse) -> set[str]:
    with reviewed.house.database.read() as tx:
        return set(tx.scalars(select(tables.review_clip.c.recording_id)))


def test_only_who_said_yes_to_review_is_in_the_frame(reviewed: ReviewHouse) -> None:
    yes, no = reviewed.adult(), reviewed.adult(Purpose.TRAINING)
    mine = reviewed.keep(yes)
    reviewed.keep(no)
    assert framed(reviewed, reviewed.draw()) == {mine}


def test_a_yes_taken_back_between_freezing_and_drawing_counts(reviewed: ReviewHouse) -> None:
    adult, other = reviewed.adult(), reviewed.adult()
    gone, stays = reviewed.keep(adult), reviewed.keep(other)
    draws = reviewed.house.review.draws
    name = draws.commit()
    draws._freeze(name, 1_000, "")
    reviewed.say_no(adult, Purpose.REVIEW)
    assert reviewed.draw() == name
    assert framed(reviewed, name) == {gone, stays}
    assert clips(reviewed) == {stays, None}


def test_guests_children_files_and_what_goes_soon_are_left_out(reviewed: ReviewHouse) -> None:
    adult, brief = reviewed.adult(), reviewed.adult()
    turned = reviewed.keep(adult)
    stays = reviewed.adult()
    kept = reviewed.keep(stays)
    reviewed.house.directory.devices.change_mode(adult.device, DeviceMode.GUEST)
    reviewed.house.retention.choose(brief.actor, brief.id, RetentionChoice.DAY)
    soon = reviewed.keep(brief)
    found = framed(reviewed, reviewed.draw())
    assert found == {kept}
    assert not {turned, soon} & found


def test_of_a_shared_device_every_adult_has_to_say_yes(reviewed: ReviewHouse) -> None:
    ada = reviewed.adult()
    home = home_of(reviewed, ada)
    ben = home.adult("zebrafinch ben")
    device = reviewed.shared_device(ada, ben)
    shared = reviewed.keep(ada, device=device)
    assert framed(reviewed, reviewed.draw()) == set()
    reviewed.say_yes(ben, Purpose.REVIEW)
    assert framed(reviewed, reviewed.draw()) == {shared}


def home_of(reviewed: ReviewHouse, adult: Adult) -> Home:
    return Home(reviewed.house, adult.person.household)


def test_the_listening_budget_bounds_what_is_drawn_over_the_year(reviewed: ReviewHouse) -> None:
    adult = reviewed.adult()
    for _ in range(15):
        reviewed.keep(adult)
    with reviewed.house.database.write() as tx:
        reviewed.house.review.budgets.choose(tx, adult.actor, adult.id, 3)
    reviewed.draw()
    assert len(clips(reviewed)) == 3
    reviewed.draw()
    assert len(clips(reviewed)) == 3
    reviewed.house.clock.advance(366 * DAY)  # type: ignore[attr-defined] # the virtual one
    reviewed.keep(adult)
    reviewed.draw()
    with reviewed.house.database.read() as tx:
        assert reviewed.house.review.budgets.left(tx, [adult.id]) == {adult.id: 2}


def test_a_recording_is_drawn_once(reviewed: ReviewHouse) -> None:
    adult = reviewed.adult()
    first = reviewed.keep(adult)
    reviewed.draw()
    second = reviewed.keep(adult)
    assert framed(reviewed, reviewed.draw()) == {second}
    assert clips(reviewed) == {first, second}


def test_its_person_can_read_what_was_drawn(reviewed: ReviewHouse) -> None:
    adult = reviewed.adult()
    mine = reviewed.keep(adult)
    name = reviewed.draw()
    told = [each.body for each in reviewed.house.audit.entries(adult.id) if each.body["action"] == "review:drawn"]
    assert [(each["resources"], each["details"]) for each in told] == [([mine], {"draw": name})]


def test_no_draw_without_a_witness_unless_it_is_said(reviewed: ReviewHouse) -> None:
    with pytest.raises(BadInput, match="No witness"):
        reviewed.house.review.draws.run(5)
    with pytest.raises(BadInput, match="one clip"):
        reviewed.house.review.draws.run(0, without_witness=True)


# --- the statement ------------------------------------------------------------------------------------


@pytest.fixture
def statement(reviewed: ReviewHouse) -> bytes:
    for _ in range(12):
        adult = reviewed.adult()
        for _ in range(4):
            reviewed.keep(adult)
    return reviewed.house.review.draws.statement(reviewed.draw(15))


def test_an_auditor_draws_the_same(reviewed: ReviewHouse, statement: bytes) -> None:
    found = verify_statement(statement, reviewed.house.log.signer.key)
    newest = reviewed.house.review.draws.newest()
    assert (found.draw, found.size, found.expected, found.chosen) == (newest.id, 48, 15, newest.chosen)
    assert found.witnesses == ()


def test_a_statement_names_nobody(reviewed: ReviewHouse, statement: bytes) -> None:
    opened = statement + b"".join(
        base64.b64decode(json.loads(statement)[part]) for part in ("commit", "frame", "result")
    )
    names = [adult.id for adult in reviewed.adults] + [adult.device for adult in reviewed.adults]
    names += [adult.person.household for adult in reviewed.adults] + [each for each in clips(reviewed) if each]
    assert not [name for name in names if name.encode() in opened]


def test_an_erasure_after_the_draw_leaves_it_verifiable(reviewed: ReviewHouse) -> None:
    adult = reviewed.adult()
    mine = reviewed.keep(adult)
    name = reviewed.draw()
    home = home_of(reviewed, adult)
    reviewed.house.removal.remove(home.erase(adult, mine).erasure)
    assert clips(reviewed) == {None}
    found = verify_statement(reviewed.house.review.draws.statement(name), reviewed.house.log.signer.key)
    assert (found.size, found.chosen) == (1, 1)


def row_changed(at: int, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(given: dict[str, Any]) -> None:
        given["rows"][0][at] = value

    return change


DAMAGE: list[tuple[str, Callable[[dict[str, Any]], None]]] = [
    ("draw-frame", lambda given: given["rows"].pop()),
    ("draw-frame", row_changed(0, "00" * 16)),
    ("draw-frame", row_changed(1, 999)),
    ("draw-frame", row_changed(2, 1)),
    ("draw-frame", row_changed(3, 1000)),
    ("draw-choice", row_changed(4, 0.123)),
    ("draw-choice", lambda given: given["rows"][0].__setitem__(5, not given["rows"][0][5])),
    ("draw-rows", row_changed(5, 1)),
    ("draw-rows", row_changed(1, -1)),
    ("draw-rows", row_changed(3, "500")),
    ("draw-rows", lambda given: given.pop("rows")),
    ("draw-format", row_changed(0, "00")),
    ("draw-format", lambda given: given.update(format="another")),
    ("draw-format", lambda given: given.update(commit="no base64")),
    ("draw-entry", lambda given: given.update(commit=given["frame"])),
    ("draw-entry", lambda given: given.update(result=given["commit"])),
]


@pytest.mark.parametrize(("reason", "damage"), DAMAGE)
def test_a_changed_statement_does_not_hold(
    reviewed: ReviewHouse, statement: bytes, reason: str, damage: Callable[[dict[str, Any]], None]
) -> None:
    given = json.loads(statement)
    damage(given)
    with pytest.raises(DrawInvalid) as refused:
        verify_statement(json.dumps(given).encode(), reviewed.house.log.signer.key)
    assert refused.value.reason == reason


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_statement_is_refused(reviewed: ReviewHouse, data: bytes) -> None:
    with pytest.raises(DrawInvalid):
        verify_statement(data, reviewed.house.log.signer.key)


def test_another_log_is_not_this_one(reviewed: ReviewHouse, statement: bytes, tmp_path: Path) -> None:
    other = open_signer(tmp_path / "other.key", reviewed.house.log.signer.key.name)
    with pytest.raises(LedgerError):
        verify_statement(statement, other.key)


# --- with a witness -----------------------------------------------------------------------------------


class NearWitness(Witness):
    """A witness in this process: the real state behind the real request, without a socket."""

    def __init__(self, state: WitnessState, key: Any) -> None:
        super().__init__("http://witness", key)
        self.state = state

    def _ask(self, note: Any, old: int, consistency: Any) -> tuple[int, bytes]:
        new = parse_checkpoint(note.text).size
        old = min(old, new)
        proof = [base64.b64encode(each).decode() for each in consistency(old, new)] if old else []
        body = "\n".join([f"old {old}", *proof, "", ""]).encode() + note.encode()
        answer = self.state.add_checkpoint(body)
        return int(answer.status), answer.body.encode()


@pytest.fixture
def witnessed(reviewed: ReviewHouse, tmp_path: Path) -> Iterator[ReviewHouse]:
    signer = open_signer(tmp_path / "witness.key", "earwitness.local/witness", KeyType.COSIGNATURE)
    log = reviewed.house.log
    state = WitnessState(tmp_path / "witness", signer, [log.signer.key], reviewed.house.clock)
    log.witnesses = (NearWitness(state, parse_verifier_key(signer.vkey)),)
    yield reviewed
    log.witnesses = ()


def test_a_witnessed_draw_verifies_with_the_witness_alone(witnessed: ReviewHouse) -> None:
    witnessed.keep(witnessed.adult())
    draws, log = witnessed.house.review.draws, witnessed.house.log
    made = draws.run(5)
    assert made.witnessed
    keys = [each.key for each in log.witnesses]
    statement = draws.statement(made.id)
    assert verify_statement(statement, log.signer.key, keys).witnesses == ("earwitness.local/witness",)
    with pytest.raises(DrawInvalid) as refused:
        verify_statement(statement, log.signer.key)
    assert refused.value.reason == "draw-witness-key"


def test_a_witness_that_refuses_stops_the_draw_which_goes_on_later(witnessed: ReviewHouse) -> None:
    witnessed.keep(witnessed.adult())
    draws, log = witnessed.house.review.draws, witnessed.house.log
    (witness,) = log.witnesses
    log.witnesses = (silent(witness),)
    with pytest.raises(WitnessRefused):
        draws.run(5)
    name = draws.commit()
    log.witnesses = (witness,)
    assert draws.run(5).id == name


def silent(witness: Any) -> Any:
    class Silent(NearWitness):
        def _ask(self, *_: Any) -> tuple[int, bytes]:
            return 503, b""

    return Silent(witness.state, witness.key)


def test_a_frame_that_no_witness_signed_in_time_is_given_up(witnessed: ReviewHouse) -> None:
    witnessed.keep(witnessed.adult())
    draws: Draws = witnessed.house.review.draws
    name = draws.commit()
    draws._freeze(name, 5, "")
    witnessed.house.clock.advance(11 * MINUTE)  # type: ignore[attr-defined] # the virtual one
    made = draws.run(5)
    assert made.id != name
    assert clips(witnessed) == {each for each in clips(witnessed) if each}


def test_a_late_cosignature_is_found(witnessed: ReviewHouse) -> None:
    witnessed.keep(witnessed.adult())
    draws, log = witnessed.house.review.draws, witnessed.house.log
    name = draws.commit()
    draws._freeze(name, 5, "")
    with witnessed.house.database.write() as tx:
        early = tables.review_draw.c.frozen_at + 20 * MINUTE  # the house believes that it froze only now
        tx.execute(update(tables.review_draw).where(tables.review_draw.c.id == name).values(frozen_at=early))
    witnessed.house.clock.advance(20 * MINUTE)  # type: ignore[attr-defined] # the virtual one
    assert draws.run(5).id == name
    with pytest.raises(DrawInvalid) as refused:
        verify_statement(draws.statement(name), log.signer.key, [each.key for each in log.witnesses])
    assert refused.value.reason == "draw-late"
