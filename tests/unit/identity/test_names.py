from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.identity.names import clean_name, find_one, normalise, spoken_variants
from earwitness.kernel.errors import BadInput, NotFound
from earwitness.kernel.ids import new_id


@dataclass(frozen=True)
class Thing:
    id: str


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  Ada ", "Ada"),
        ("Zoe\u0301", "Zoé"),
        ("李小龍", "李小龍"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("A" * 80, "A" * 80),
    ],
)
def test_a_good_name_is_kept_as_written(written: str, kept: str) -> None:
    assert clean_name(written) == kept


@pytest.mark.parametrize(
    "name", ["", "   ", "A" * 81, "a\nb", "a\x00b", "a\x1bb", "a\u202eb", "\ud800", "a\u2028b", "\ue000"]
)
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        clean_name(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("\uff21\uff24\uff21", "ada"),
        ("Zoe\u0301", "ZOÉ"),
        ("Dr.  Who ", "dr. who"),
        ("ﬁnn", "FINN"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
    ],
)
def test_spellings_of_one_spoken_name_are_the_same(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


def test_names_that_differ_stay_different() -> None:
    assert normalise("Ada") != normalise("Aga")


@given(st.text())
def test_the_normal_form_is_normal(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


def test_variants_are_normal_unique_and_not_the_name_itself() -> None:
    assert spoken_variants("Mother", ["Mum", "MUM ", "mother", "Mama"]) == ("mum", "mama")


def test_a_bad_variant_is_refused() -> None:
    with pytest.raises(BadInput):
        spoken_variants("Mother", ["m\num"])
    with pytest.raises(BadInput):
        spoken_variants("Mother", [str(n) for n in range(21)])


def test_one_is_found_by_its_id_or_a_name_of_its_own() -> None:
    things = [Thing(new_id("thing")) for _ in range(3)]
    names = dict(zip((each.id for each in things), (["Ada", None], ["ben", "Ada  Two"], ["BEN"]), strict=True))

    def found(text: str) -> Thing:
        return find_one(things, text, "thing", lambda each: names[each.id])

    assert found(" ada") == things[0]
    assert found("ada two") == things[1]
    assert found(things[2].id) == things[2]
    for absent in ("eve", new_id("thing")):
        with pytest.raises(NotFound, match="no thing of that name"):
            found(absent)
    ids = ", ".join(sorted(each.id for each in things[1:]))
    with pytest.raises(BadInput, match=ids):
        found("Ben")
