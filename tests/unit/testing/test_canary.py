"""A canary is found in every form in which a person could still read it."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earwitness.testing import canary
from earwitness.testing.canary import Trace, traces, traces_in_folder

WORD = canary.TOKEN.encode()


@given(before=st.binary(max_size=40), after=st.binary(max_size=40))
def test_it_is_found_at_any_place_of_base64(before: bytes, after: bytes) -> None:
    assert traces(base64.b64encode(before + WORD + after), "x")


@given(before=st.binary(max_size=40), after=st.binary(max_size=40))
def test_it_is_found_between_any_bytes(before: bytes, after: bytes) -> None:
    assert Trace("x", len(before)) in traces(before + WORD.upper() + after, "x")


@pytest.mark.parametrize("form", [WORD.hex().encode(), WORD.hex().upper().encode(), WORD.decode().encode("utf-16-le")])
def test_it_is_found_in_other_forms(form: bytes) -> None:
    assert traces(b"--" + form + b"--", "x") == [Trace("x", 2)]


@given(st.binary(max_size=500))
def test_nothing_is_found_in_anything_else(data: bytes) -> None:
    assert traces(data.replace(WORD, b""), "x") == []


def test_a_folder_is_searched_with_its_names(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"the " + WORD)
    (tmp_path / f"{canary.TOKEN}.wav").write_bytes(b"")
    assert {trace.source for trace in traces_in_folder(tmp_path)} == {"deep/file", f"the name '{canary.TOKEN}.wav'"}


def test_every_canary_value_carries_the_token() -> None:
    values = [value for name, value in vars(canary).items() if name.isupper() and isinstance(value, str | bytes)]
    assert len(values) > 8
    assert all(traces(value if isinstance(value, bytes) else value.encode(), "x") for value in values)
