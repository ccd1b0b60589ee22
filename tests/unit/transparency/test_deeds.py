"""Everything that the log can hold is told in words."""

import re
from pathlib import Path

import earwitness
from earwitness.identity.changes import Change
from earwitness.policy.actions import Action
from earwitness.transparency.deeds import ADDED, DEEDS, deed

SOURCE = Path(earwitness.__file__).parent
WRITTEN = re.compile(r'"((?:recording|review|learning|incident|house):[a-z]+)"')


def test_every_action_has_its_words() -> None:
    written = {found for path in SOURCE.rglob("*.py") for found in WRITTEN.findall(path.read_text())}
    assert {"review:drawn", "recording:added", "house:restored"} <= written
    actions = written | set(Action) | set(Change)
    assert {each for each in actions if deed(str(each), {}) == str(each)} == set()


def test_what_was_added_is_named() -> None:
    assert deed("recording:added", {"kind": "review-copy"}) == f"added {ADDED['review-copy']}"
    assert deed("recording:added", {"kind": "something new"}) == DEEDS["recording:added"]
    assert deed("recording:added", {}) == DEEDS["recording:added"]
    assert deed("something:new", {}) == "something:new"
