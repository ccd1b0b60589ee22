"""The tally of an erasure: it survives its JSON, counts once, and commits to what was removed."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from earwitness.vault.tally import FINGERPRINTS_SHOWN, Tally


@dataclass(frozen=True)
class Removed:
    recording_id: str
    kind: str
    version: int
    size: int


REMOVED = st.builds(
    Removed,
    recording_id=st.from_regex(r"rec_[a-z2-7]{26}", fullmatch=True),
    kind=st.sampled_from(["audio", "transcript", "reply"]),
    version=st.integers(1, 9),
    size=st.integers(0, 1 << 40),
)
NAMES = st.lists(st.from_regex(r"[0-9a-f]{16}", fullmatch=True), unique=True, max_size=40)


@given(rows=st.lists(REMOVED, max_size=30), fingerprints=NAMES)
def test_it_comes_back_from_its_json(rows: list[Removed], fingerprints: list[str]) -> None:
    tally = Tally("recordings")
    tally.add_artefacts(rows)
    tally.destroyed(fingerprints)
    again = Tally.from_json(tally.to_json())
    assert again.to_json() == tally.to_json()
    assert again.tree.root() == tally.tree.root()
    assert sum(again.counts.values()) == len(rows)
    assert again.keys_destroyed == len(fingerprints)


@given(rows=st.lists(REMOVED, max_size=30), cut=st.integers(0, 30))
def test_a_crash_between_two_batches_changes_nothing(rows: list[Removed], cut: int) -> None:
    whole, resumed = Tally("span"), Tally("span")
    whole.add_artefacts(rows)
    resumed.add_artefacts(rows[:cut])
    resumed = Tally.from_json(resumed.to_json())
    resumed.add_artefacts(rows[cut:])
    assert resumed.to_json() == whole.to_json()


@given(rows=st.lists(REMOVED, min_size=1, max_size=10, unique=True))
def test_the_root_says_exactly_what_was_removed(rows: list[Removed]) -> None:
    all_of_it, less = Tally("device"), Tally("device")
    all_of_it.add_artefacts(rows)
    less.add_artefacts(rows[:-1])
    assert all_of_it.tree.root() != less.tree.root()


def test_a_key_that_is_destroyed_twice_counts_once() -> None:
    tally = Tally("recordings")
    tally.destroyed(["a" * 16, "b" * 16])
    tally.destroyed(["b" * 16, "c" * 16])
    assert tally.keys_destroyed == 3
    assert tally.fingerprints == ["a" * 16, "b" * 16, "c" * 16]


def test_of_many_keys_the_first_are_shown_and_all_are_counted() -> None:
    tally = Tally("person")
    tally.destroyed([f"{number:016x}" for number in range(1000)])
    assert tally.keys_destroyed == 1000
    assert tally.fingerprints == [f"{number:016x}" for number in range(FINGERPRINTS_SHOWN)]


def test_nothing_of_a_kind_is_not_mentioned() -> None:
    tally = Tally("person")
    tally.add("contacts", 0)
    tally.add("contacts", 2)
    tally.add("consents", 0)
    assert tally.counts == {"contacts": 2}
