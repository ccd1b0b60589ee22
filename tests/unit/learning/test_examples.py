"""Reviewers' annotations and people's corrections become the same thing; people are dealt out, not clips."""

import io
import json
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.kernel.errors import EngineFailed, RowCorrupt
from earwitness.learning import wire
from earwitness.learning.corrections import Correction, Wrong
from earwitness.learning.examples import Account, Example, Source, of_annotation, of_correction
from earwitness.learning.split import Side, groups, sides


def annotation(**fields: object) -> bytes:
    return json.dumps({"v": 1, "route": "type", "by": "staff", "at": 1, **fields}).encode()


def test_what_was_verified_is_what_was_heard() -> None:
    words = ["turn", "on", "the", "lamp"]
    found = of_annotation(annotation(route="verify", words=words, wake="yes"), "turn on the lamp")
    assert (found.words, found.trusted, found.for_me, found.wake) == ("turn on the lamp", True, True, True)


def test_what_was_masked_is_taken_from_what_was_heard() -> None:
    found = of_annotation(annotation(words=["please", "call", "[name]", "now"]), "call zoe miller now")
    assert found.words == "please call zoe miller now"


@pytest.mark.parametrize("heard", ["", "call", "something else entirely"])
def test_a_mask_nobody_can_fill_leaves_no_words(heard: str) -> None:
    assert of_annotation(annotation(words=["call", "[name]"]), heard).words is None


def test_a_verdict_and_a_text_are_understood_as_well() -> None:
    right = of_annotation(json.dumps({"verdict": "right", "intent": "A", "slots": {"b": "c"}}).encode(), "one two")
    assert (right.words, right.intent, right.slots) == ("one two", "A", {"b": "c"})
    wrong = of_annotation(json.dumps({"verdict": "wrong", "text": "three", "wake": True}).encode(), "one two")
    assert (wrong.words, wrong.wake) == ("three", True)
    nobody = of_annotation(json.dumps({"verdict": "not_for_me"}).encode(), "one two")
    assert (nobody.for_me, nobody.wake, nobody.words) == (False, False, None)


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"{}", b'{"words":3,"slots":4}'])
def test_what_is_no_annotation_is_refused(data: bytes) -> None:
    with pytest.raises(RowCorrupt):
        of_annotation(data, "")


def test_a_persons_own_word_counts_without_a_reviewer() -> None:
    assert of_correction(Correction(Wrong.SAID, "three"), "one").words == "three"
    assert of_correction(Correction(Wrong.MEANT, intent="A"), "one") == Account("one", "A", {}, True, True)
    assert of_correction(Correction(Wrong.FOR_ME), "one").for_me is False
    assert of_correction(Correction(Wrong.MEANT, meant="two"), "one") == Account(
        "one", for_me=True, wake=True, meant="two"
    )


@given(st.sets(st.text(min_size=1), max_size=30), st.binary(min_size=32, max_size=32))
def test_every_person_is_on_one_side_and_small_houses_are_not_split(people: set[str], salt: bytes) -> None:
    dealt = sides(salt, people)
    tested = [person for person, side in dealt.items() if side is Side.TEST]
    assert dealt.keys() == people
    assert not tested if len(people) < 6 else 3 <= len(tested) <= len(people) / 2
    assert dealt == sides(salt, sorted(people, reverse=True))


@given(st.sets(st.text(min_size=1), max_size=30), st.binary(min_size=32, max_size=32))
def test_everybody_is_left_out_once_and_first_those_who_are_tested_on(people: set[str], salt: bytes) -> None:
    dealt = sides(salt, people)
    apart = groups(dealt)
    assert apart[0] == {person for person, side in dealt.items() if side is Side.TEST}
    assert sorted(person for group in apart for person in group) == sorted(people)
    assert abs(len(apart[1]) - len(apart[2])) <= 1


def test_another_snapshot_deals_anew() -> None:
    people = [f"person{number}" for number in range(40)]
    dealt = [sides(secrets.token_bytes(32), people) for _ in range(3)]
    assert len({tuple(each[person] for person in people) for each in dealt}) == 3


def test_no_id_goes_to_the_learners_process() -> None:
    example = Example(
        "rec_secret", "person_secret", "household_secret", Source.CORRECTION,
        Account("turn on", "A", {"b": "c"}, True, None, True, "d e"), "turn", True,
        b"RIFF" + bytes(32) + b"data\4\0\0\0abcd", b"wake",
    )  # fmt: skip
    rows, parts = wire.pack_examples([example])
    assert "secret" not in json.dumps(rows)
    (back,) = wire.unpack_examples(json.loads(json.dumps(rows)), parts)
    assert (back.account, back.heard, back.pcm, back.window) == (example.account, "turn", b"abcd", b"wake")


def test_a_torn_message_is_refused() -> None:
    out = io.BytesIO()
    wire.send(out, {"a": 1}, [b"xyz"])
    whole = out.getvalue()
    assert wire.receive(io.BytesIO(whole)) == ({"a": 1}, [b"xyz"])
    for end in range(len(whole)):
        with pytest.raises(EngineFailed):
            wire.receive(io.BytesIO(whole[:end]))
