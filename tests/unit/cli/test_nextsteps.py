"""Next steps work as they are shown: with the data folder that the command was given."""

from collections.abc import Iterator
from typing import Any

import pytest

from earwitness.cli.commands import COMMANDS
from earwitness.cli.nextsteps import _GROUPS, _WITHOUT_DATA, as_before, complete, remember
from earwitness.cli.root import make_root


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    remember([])


@pytest.mark.parametrize(
    ("text", "completed"),
    [
        ("earwitness person list shows who is here.", "earwitness person list --data 'my data' shows who is here."),
        ("earwitness account reset makes one.", "earwitness account reset --data 'my data' makes one."),
        ("Run earwitness init, or point to one.", "Run earwitness init --data 'my data', or point to one."),
        ("earwitness history lists what is.", "earwitness history --data 'my data' lists what is."),
        ("Run earwitness verify.", "Run earwitness verify --data 'my data'."),
        ("More: earwitness history --before 1", "More: earwitness history --data 'my data' --before 1"),
        (
            "earwitness consent give assist history --as Bo",
            "earwitness consent give --data 'my data' assist history --as Bo",
        ),
        ("Restore a backup: earwitness restore.", "Restore a backup: earwitness restore."),
        ("Stop the earwitness that runs.", "Stop the earwitness that runs."),
    ],
)
def test_commands_in_a_text_get_the_data_folder(text: str, completed: str) -> None:
    remember(["history", "--data", "my data"])
    assert complete(text) == completed
    remember(["history", "--data=my data"])
    assert complete(text) == completed


def test_commands_of_two_words_are_known() -> None:
    root: Any = make_root()
    groups = {name for name in COMMANDS if hasattr(root.get_command(None, name), "commands")}
    assert groups - {*_WITHOUT_DATA} == {*_GROUPS}


def test_nothing_is_added_that_was_not_given() -> None:
    remember(["history"])
    assert complete("Run earwitness verify.") == "Run earwitness verify."
    assert as_before() == ""


def test_the_same_person_goes_on() -> None:
    remember(["history", "--as", "Mary Ann"])
    assert as_before() == " --as 'Mary Ann'"
