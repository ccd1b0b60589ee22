"""From a correction to a release in use, and back: erased, withdrawn, asked; nothing of it is left."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import select

from earwitness.kernel.errors import AccessDenied, BadInput, KeyDestroyed, NotFound
from earwitness.learning.corrections import Wrong
from earwitness.learning.examples import Source
from earwitness.learning.forget import FORGOTTEN, Forgetting
from earwitness.learning.gate import Verdict
from earwitness.learning.kinds import ANNOTATION
from earwitness.learning.learner import Learning
from earwitness.learning.release import State
from earwitness.learning.shelf import key_id
from earwitness.learning.snapshot import LEARNER, SHARED
from earwitness.ledger.notes import parse_verifier_key
from earwitness.ledger.proof import verify_receipt
from earwitness.policy.purposes import Purpose
from earwitness.storage.schema.learning import learning_example
from earwitness.testing.homes import Adult
from earwitness.testing.house import Family
from earwitness.testing.learning import BROKEN_MEANS, WordForWord
from earwitness.understanding.context import Context
from earwitness.vault.receipts import COMPLETED
from earwitness.vault.sweep import Sweep

Teach = Callable[[Adult, str], str]


def understands(learning: Learning, sentence: str, household: str | None) -> bool:
    return learning.in_use(household).taught.meaning(sentence, Context()) is not None


def sealed_files(family: Family) -> list[str]:
    return [path.name for path in (family.house.data / "models").glob("??/*")]


# --- learning ------------------------------------------------------------------------------------


def test_what_a_person_put_right_is_understood_in_their_household_alone(
    family: Family, learning: Learning, teach: Teach
) -> None:
    teach(family.ada, "let there be light")
    learned = learning.run(family.household)
    assert (learned.examples, learned.activated, learned.verdict) == (1, True, Verdict.OWN_WORDS)
    assert understands(learning, "let there be light", family.household)
    assert not understands(learning, "let there be light", None)
    again = learning.run()
    assert (again.examples, again.release) == (0, None)  # without a yes to training nothing is shared


def test_a_yes_to_training_lets_it_teach_what_all_share(
    family: Family, learning: Learning, teacher: WordForWord, teach: Teach
) -> None:
    family.say_yes(family.ada, Purpose.TRAINING)
    teach(family.ada, "let there be light")
    teach(family.ben, "fiat lux")
    assert learning.run().examples == 1
    assert {each.subject for each in teacher.taken[0].examples} == {family.ada.id}
    assert teacher.tasks[0].fewest == 2
    learning.run(family.household)
    assert {each.subject for each in teacher.taken[1].examples} == {family.ada.id, family.ben.id}
    assert {each.subject: each.shared for each in teacher.taken[1].examples} == {
        family.ada.id: True,
        family.ben.id: False,
    }
    assert teacher.tasks[1].fewest == 1


def test_everybody_who_is_learned_from_finds_it_in_their_log(family: Family, learning: Learning, teach: Teach) -> None:
    family.say_yes(family.ada, Purpose.TRAINING)
    recordings = {teach(family.ada, "one"), teach(family.ada, "two")}
    learning.run()
    lines = family.house.history.who(family.ada.actor, family.resource(family.ada.id))
    entries = [line for line in lines if line.action == "recording:learn"]
    assert [(line.who, line.purpose, set(line.recordings)) for line in entries] == [("learner", "training", recordings)]


def test_what_a_reviewer_wrote_teaches_only_with_a_yes_to_training(
    family: Family, learning: Learning, teacher: WordForWord
) -> None:
    house, recording = family.house, family.keep(family.ada).recording
    family.say_yes(family.ada, Purpose.TRAINING)
    said = {"v": 1, "route": "type", "words": ["fiat", "lux"], "intent": "HassTurnOn", "slots": {}, "wake": "yes"}
    grant = house.reading.study(LEARNER, [house.reading.find(recording)], Purpose.TRAINING)
    house.adding.add(grant, recording, ANNOTATION, json.dumps(said).encode())
    assert learning.run().examples == 1
    (example,) = teacher.taken[0].examples
    assert (example.source, example.account.words, example.shared) == (Source.ANNOTATION, "fiat lux", True)
    assert understands(learning, "fiat lux", None)
    family.clock.advance(1_000)
    family.say_no(family.ada, Purpose.TRAINING)
    assert learning.run(family.household).examples == 0


def test_what_nobody_put_right_teaches_nothing(family: Family, learning: Learning) -> None:
    family.say_yes(family.ada, Purpose.TRAINING)
    family.keep(family.ada)
    assert learning.run().release is None


def test_what_the_gate_refuses_is_on_record_and_not_in_use(
    family: Family, learning: Learning, teacher: WordForWord, teach: Teach
) -> None:
    teacher.verdict = Verdict.WORSE
    teach(family.ada, "let there be light")
    learned = learning.run(family.household)
    assert learned.release is not None
    assert (learned.activated, learned.release.state, learned.release.files) == (False, State.MADE, ())
    assert learning.in_use(family.household).releases == ()


def test_a_release_is_a_leaf_of_the_log_that_names_no_recording(
    family: Family, learning: Learning, teach: Teach
) -> None:
    recording = teach(family.ada, "let there be light")
    release = learning.run(family.household).release
    assert release is not None
    proof = verify_receipt(learning.releases.proof(release.id), parse_verifier_key(family.house.log.signer.vkey))
    assert release.id in repr(proof)
    for secret in (recording, family.ada.id, family.household, "light"):
        assert secret not in repr(release.manifest)
    assert release.manifest["examples"]["count"] == 1


def test_rolling_back_goes_to_the_one_before_and_then_to_what_ships(
    family: Family, learning: Learning, teach: Teach
) -> None:
    teach(family.ada, "first")
    one = learning.run(family.household).release
    family.clock.advance(1_000)
    teach(family.ada, "second")
    two = learning.run(family.household).release
    assert one is not None
    assert two is not None
    assert understands(learning, "second", family.household)
    before = learning.releases.roll_back(family.household)
    assert before is not None
    assert before.id == one.id
    assert not understands(learning, "second", family.household)
    assert learning.releases.roll_back(family.household) is None
    assert not understands(learning, "first", family.household)
    with pytest.raises(NotFound):
        learning.releases.roll_back(family.household)


def test_a_damaged_file_is_as_good_as_none(family: Family, learning: Learning, teach: Teach) -> None:
    teach(family.ada, "let there be light")
    learning.run(family.household)
    (path,) = (family.house.data / "models").glob("??/*")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert learning.in_use(family.household).taught.sentences == ()


def test_a_part_that_cannot_be_read_leaves_the_others_in_use(
    family: Family, learning: Learning, teacher: WordForWord, teach: Teach
) -> None:
    teacher.more = BROKEN_MEANS
    teach(family.ada, "let there be light")
    learning.run(family.household)
    assert learning.in_use(family.household).acoustics is None
    assert understands(learning, "let there be light", family.household)


def test_no_file_of_a_model_can_be_read_without_its_key(family: Family, learning: Learning, teach: Teach) -> None:
    teach(family.ada, "let there be light")
    learning.run(family.household)
    assert sealed_files(family)
    assert not any(b"light" in path.read_bytes() for path in (family.house.data / "models").glob("??/*"))


# --- forgetting ----------------------------------------------------------------------------------


@pytest.fixture
def ways(family: Family, forgetting: Forgetting) -> dict[str, Callable[[str], object]]:
    """The ways in which Ada ends what her recording taught."""

    def withdraw(_recording: str) -> None:
        family.say_no(family.ada, Purpose.TRAINING)

    return {
        "erase": lambda recording: family.remove(family.erase(family.ada, recording)),
        "erase all": lambda _recording: family.remove(family.erase(family.ada)),
        "withdraw": withdraw,
        "ask": lambda _recording: forgetting.ask(family.ada.actor, family.ada.id),
    }


@pytest.mark.parametrize("way", ["erase", "erase all", "withdraw", "ask"])
@pytest.mark.parametrize("layer", ["shared", "own"])
def test_what_only_one_person_taught_is_gone_after_they_say_so(  # noqa: PLR0913, PLR0917 - the house and its rooms
    family: Family,
    learning: Learning,
    forgetting: Forgetting,
    teach: Teach,
    ways: dict[str, Callable[[str], object]],
    way: str,
    layer: str,
) -> None:
    for adult in family.everybody:
        family.say_yes(adult, Purpose.TRAINING)
    recording = teach(family.ada, "let there be light")
    teach(family.ben, "fiat lux")
    subject, household = (SHARED, None) if layer == "shared" else (family.household, family.household)
    release = learning.run(subject).release
    assert release is not None
    assert understands(learning, "let there be light", household)
    family.clock.advance(1_000)

    ways[way](recording)
    assert forgetting.carry_out_due() == [release.id]

    ended = learning.releases.find(release.id)
    assert ended.state is State.DESTROYED
    with pytest.raises(KeyDestroyed):
        family.house.keyring.key(key_id(release.id))
    assert sealed_files(family) == []
    assert list((family.house.data / "run" / "models").glob("*")) == []
    assert not understands(learning, "let there be light", household)
    with pytest.raises(BadInput):
        learning.releases.activate(release.id)
    key = parse_verifier_key(family.house.log.signer.vkey)
    proof = verify_receipt(learning.releases.proof(release.id, destroyed=True), key)
    assert release.files[0].sealed_sha256 in repr(proof)

    forgetting.learn_again({} if layer == "shared" else {"household": family.household})
    assert not understands(learning, "let there be light", household)
    assert understands(learning, "fiat lux", household)


def test_what_is_put_right_after_a_withdrawal_teaches_the_household_again(
    family: Family, learning: Learning, forgetting: Forgetting, teach: Teach
) -> None:
    family.say_yes(family.ada, Purpose.TRAINING)
    teach(family.ada, "before")
    family.clock.advance(1_000)
    family.say_no(family.ada, Purpose.TRAINING)
    family.clock.advance(1_000)
    teach(family.ada, "after")
    learning.run(family.household)
    assert understands(learning, "after", family.household)
    assert not understands(learning, "before", family.household)
    assert learning.run().examples == 0
    assert forgetting.carry_out_due() == []


def test_of_a_shared_device_one_no_is_everybodys(family: Family, learning: Learning, forgetting: Forgetting) -> None:
    for adult in family.everybody:
        family.say_yes(adult, Purpose.TRAINING)
    recording = family.keep(family.ada, device=family.shared_device()).recording
    family.house.corrections.record(family.ben.actor, recording, Wrong.MEANT, said="fiat lux", intent="HassTurnOn")
    learning.run()
    assert understands(learning, "fiat lux", None)
    family.clock.advance(1_000)
    family.say_no(family.ada, Purpose.TRAINING)
    assert len(forgetting.carry_out_due()) == 1
    assert not understands(learning, "fiat lux", None)


def test_another_no_ends_nothing(family: Family, learning: Learning, forgetting: Forgetting, teach: Teach) -> None:
    teach(family.ada, "let there be light")
    learning.run(family.household)
    family.say_yes(family.ada, Purpose.REVIEW)
    family.say_no(family.ada, Purpose.REVIEW)
    assert forgetting.carry_out_due() == []
    assert understands(learning, "let there be light", family.household)


def test_nobody_is_forgotten_at_anothers_word(family: Family, forgetting: Forgetting) -> None:
    with pytest.raises(AccessDenied):
        forgetting.ask(family.ben.actor, family.ada.id)
    with pytest.raises(NotFound):
        forgetting.ask(family.ada.actor, "person_none")


def test_that_somebody_was_forgotten_is_in_their_log(family: Family, forgetting: Forgetting) -> None:
    forgetting.ask(family.ada.actor, family.ada.id)
    lines = family.house.history.who(family.ada.actor, family.resource(family.ada.id))
    assert [line.details["why"] for line in lines if line.action == FORGOTTEN] == ["asked"]


def test_what_expires_is_forgotten_too(
    family: Family, learning: Learning, forgetting: Forgetting, teach: Teach
) -> None:
    recording = teach(family.ada, "let there be light")
    learning.run(family.household)
    family.clock.advance(family.house.reading.find(recording).expires_at - family.clock.now_ms() + 1)
    family.house.retention.sweep()
    assert len(forgetting.carry_out_due()) == 1
    assert not understands(learning, "let there be light", family.household)


def test_what_is_erased_while_it_is_learned_from_is_not_released(
    family: Family, learning: Learning, teacher: WordForWord, teach: Teach
) -> None:
    recording = teach(family.ada, "let there be light")
    taken = learning.snapshots.take(family.household)
    made = teacher(taken, None, family.house.data, lambda _what, _done, _all: None)  # type: ignore[arg-type]
    family.remove(family.erase(family.ada, recording))
    with pytest.raises(NotFound):
        learning.releases.make(taken, made)
    assert sealed_files(family) == []
    assert learning.releases.list() == []


def test_the_receipt_of_an_erasure_counts_what_was_taught(family: Family, learning: Learning, teach: Teach) -> None:
    recording = teach(family.ada, "let there be light")
    learning.run(family.household)
    family.remove(family.erase(family.ada, recording))
    family.house.turn_epoch()
    (receipt,) = [each for each in family.house.receipts.of(family.ada.id) if each.kind == COMPLETED]
    assert receipt.body["removed_by_kind"]["learned from"] == 1
    assert receipt.body["removed_by_kind"]["correction"] == 1


def test_a_household_goes_with_its_models(
    family: Family, learning: Learning, forgetting: Forgetting, teach: Teach
) -> None:
    teach(family.ada, "let there be light")
    learning.run(family.household)
    learning.in_use(family.household)
    for adult in family.everybody:
        family.remove(family.erase(adult))
    forgetting.carry_out_due()
    assert sealed_files(family) == []
    assert list((family.house.data / "run" / "models").glob("*")) == []
    assert learning.releases.list() == []
    with family.house.database.read() as tx:
        assert tx.execute(select(learning_example)).all() == []


def test_forgetting_twice_is_forgetting_once(
    family: Family, learning: Learning, forgetting: Forgetting, teach: Teach
) -> None:
    teach(family.ada, "let there be light")
    release = learning.run(family.household).release
    assert release is not None
    forgetting.ask(family.ada.actor, family.ada.id)
    forgetting.carry_out({"release": release.id})
    index = learning.releases.find(release.id)
    forgetting.carry_out({"release": release.id})
    assert learning.releases.find(release.id) == index
    forgetting.carry_out({"release": "release_" + "a" * 26})


def test_a_sweep_leaves_the_keys_of_models_alone(family: Family, learning: Learning, teach: Teach) -> None:
    teach(family.ada, "let there be light")
    learning.run(family.household)
    assert family.house.sweep() == Sweep(0, 0, 0)
    assert understands(learning, "let there be light", family.household)


def test_what_a_crash_left_open_goes_when_the_hub_starts(family: Family, learning: Learning, teach: Teach) -> None:
    teach(family.ada, "let there be light")
    learning.run(family.household)
    scratch = family.house.data / "run" / "learning" / "run-crashed"
    scratch.mkdir(parents=True)
    (scratch / "taught").write_text("let there be light")
    learning.in_use(family.household)
    learning.clear()
    assert list((family.house.data / "run" / "models").glob("*")) == []
    assert not scratch.exists()
    assert understands(learning, "let there be light", family.household)
