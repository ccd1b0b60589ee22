import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.jobs.payload import LARGEST_NUMBER, check_key, check_kind, decode, encode
from earwitness.kernel.errors import BadInput, RowCorrupt
from earwitness.kernel.ids import new_id
from earwitness.testing.canary import ADDRESS, CONTACT, NAME, TRANSCRIPT

PERSON = "person_abcdefghijklmnopqrstuvwx23"

ids = st.binary(min_size=16, max_size=16).map(lambda random: new_id("rec", lambda _: random))
fields = st.from_regex(r"\A[a-z][a-z0-9_]{0,31}\Z")
values = ids | st.lists(ids, max_size=5) | st.integers(-LARGEST_NUMBER, LARGEST_NUMBER)


@given(st.dictionaries(fields, values, max_size=6))
def test_what_is_written_is_read(payload: dict[str, str | int | list[str]]) -> None:
    assert decode(encode(payload)) == payload


@pytest.mark.parametrize(
    "value",
    [
        NAME,
        TRANSCRIPT,
        ADDRESS,
        CONTACT,
        [PERSON, NAME],
        "ada",
        "person_ada",
        "personal_but_not_an_id",
        f"{PERSON} {NAME}",
        f"{PERSON}\n",
        PERSON.upper(),
        "",
        None,
        True,
        1.5,
        2**53,
        b"bytes",
        {"nested": PERSON},
        [[PERSON]],
        [7],
        "ab/../../etc/passwd/aaaaaaaaaaaa",
        "person_äbcdefghijklmnopqrstuvwx23",
    ],
)
def test_what_could_be_personal_is_refused(value: object) -> None:
    with pytest.raises(BadInput) as caught:
        encode({"field": value})
    assert "zebrafinch" not in str(caught.value).lower()


@pytest.mark.parametrize("value", [PERSON, f"audit:{PERSON}", [PERSON], [], 0, -1, "ab/0123456789abcdef"])
def test_ids_and_numbers_are_taken(value: object) -> None:
    assert decode(encode({"field": value})) == {"field": value}


@pytest.mark.parametrize("field", ["", "Ada", "a b", "x" * 33, "ä", 7])
def test_a_field_name_is_a_word(field: object) -> None:
    with pytest.raises(BadInput):
        encode({field: 1})


def test_a_payload_is_small() -> None:
    with pytest.raises(BadInput, match="larger"):
        encode({"recordings": [new_id("rec") for _ in range(1_000)]})


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"a": 1}', '{"a":1,"a":2}', '{"a":"Ada"}', '{"b":1,"a":2}', "[" * 100_000]
)
def test_a_text_that_was_not_written_here_is_corrupt(text: str) -> None:
    with pytest.raises(RowCorrupt):
        decode(text)


@pytest.mark.parametrize("kind", ["vault.sweep", "a", "forget", "x" * 40])
def test_a_kind_is_a_word(kind: str) -> None:
    assert check_kind(kind) == kind


@pytest.mark.parametrize("kind", ["", "Vault", "two words", "x" * 41, "1st", "ä", "a\n", None])
def test_anything_else_is_no_kind(kind: object) -> None:
    with pytest.raises(BadInput):
        check_kind(kind)


@pytest.mark.parametrize("key", ["sweep", f"erase:{PERSON}", "report:2026-11", "sweep:1795000000000", f"a:{PERSON}:3"])
def test_a_key_is_a_word_then_ids_or_numbers(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize("key", ["", f"greet:{NAME}", "greet:ada", "greet:", ":1", "a" * 65, "a:1\n", None])
def test_anything_else_is_no_key(key: object) -> None:
    with pytest.raises(BadInput) as caught:
        check_key(key)
    assert "zebrafinch" not in str(caught.value).lower()
