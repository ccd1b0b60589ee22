"""Corrections: by whose recording it is and nobody else, gone with the recording."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.kernel.errors import AccessDenied, BadInput, NotFound, RowCorrupt
from earwitness.learning.corrections import Correction, Wrong, read_correction
from earwitness.policy.facts import CORRECTION
from earwitness.policy.purposes import Purpose
from earwitness.storage.schema import artefact
from earwitness.testing.house import Family

texts = st.text(min_size=1, max_size=20)


@given(
    st.builds(
        Correction,
        st.sampled_from(Wrong),
        st.none() | texts,
        st.none() | texts,
        st.dictionaries(texts, texts, max_size=3),
        texts,
        st.integers(0, 2**50),
        st.none() | texts,
    )
)
def test_what_is_written_is_read(made: Correction) -> None:
    assert read_correction(made.to_bytes()) == made


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"{}", b'{"v":2}', b'{"v":1,"wrong":"else","by":"a","at":1}'])
def test_what_is_no_correction_is_refused(data: bytes) -> None:
    with pytest.raises(RowCorrupt):
        read_correction(data)


def test_a_person_corrects_their_own(family: Family) -> None:
    kept = family.keep(family.ada).recording
    record = partial(family.house.corrections.record, family.ada.actor, kept)
    record(Wrong.SAID, said="  turn   on the lamp ")
    newest = record(Wrong.MEANT, intent="HassTurnOn", slots={"name": "lamp"})
    assert family.house.corrections.of(family.ada.actor, kept) == newest
    lines = family.house.history.who(family.ada.actor, family.resource(family.ada.id))
    assert [line.details["kind"] for line in lines if line.action == "recording:added"] == [CORRECTION] * 2


def test_nobody_corrects_another(family: Family) -> None:
    kept = family.keep(family.ada).recording
    family.say_yes(family.ada, Purpose.HISTORY, toward=family.ben.id)
    with pytest.raises(AccessDenied):
        family.house.corrections.record(family.ben.actor, kept, Wrong.FOR_ME)
    with pytest.raises(AccessDenied):
        family.house.corrections.of(family.ben.actor, kept)


def test_every_adult_who_agreed_corrects_what_is_shared(family: Family) -> None:
    kept = family.keep(family.ada, device=family.shared_device()).recording
    family.house.corrections.record(family.ben.actor, kept, Wrong.FOR_ME)
    found = family.house.corrections.of(family.ada.actor, kept)
    assert found is not None
    assert found.by == family.ben.id


def test_a_correction_goes_with_its_recording(family: Family) -> None:
    kept = family.keep(family.ada).recording
    family.house.corrections.record(family.ada.actor, kept, Wrong.FOR_ME)
    family.remove(family.erase(family.ada, kept))
    with pytest.raises(NotFound):
        family.house.corrections.record(family.ada.actor, kept, Wrong.FOR_ME)
    with family.house.database.read() as tx:
        assert tx.execute(artefact.select().where(artefact.c.recording_id == kept)).all() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"wrong": Wrong.SAID},
        {"wrong": Wrong.SAID, "said": " "},
        {"wrong": Wrong.MEANT},
        {"wrong": Wrong.SAID, "said": "a" * 501},
        {"wrong": Wrong.MEANT, "intent": "a" * 101},
        {"wrong": Wrong.MEANT, "intent": "a", "slots": {"b": "c" * 101}},
        {"wrong": Wrong.MEANT, "said": "a", "meant": "a" * 501},
        {"wrong": Wrong.MEANT, "said": "a", "meant": "b", "intent": "c"},
    ],
)
def test_half_a_correction_is_refused(family: Family, fields: dict[str, object]) -> None:
    kept = family.keep(family.ada).recording
    with pytest.raises(BadInput):
        family.house.corrections.record(family.ada.actor, kept, **fields)  # type: ignore[arg-type]
    assert family.house.corrections.of(family.ada.actor, kept) is None
