"""The device protocol's codec: vectors from the page, every message there and back, every damage refused."""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earwitness.kernel.errors import MessageInvalid
from earwitness.protocol.device import bounds, codec, messages
from earwitness.protocol.device.members import Flag, Listed, Number, Optional, Text, Whole

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/formats/device-protocol.md").read_text()
VECTORS = json.loads((ROOT / "docs/formats/vectors/device-protocol.json").read_text())
DECODE = {"device": codec.decode_from_device, "hub": codec.decode_from_hub}
ENCODE = {"device": codec.encode_from_device, "hub": codec.encode_from_hub}
FAMILY = {"device": messages.FROM_DEVICE, "hub": messages.FROM_HUB}
LARGEST = {"device": bounds.LARGEST_FROM_DEVICE, "hub": bounds.LARGEST_FROM_HUB}
REASONS = {
    *("too_large", "not_utf8", "not_json", "not_an_object"),
    *("no_type", "unknown_type", "missing_member", "bad_member"),
}
SIDES = pytest.mark.parametrize("side", ["device", "hub"])


def spelt(vector: dict[str, Any]) -> str | bytes:
    if "hex" in vector:
        return bytes.fromhex(vector["hex"])
    if "repeat" in vector:
        part = vector["repeat"]
        return part["head"] + part["body"] * part["times"] + part["tail"]
    return vector["text"]


def values(bound: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - a case a bound
    """What may stand within a bound."""
    match bound:
        case Text(most, least, None):
            letters = st.characters(exclude_categories=["Cc", "Cs"])
            return st.text(letters, min_size=least, max_size=min(most, 200))
        case Text(_, _, form):
            return st.sampled_from([*form.__self__])
        case Number(least, most):
            return st.floats(least, most)
        case Whole(least, most):
            return st.integers(least, most)
        case Flag():
            return st.booleans()
        case Listed(each, most, least):
            return st.lists(values(each), min_size=least, max_size=most).map(tuple)
        case Optional(inner):
            return st.none() | values(inner)
    raise AssertionError


def made(kind: Any) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind, include_extras=True)
    return st.builds(kind, **{each.name: values(get_args(hints[each.name])[1]) for each in fields(kind)})


def any_message(side: str) -> st.SearchStrategy[Any]:
    return st.one_of([made(kind) for kind in FAMILY[side].values()])


def decoded(side: str, data: str | bytes) -> Any:
    try:
        return DECODE[side](data)
    except MessageInvalid as error:
        return None if error.reason in REASONS else pytest.fail(error.reason)


@pytest.mark.parametrize("vector", VECTORS["fine"])
def test_what_the_page_allows_is_read(vector: dict[str, Any]) -> None:
    message = DECODE[vector["from"]](vector["text"])
    expected = dict(vector["message"])
    assert FAMILY[vector["from"]][expected.pop("type")] is type(message)
    assert json.loads(json.dumps(asdict(message))) == expected
    assert DECODE[vector["from"]](vector["text"].encode()) == message
    assert DECODE[vector["from"]](ENCODE[vector["from"]](message)) == message


@pytest.mark.parametrize("vector", VECTORS["refused"])
def test_what_it_does_not_is_refused_with_its_reason(vector: dict[str, Any]) -> None:
    with pytest.raises(MessageInvalid) as refused:
        DECODE[vector["from"]](spelt(vector))
    assert refused.value.reason == vector["reason"]


def test_every_reason_has_a_vector_and_stands_on_the_page() -> None:
    assert {each["reason"] for each in VECTORS["refused"]} == REASONS
    assert all(f"`{reason}`" in PAGE for reason in {*REASONS, "bad_sound"})


@SIDES
def test_every_message_stands_on_the_page_and_in_the_vectors(side: str) -> None:
    assert all(f"\n| `{name}` |" in PAGE for name in FAMILY[side])
    assert {each["message"]["type"] for each in VECTORS["fine"] if each["from"] == side} == set(FAMILY[side])


def test_every_close_code_stands_on_the_page() -> None:
    assert all(str(int(code)) in PAGE for code in bounds.CloseCode)


@pytest.mark.parametrize("vector", VECTORS["sound"])
def test_sound_is_whole_samples_within_its_bound(vector: dict[str, Any]) -> None:
    sound = bytes(vector["size"])
    if vector["fine"]:
        assert codec.check_sound(sound) is sound
        return
    with pytest.raises(MessageInvalid) as refused:
        codec.check_sound(sound)
    assert refused.value.reason == "bad_sound"


@SIDES
@settings(deadline=None)  # the machine may be busy
@given(data=st.data())
def test_every_message_comes_back_as_it_went(side: str, data: st.DataObject) -> None:
    message = data.draw(any_message(side))
    text = ENCODE[side](message)
    assert len(text.encode()) <= LARGEST[side]
    assert DECODE[side](text) == message


@SIDES
@settings(deadline=None)  # the machine may be busy
@given(data=st.data())
def test_a_damaged_message_is_another_one_or_refused(side: str, data: st.DataObject) -> None:
    text = ENCODE[side](data.draw(any_message(side))).encode()
    at = data.draw(st.integers(0, len(text)))
    until = data.draw(st.integers(at, len(text)))
    damaged = text[:at] + data.draw(st.binary(max_size=8)) + text[until:]
    message = decoded(side, damaged)
    if message is not None:
        assert DECODE[side](ENCODE[side](message)) == message


@SIDES
@settings(deadline=None)  # the machine may be busy
@given(data=st.binary(max_size=600) | st.text(max_size=300))
def test_anything_at_all_is_read_or_refused(side: str, data: str | bytes) -> None:
    message = decoded(side, data)
    assert message is None or DECODE[side](ENCODE[side](message)) == message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@SIDES
@settings(deadline=None)  # the machine may be busy
@given(data=st.data())
def test_members_of_any_kind_are_read_or_refused(side: str, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*FAMILY[side]]))
    members = {each.name: JSON for each in fields(FAMILY[side][name])}
    content = {"type": name} | data.draw(st.fixed_dictionaries({}, optional=members))
    message = decoded(side, json.dumps(content))
    assert message is None or DECODE[side](ENCODE[side](message)) == message


def test_what_is_out_of_bounds_is_not_sent_either() -> None:
    with pytest.raises(MessageInvalid):
        codec.encode_from_hub(messages.Speech(7))
    with pytest.raises(MessageInvalid):
        codec.encode_from_device(messages.Woke("alexa", float("nan"), 1))


def test_a_token_is_in_no_text_of_an_error_or_a_message() -> None:
    hello = messages.Hello((1,), "secret", "wakes", "earwitness", "0.1", muted=False)
    assert "secret" not in repr(hello)
    with pytest.raises(MessageInvalid) as refused:
        codec.decode_from_device('{"type":"hello","versions":[1],"token":"secret\\u0000"}')
    assert "secret" not in str(refused.value)
